"""The climb: from the best candidate down until one serves, within one deadline, every try on record.

Knows the order, the verdicts and the clock. Knows no library of any transport and nothing of clients.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

import structlog

from live_proxy.candidates import Candidate, Exclusions, TransportName, Tried, next_candidate
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.codec import JsonObject
from live_proxy.transports.base import Dial, Transport
from live_proxy.verdicts import SKIP_MODEL, local_failure

log = structlog.get_logger(__name__)

RESERVE = 4.0  # seconds kept for each lower transport
RETRIES = 2  # waits for the same candidate, in one climb
BACKOFF = 0.1
MAX_RETRY_AFTER = 1.0
TIMEOUTS = (ErrorKind.CONNECT_TIMEOUT, ErrorKind.SETUP_TIMEOUT)
BAD_HANDLE = (ErrorKind.HANDLE, ErrorKind.INVALID_ARGUMENT)  # what a handle that no longer holds is refused with


class AttemptLog(Protocol):
    """Where attempts are written down, before they start and when they end."""

    async def attempt_started(self, attempt_id: UUID, candidate: Candidate) -> None: ...

    def attempt_connected(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None: ...

    def attempt_failed(self, attempt_id: UUID, candidate: Candidate, duration_ms: int, failure: Failure) -> None: ...

    def attempt_cancelled(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None: ...

    def fell_back(
        self, from_attempt: UUID | None, to_attempt: UUID, from_: Candidate, to: Candidate, reason: str
    ) -> None:
        """`from_attempt` is None where `from_` was not tried, because it had failed a moment before."""


class Breaker(Protocol):
    """What is known of candidates beyond this climb. Answers at once, from memory."""

    def blocks(self, candidate: Candidate) -> bool: ...

    def reason(self, candidate: Candidate) -> str: ...

    def failed(self, candidate: Candidate, failure: Failure, affected: Sequence[Candidate]) -> None: ...

    def succeeded(self, candidate: Candidate) -> None: ...

    async def wait_for_any(self, candidates: Sequence[Candidate], timeout: float) -> bool:
        """Whether one of `candidates` came back in time."""


@dataclass(frozen=True, slots=True)
class Previous:
    """What was to serve and why it does not. `attempt_id` is None where it was not tried."""

    attempt_id: UUID | None
    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """A transport that serves, and what it serves instead of."""

    transport: Transport
    candidate: Candidate
    attempt_id: UUID
    setup: UpstreamSetup
    opened_at: float
    instead_of: Previous | None = None


class NoCandidate(Exception):
    """Nothing is left to try, or no time. `given_up`: upstream refused the client's own request."""

    def __init__(self, tried: Sequence[Tried], *, given_up: bool = False) -> None:
        super().__init__(f"{len(tried)} attempts failed")
        self.tried = tuple(tried)
        self.given_up = given_up


class Shape(Protocol):
    def __call__(self, candidate: Candidate, *, handle: str, history: bool, mend: ErrorKind | None) -> UpstreamSetup:
        """What is asked of `candidate`. `mend` is what the last try was refused for."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to climb for."""

    candidates: tuple[Candidate, ...]
    shape: Shape
    history: tuple[JsonObject, ...] = ()
    resume: tuple[Candidate, str] | None = None  # the candidate that gave the handle, and the handle


class Ladder:
    """Climbs for every session of the process. `dial` makes a transport for a candidate, not yet open."""

    def __init__(
        self, dial: Dial, *, setup_timeout: float, climb_timeout: float, breaker: Breaker | None = None
    ) -> None:
        self._dial = dial
        self.breaker = breaker
        self._setup_timeout = setup_timeout
        self._climb_timeout = climb_timeout

    async def climb(
        self,
        order: Order,
        record: AttemptLog,
        *,
        excluded: Exclusions | None = None,
        previous: Previous | None = None,
        began: float | None = None,
    ) -> Upstream:
        """The first candidate that opens. Raises `NoCandidate` within the climb's limit.

        `excluded` carries what the session has already ruled out; `previous` makes the first step a recorded
        fallback; `began` is when the climb that this one goes on with began.
        """
        climb = _Climb(self, order, record, excluded or Exclusions(), previous, began)
        return await climb.run()

    def better_than(self, candidate: Candidate, known: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Those of `known` on a higher transport that nothing speaks against now."""
        if self.breaker is None:
            return ()
        transports = list(dict.fromkeys(other.transport for other in known))
        higher = transports[: transports.index(candidate.transport)]
        above = [other for other in known if other.transport in higher]
        return tuple(other for other in above if not self.breaker.blocks(other))

    def failed(self, candidate: Candidate, failure: Failure, known: Sequence[Candidate]) -> None:
        """Tell the breaker, for every candidate of `known` that the failure speaks of."""
        if self.breaker is not None:
            scope = Scope.PLATFORM if failure.verdict.action is Action.REAUTH else failure.verdict.scope
            affected = [other for other in known if scope is not None and other.in_scope(scope, candidate)]
            self.breaker.failed(candidate, failure, affected or [candidate])

    def attempt_deadline(self, candidate: Candidate, order: Order, end: float) -> float:
        """When an attempt must end: its own limit, or earlier, so that each lower transport keeps its reserve."""
        transports = list(dict.fromkeys(other.transport for other in order.candidates))
        lower = transports[transports.index(candidate.transport) + 1 :] if candidate.transport in transports else []
        reserve = min(RESERVE, self._climb_timeout / 5)  # a short climb must leave something to the first rung
        now = asyncio.get_running_loop().time()
        return min(now + self._setup_timeout, end - reserve * len(lower))


class _Climb:
    def __init__(
        self,
        ladder: Ladder,
        order: Order,
        record: AttemptLog,
        excluded: Exclusions,
        previous: Previous | None,
        began: float | None,
    ) -> None:
        self._ladder = ladder
        self._order = order
        self._record = record
        self._excluded = excluded
        self._previous = previous
        self._tried: list[Tried] = []
        self._retries = RETRIES
        self._loop = asyncio.get_running_loop()
        self._end = (self._loop.time() if began is None else began) + ladder._climb_timeout

    async def run(self) -> Upstream:
        while (candidate := self._next() or await self._comes_back()) is not None:
            upstream = await self._try(candidate)
            if upstream is not None:
                return upstream
        raise NoCandidate([*self._tried, *self._held_back()])

    def _held_back(self) -> list[Tried]:
        """What was not tried because it had just failed, with that failure's kind: people want to know why."""
        breaker = self._ladder.breaker
        if breaker is None:
            return []
        held = [c for c in self._order.candidates if self._excluded.allows(c) and breaker.blocks(c)]
        return [Tried(c, Failure(SKIP_MODEL, _kind(breaker.reason(c)), reason="held back")) for c in held]

    async def _comes_back(self) -> Candidate | None:
        """Only candidates that the breaker holds back are left: somebody probes them, and this waits for the news."""
        breaker, left = self._ladder.breaker, [c for c in self._order.candidates if self._excluded.allows(c)]
        timeout = min(self._ladder._setup_timeout, self._end - self._loop.time())
        if breaker is None or not left or timeout <= 0 or not await breaker.wait_for_any(left, timeout):
            return None
        return self._next()

    def _blocked(self, candidate: Candidate) -> bool:
        return self._ladder.breaker is not None and self._ladder.breaker.blocks(candidate)

    def _next(self) -> Candidate | None:
        if self._loop.time() >= self._end:
            return None
        if self._order.resume is not None and not self._tried:
            resumed = self._order.resume[0]
            if self._excluded.allows(resumed):
                return resumed
        candidate = next_candidate(self._order.candidates, self._excluded, self._blocked)
        best = self._order.candidates[0] if self._order.candidates else None
        breaker = self._ladder.breaker
        if candidate and best and breaker is not None and self._previous is None and breaker.blocks(best):
            self._previous = Previous(None, best, breaker.reason(best) or ErrorKind.BREAKER)
        return candidate

    async def _try(self, candidate: Candidate) -> Upstream | None:
        """All that is due to one candidate: a first try and the second that its failure may earn."""
        self._excluded.tried.add(candidate)
        handle = self._order.resume[1] if self._order.resume and self._order.resume[0] == candidate else ""
        mend: ErrorKind | None = None
        retried = False
        while True:
            if self._ladder.attempt_deadline(candidate, self._order, self._end) <= self._loop.time():
                self._excluded.skip(Scope.TRANSPORT, candidate)  # its time is up; the rungs below have theirs
                return None
            try:
                return await self._attempt(candidate, handle=handle, mend=mend)
            except Failure as failure:
                self._tried.append(Tried(candidate, failure))
                action = failure.verdict.action
                if handle and failure.kind in BAD_HANDLE:
                    action = Action.FRESH
                if action is Action.GIVE_UP:
                    raise NoCandidate(self._tried, given_up=True) from None
                if action is Action.SKIP and failure.verdict.scope is not None:
                    self._excluded.skip(failure.verdict.scope, candidate)
                elif action is Action.REAUTH:  # the transport has renewed once already
                    self._excluded.skip(Scope.PLATFORM, candidate)
                if failure.kind in TIMEOUTS:
                    self._excluded.timed_out(candidate, connecting=failure.kind is ErrorKind.CONNECT_TIMEOUT)
                if action is Action.ADAPT and mend is None:
                    mend = failure.kind
                elif action is Action.FRESH and handle:
                    handle = ""
                elif action in (Action.RETRY, Action.RESUME) and self._retries and not retried:
                    self._retries -= 1
                    retried = True
                    await self._wait(failure)
                else:
                    return None

    async def _wait(self, failure: Failure) -> None:
        asked = failure.verdict.retry_after
        pause = BACKOFF * (1 + random.random()) if asked is None else min(asked, MAX_RETRY_AFTER)  # noqa: S311
        await asyncio.sleep(min(pause, max(0.0, self._end - self._loop.time())))

    async def _attempt(self, candidate: Candidate, *, handle: str, mend: ErrorKind | None) -> Upstream:
        order = self._order
        history = () if handle else order.history  # a resumed session remembers
        attempt_id = uuid4()
        started = self._loop.time()
        transport: Transport | None = None
        try:
            await self._record.attempt_started(attempt_id, candidate)
            self._fell_back(attempt_id, candidate)
            setup = order.shape(candidate, handle=handle, history=bool(history), mend=mend)
            transport = self._ladder._dial(candidate)
            await transport.open(setup, history, self._ladder.attempt_deadline(candidate, order, self._end))
        except Failure as failure:
            self._failed(attempt_id, candidate, started, failure)
            raise
        except asyncio.CancelledError:
            self._record.attempt_cancelled(attempt_id, candidate, self._since(started))
            raise
        except Exception as error:
            # A fault of ours in a transport must cost this candidate, not the conversation.
            log.exception("transport: unexpected error", transport=candidate.transport)
            fault = local_failure(ErrorKind.BAD_MESSAGE, type(error).__name__)
            self._failed(attempt_id, candidate, started, fault)
            if transport is not None:
                await transport.close()
            raise fault from error
        self._record.attempt_connected(attempt_id, candidate, self._since(started))
        if self._ladder.breaker is not None:
            self._ladder.breaker.succeeded(candidate)
        log.info(f"{label(candidate)} ✅ Success with model {candidate.model.name}", platform=candidate.platform)
        return Upstream(transport, candidate, attempt_id, setup, self._loop.time(), self._previous)

    def _failed(self, attempt_id: UUID, candidate: Candidate, started: float, failure: Failure) -> None:
        self._record.attempt_failed(attempt_id, candidate, self._since(started), failure)
        self._previous = Previous(attempt_id, candidate, failure.kind)
        self._ladder.failed(candidate, failure, self._order.candidates)
        log.warning(
            f"{label(candidate)} ❌ {candidate.model.name}: {failure.describe()}",
            kind=str(failure.kind),
            platform=candidate.platform,
            location=candidate.location,
            verdict=str(failure.verdict.action),
            scope=failure.verdict.scope and str(failure.verdict.scope),
        )

    def _fell_back(self, attempt_id: UUID, candidate: Candidate) -> None:
        if self._previous is None or self._previous.candidate == candidate:
            return
        before = self._previous
        self._record.fell_back(before.attempt_id, attempt_id, before.candidate, candidate, before.reason)
        log_fallback(before.candidate, candidate, before.reason)

    def _since(self, started: float) -> int:
        return round((self._loop.time() - started) * 1000)


def _kind(reason: str) -> ErrorKind:
    return ErrorKind(reason) if reason in list(ErrorKind) else ErrorKind.BREAKER


LABELS: dict[TransportName, str] = {"websocket": "Direct", "sdk": "SDK", "rest": "REST"}


def label(candidate: Candidate) -> str:
    """What log lines about a candidate begin with."""
    return f"[Gemini Live {LABELS[candidate.transport]}]"


def log_fallback(from_: Candidate, to: Candidate, reason: str) -> None:
    places = [f"{candidate.transport} {candidate.model.name}" for candidate in (from_, to)]
    log.info(f"[Gemini Live] ↪ {places[0]} → {places[1]}: {reason}")
