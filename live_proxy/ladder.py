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

from live_proxy.candidates import Candidate, Exclusions, Tried, next_candidate
from live_proxy.edge.requested import Requested
from live_proxy.edge.upstream_setup import UpstreamSetup, upstream_setup
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.codec import JsonObject
from live_proxy.transports.base import Dial, Transport
from live_proxy.verdicts import local_failure

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
        self, from_attempt: UUID, to_attempt: UUID, from_: Candidate, to: Candidate, reason: ErrorKind
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Upstream:
    """A transport that serves, and how it came to."""

    transport: Transport
    candidate: Candidate
    attempt_id: UUID
    setup: UpstreamSetup
    opened_at: float


@dataclass(frozen=True, slots=True)
class Previous:
    """The upstream that served until now and why it no longer does."""

    attempt_id: UUID
    candidate: Candidate
    reason: ErrorKind


class NoCandidate(Exception):
    """Nothing is left to try, or no time. `given_up`: upstream refused the client's own request."""

    def __init__(self, tried: Sequence[Tried], *, given_up: bool = False) -> None:
        super().__init__(f"{len(tried)} attempts failed")
        self.tried = tuple(tried)
        self.given_up = given_up


@dataclass(frozen=True, slots=True)
class Order:
    """What to climb for."""

    candidates: tuple[Candidate, ...]
    requested: Requested
    project: str
    history: tuple[JsonObject, ...] = ()
    resume: tuple[Candidate, str] | None = None  # the candidate that gave the handle, and the handle


class Ladder:
    """Climbs for every session of the process. `dial` makes a transport for a candidate, not yet open."""

    def __init__(self, dial: Dial, *, setup_timeout: float, climb_timeout: float) -> None:
        self._dial = dial
        self._setup_timeout = setup_timeout
        self._climb_timeout = climb_timeout

    async def climb(
        self, order: Order, record: AttemptLog, *, excluded: Exclusions | None = None, previous: Previous | None = None
    ) -> Upstream:
        """The first candidate that opens. Raises `NoCandidate` within the climb's limit.

        `excluded` carries what the session has already ruled out; `previous` makes the first step a recorded
        fallback.
        """
        climb = _Climb(self, order, record, excluded or Exclusions(), previous)
        return await climb.run()

    def attempt_deadline(self, candidate: Candidate, order: Order, end: float) -> float:
        """When an attempt must end: its own limit, or earlier, so that each lower transport keeps its reserve."""
        transports = list(dict.fromkeys(other.transport for other in order.candidates))
        lower = transports[transports.index(candidate.transport) + 1 :] if candidate.transport in transports else []
        reserve = min(RESERVE, self._climb_timeout / 5)  # a short climb must leave something to the first rung
        now = asyncio.get_running_loop().time()
        return min(now + self._setup_timeout, end - reserve * len(lower))


class _Climb:
    def __init__(
        self, ladder: Ladder, order: Order, record: AttemptLog, excluded: Exclusions, previous: Previous | None
    ) -> None:
        self._ladder = ladder
        self._order = order
        self._record = record
        self._excluded = excluded
        self._previous = previous
        self._tried: list[Tried] = []
        self._retries = RETRIES
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + ladder._climb_timeout

    async def run(self) -> Upstream:
        while (candidate := self._next()) is not None:
            upstream = await self._try(candidate)
            if upstream is not None:
                return upstream
        raise NoCandidate(self._tried)

    def _next(self) -> Candidate | None:
        if self._loop.time() >= self._end:
            return None
        if self._order.resume is not None and not self._tried:
            candidate = self._order.resume[0]
            if self._excluded.allows(candidate):
                return candidate
        return next_candidate(self._order.candidates, self._excluded)

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
                    self._excluded.timed_out(candidate)
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
            setup = upstream_setup(
                order.requested,
                candidate,
                project=order.project,
                handle=handle,
                history=bool(history),
                mend=mend,
            )
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
        log.info(f"[Gemini Live Direct] ✅ Success with model {candidate.model.name}", platform=candidate.platform)
        return Upstream(transport, candidate, attempt_id, setup, self._loop.time())

    def _failed(self, attempt_id: UUID, candidate: Candidate, started: float, failure: Failure) -> None:
        self._record.attempt_failed(attempt_id, candidate, self._since(started), failure)
        self._previous = Previous(attempt_id, candidate, failure.kind)
        log.warning(
            f"[Gemini Live Direct] ❌ {candidate.model.name}: {failure.describe()}",
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
        log.info(
            f"[Gemini Live] ↪ {_place(before.candidate)} → {_place(candidate)}: {before.reason}",
        )

    def _since(self, started: float) -> int:
        return round((self._loop.time() - started) * 1000)


def _place(candidate: Candidate) -> str:
    return f"{candidate.transport} {candidate.model.name}"
