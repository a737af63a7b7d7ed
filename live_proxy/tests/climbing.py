"""A scripted upstream and a record that remembers, for climbs under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from live_proxy.candidates import Candidate
from live_proxy.catalogue import LiveModel
from live_proxy.edge.requested import requested
from live_proxy.edge.upstream_setup import UpstreamSetup, upstream_setup
from live_proxy.errors import ErrorKind, Failure
from live_proxy.ladder import Ladder, Order, Upstream
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.transports.base import Capabilities, Transport
from live_proxy.verdicts import local_failure

HANG = "hang"  # says nothing until the deadline
Fate = Failure | Exception | str | None  # None: opens


@dataclass(frozen=True, slots=True)
class Opening:
    candidate: Candidate
    setup: UpstreamSetup
    history: tuple[JsonObject, ...]


class FakeTransport:
    capabilities = Capabilities(audio_in=True, audio_out=True, video_in=True, interruption=True, resumption=True)

    def __init__(self, candidate: Candidate, upstream: Upstreams) -> None:
        self._candidate = candidate
        self._upstream = upstream
        self.closed = 0

    async def open(self, setup: UpstreamSetup, history: Sequence[JsonObject], deadline: float) -> None:
        self._upstream.openings.append(Opening(self._candidate, setup, tuple(history)))
        await asyncio.sleep(0)
        fate = self._upstream.fate(self._candidate)
        if isinstance(fate, str):
            try:
                async with asyncio.timeout_at(deadline):
                    await asyncio.Event().wait()
            except TimeoutError:
                raise local_failure(ErrorKind.SETUP_TIMEOUT) from None
            except asyncio.CancelledError:
                self.closed += 1
                raise
        elif fate is not None:
            raise fate

    async def send(self, frame: Frame) -> None:
        raise AssertionError("a climb sends nothing")

    def receive(self) -> AsyncIterator[Frame]:
        raise AssertionError("a climb reads nothing")

    async def close(self, code: int = 1000) -> None:
        self.closed += 1


class Upstreams:
    """`fates` of each model, one for each attempt; after the last, the last again. Unnamed models open."""

    def __init__(self, **fates: Sequence[Fate]) -> None:
        self._fates = {name: list(each) for name, each in fates.items()}
        self.openings: list[Opening] = []
        self.transports: list[FakeTransport] = []

    def fate(self, candidate: Candidate) -> Fate:
        left = self._fates.get(candidate.model.name, [None])
        return left.pop(0) if len(left) > 1 else left[0]

    def dial(self, candidate: Candidate) -> Transport:
        self.transports.append(FakeTransport(candidate, self))
        return self.transports[-1]

    @property
    def tried(self) -> list[str]:
        return [opening.candidate.model.name for opening in self.openings]


class Attempts:
    """The record as an `AttemptLog`."""

    def __init__(self, before_start: Callable[[], object] = lambda: None) -> None:
        self.outcomes: dict[UUID, list[str]] = {}
        self.names: dict[UUID, str] = {}
        self.fallbacks: list[tuple[str, str, str]] = []
        self.before_start = before_start

    async def attempt_started(self, attempt_id: UUID, candidate: Candidate) -> None:
        assert attempt_id not in self.outcomes
        self.outcomes[attempt_id] = []
        self.names[attempt_id] = candidate.model.name
        self.before_start()
        await asyncio.sleep(0)

    def attempt_connected(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None:
        self.outcomes[attempt_id].append("connected")

    def attempt_failed(self, attempt_id: UUID, candidate: Candidate, duration_ms: int, failure: Failure) -> None:
        self.outcomes[attempt_id].append(str(failure.kind))

    def attempt_cancelled(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None:
        self.outcomes[attempt_id].append("cancelled")

    def fell_back(
        self, from_attempt: UUID | None, to_attempt: UUID, from_: Candidate, to: Candidate, reason: str
    ) -> None:
        assert to_attempt in self.outcomes, "the attempt has its row before anything points to it"
        self.fallbacks.append((from_.model.name, to.model.name, str(reason)))

    @property
    def story(self) -> list[tuple[str, str]]:
        """Every attempt in order with its one outcome."""
        assert all(len(each) == 1 for each in self.outcomes.values()), self.outcomes
        return [(self.names[attempt], each[0]) for attempt, each in self.outcomes.items()]


def candidate(
    name: str, transport: str = "websocket", platform: str = "vertex", location: str = "us-central1", endpoint: str = ""
) -> Candidate:
    return Candidate(transport, platform, location, LiveModel(name), endpoint)  # type: ignore[arg-type]


def order(*candidates: Candidate, **more: object) -> Order:
    asked = requested({"generationConfig": {"responseModalities": ["TEXT"]}})
    return Order(candidates, partial(upstream_setup, asked, project="team-1"), **more)  # type: ignore[arg-type]


def ladder(upstream: Upstreams, *, setup_timeout: float = 0.04, climb_timeout: float = 1.0) -> Ladder:
    return Ladder(upstream.dial, setup_timeout=setup_timeout, climb_timeout=climb_timeout)


async def climb(upstream: Upstreams, wanted: Order, record: Attempts | None = None, **how: float) -> Upstream:
    return await ladder(upstream, **how).climb(wanted, record or Attempts())
