"""The upstream of one session: opened when wanted, replaced when lost. Runs as the session's own task.

Knows candidates, handles and what was ruled out; knows nothing of turns or of what the frames say. Its owner
decides whether a lost upstream is wanted again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from live_proxy.candidates import Candidate, Exclusions, Tried
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.ladder import AttemptLog, Ladder, NoCandidate, Order, Previous, Upstream, log_fallback
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.tasks import spawn

REST = 5.0  # seconds after a climb that found nobody
LOOK_AGAIN = 2.0  # seconds between two looks for a better upstream
STABLE_AFTER = 5.0  # an upstream that dies sooner is not resumed


class Owner(Protocol):
    """The session, as the link sees it."""

    def history(self) -> Sequence[JsonObject]:
        """Contents for a new upstream."""

    async def upstream_opened(self, upstream: Upstream) -> None:
        """Something serves now; send what is owed before anything else."""

    async def server_frame(self, frame: Frame) -> None: ...

    async def upstream_lost(self, upstream: Upstream, failure: Failure | None) -> bool:
        """`failure` is None where this side closed. Returns whether an upstream is wanted at once."""

    async def nobody_serves(self, nothing: NoCandidate) -> None: ...


class Record(AttemptLog, Protocol):
    def attempt_ended(self, attempt_id: UUID, failure: Failure | None) -> None: ...


@dataclass(slots=True)
class _Plan:
    """What the next climb must know of the last one. Forgotten when a turn was answered."""

    excluded: Exclusions = field(default_factory=Exclusions)
    last_resort: list[Candidate] = field(default_factory=list)
    previous: Previous | None = None
    resume: tuple[Candidate, str] | None = None
    tried: list[Tried] = field(default_factory=list)
    began: float | None = None  # of the climb that the next one goes on with


class UpstreamLink:
    def __init__(
        self,
        ladder: Ladder,
        order: Order,
        record: Record,
        owner: Owner,
        instead_of: Previous | None = None,
        resume: tuple[Candidate, str] | None = None,
    ) -> None:
        self._ladder = ladder
        self._order = order
        self._record = record
        self._owner = owner
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._plan = _Plan(previous=instead_of, resume=resume)
        self._blame: Failure | None = None
        self._closing: asyncio.Task[None] | None = None
        self.proved = False  # the current or last upstream has served a turn to its end
        self.current: Upstream | None = None
        self._rest_until = 0.0
        self._stopped = False
        self._climb_began = 0.0
        self._better: Upstream | None = None  # opened beside the current one, to take its place
        self._looking: asyncio.Task[None] | None = None
        self._look_again_at = 0.0
        self.climbing = False

    def want(self) -> None:
        """An upstream is needed; one that serves already is enough."""
        self._rest_until = 0.0
        self._wanted.set()

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set() and self.current is not None and self._closing is None

    @property
    def history_is_due(self) -> bool:
        """Whether what is on record now reaches the next upstream as history: none serves, and none that is on its way
        has taken its history already."""
        gone = self.current is None or self._closing is not None
        return gone and not self.climbing and self._better is None

    async def ready(self) -> Upstream | None:
        """The upstream, after waiting for the climb that is under way; None where nobody serves.

        What streams must not climb again with every frame: after a climb that found nobody, this waits for none
        until some seconds have passed.
        """
        if not self.is_ready and not self._stopped:
            if not self.climbing and asyncio.get_running_loop().time() < self._rest_until:
                return None
            self._wanted.set()
            await self._ready.wait()
        return self.current

    def offer_handle(self, handle: str) -> None:
        """Upstream's newest handle; empty where it cannot be resumed now."""
        if self.current is not None and self._closing is None:
            self._plan.resume = (self.current.candidate, handle) if handle else None

    @property
    def resumable(self) -> tuple[Candidate, str] | None:
        """The upstream session that could be gone on with now."""
        return self._plan.resume

    def answered(self) -> None:
        """A turn was served to its end: what was ruled out before may be tried again."""
        self._plan = _Plan(resume=self._plan.resume)
        self.proved = True

    def forget_handle(self) -> None:
        """More was given than upstream's session knows: the next one gets all of it as history."""
        self._plan.resume = None

    def avoid(self, candidate: Candidate) -> None:
        """Try every other candidate first, until a turn was answered."""
        if candidate not in self._plan.last_resort:
            self._plan.last_resort.append(candidate)
        self._plan.resume = None

    @property
    def tried(self) -> tuple[Tried, ...]:
        """The upstreams that were lost since the last answer."""
        return tuple(self._plan.tried)

    def go_below(self, candidate: Candidate) -> bool:
        """Rule out its transport, and those above, until a turn was answered. Returns whether any is left."""
        transports = list(dict.fromkeys(other.transport for other in self._order.candidates))
        lower = transports[transports.index(candidate.transport) + 1 :]
        for other in self._order.candidates:
            if other.transport not in lower:
                self._plan.excluded.skip(Scope.TRANSPORT, other)
        self._plan.resume = None
        return any(self._plan.excluded.allows(other) for other in self._order.candidates)

    def rule_out(self, candidate: Candidate) -> None:
        """It refused the question itself: the climb goes on below it, within the same time."""
        self._plan.excluded.skip(Scope.MODEL, candidate)
        self._plan.began = self._climb_began

    def look_up(self, idle: Callable[[], bool]) -> None:
        """Where a lower transport serves, see whether a better one does again, and change over while `idle`."""
        now = asyncio.get_running_loop().time()
        if self.current is None or self._looking is not None or now < self._look_again_at or self._stopped:
            return
        self._look_again_at = now + LOOK_AGAIN
        if above := self._ladder.better_than(self.current.candidate, self._order.candidates):
            self._looking = spawn(self._look(self.current, above, idle), name="upstream-better")

    async def _look(self, current: Upstream, above: tuple[Candidate, ...], idle: Callable[[], bool]) -> None:
        try:
            order = replace(self._order, candidates=above, history=tuple(self._owner.history()))
            better = await self._ladder.climb(order, self._record)
            known = order.history == tuple(self._owner.history())  # nothing was said since the look began
            if self.current is current and self._closing is None and idle() and known:
                self._better = replace(better, instead_of=None)
                self._record.fell_back(
                    current.attempt_id, better.attempt_id, current.candidate, better.candidate, ErrorKind.RECOVERED
                )
                log_fallback(current.candidate, better.candidate, ErrorKind.RECOVERED)
                self.drop()
            else:
                self._record.attempt_ended(better.attempt_id, None)
                await better.transport.close()
        except NoCandidate:
            pass  # each attempt is on record
        finally:
            self._looking = None

    def drop(self, failure: Failure | None = None) -> None:
        """Close the current upstream: because of `failure`, or by this side's own will."""
        if self.current is None or self._closing is not None:
            return
        self._blame = failure
        self._ready.clear()  # what comes now is for the next one
        self._closing = spawn(self.current.transport.close(), name="upstream-close")

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self._serve_for_ever()
        finally:
            self._stopped = True
            self._ready.set()
            if self._looking is not None:
                self._looking.cancel()
            if (unused := self._take_better()) is not None:
                self._record.attempt_ended(unused.attempt_id, None)
                await unused.transport.close()

    async def _serve_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            self.climbing = True
            try:
                upstream = await self._climb()
            except NoCandidate as nothing:
                self.climbing = False
                self._wanted.clear()
                nothing = NoCandidate([*self._plan.tried, *nothing.tried], given_up=nothing.given_up)
                self._plan = _Plan()
                self._rest_until = asyncio.get_running_loop().time() + REST
                await self._owner.nobody_serves(nothing)
                self._release_waiters()
                continue
            self.climbing = False
            failure = await self._serve(upstream)
            self._learn(upstream, failure)
            if await self._owner.upstream_lost(upstream, failure) or self._better is not None:
                self._wanted.set()
            self._release_waiters()

    def _release_waiters(self) -> None:
        if not self._wanted.is_set():
            self._ready.set()
            self._ready.clear()

    def _take_better(self) -> Upstream | None:
        better, self._better = self._better, None
        return better

    async def _climb(self) -> Upstream:
        if (better := self._take_better()) is not None:
            return better
        plan = self._plan
        began, plan.began = plan.began, None
        self._climb_began = asyncio.get_running_loop().time() if began is None else began
        order = replace(
            self._order,
            candidates=tuple(c for c in self._order.candidates if c not in plan.last_resort)
            + tuple(c for c in self._order.candidates if c in plan.last_resort),
            history=tuple(self._owner.history()),
            resume=plan.resume,
        )
        excluded = Exclusions(skipped=list(plan.excluded.skipped))
        return await self._ladder.climb(
            order, self._record, excluded=excluded, previous=plan.previous, began=self._climb_began
        )

    async def _serve(self, upstream: Upstream) -> Failure | None:
        self.current, self._blame, self._closing = upstream, None, None
        self.proved = False
        self._plan.resume = None
        failure: Failure | None = None
        try:
            await self._owner.upstream_opened(upstream)
            if self._closing is None:  # nobody has given it up meanwhile
                self._wanted.clear()
                self._ready.set()
            async for frame in upstream.transport.receive():
                if self._closing is None:  # it may say something while it is closed
                    await self._owner.server_frame(frame)
        except Failure as lost:
            failure = lost
        finally:
            self.current = None
            self._ready.clear()
            failure = self._why(failure)
            self._record.attempt_ended(upstream.attempt_id, failure)
            await upstream.transport.close()
        return failure

    def _why(self, failure: Failure | None) -> Failure | None:
        """What this side held against the upstream comes before how it then ended."""
        return self._blame or failure

    def _learn(self, upstream: Upstream, failure: Failure | None) -> None:
        """What a lost upstream says about the next climb."""
        if failure is None:
            return
        plan = self._plan
        plan.previous = Previous(upstream.attempt_id, upstream.candidate, failure.kind)
        plan.tried.append(Tried(upstream.candidate, failure))
        self._ladder.failed(upstream.candidate, failure, self._order.candidates)
        died_young = asyncio.get_running_loop().time() - upstream.opened_at < STABLE_AFTER and not self.proved
        if failure.verdict.action is Action.SKIP and failure.verdict.scope is not None:
            plan.excluded.skip(failure.verdict.scope, upstream.candidate)
        elif died_young:
            self.avoid(upstream.candidate)
        if failure.verdict.action is not Action.RESUME or died_young:
            plan.resume = None
