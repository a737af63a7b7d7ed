"""What sessions see of the breaker: dead names skipped, one probe for all, and a store that may be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from live_proxy.breaker.breaker import Breaker, Probe
from live_proxy.breaker.memory import MemoryStore
from live_proxy.breaker.redis_store import StoreAway
from live_proxy.breaker.rules import Circuit, effect_of, key_of
from live_proxy.errors import Action, ErrorKind, Failure, Scope, Verdict
from live_proxy.ladder import Ladder, NoCandidate
from live_proxy.tests.climbing import Attempts, Upstreams, candidate, order
from live_proxy.tests.loop_watch import until
from live_proxy.verdicts import GIVE_UP, SKIP_MODEL, local_failure

LIVE, LOWER = candidate("live-a"), candidate("text-b", "sdk")
GONE = Failure(SKIP_MODEL, ErrorKind.MODEL_NOT_FOUND, code=1008)


class Probes:
    """Counts probes; each waits for `go` and then ends with `result`."""

    def __init__(self, result: Failure | None = None) -> None:
        self.result = result
        self.keys: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, key: str) -> Failure | None:
        self.keys.append(key)
        await self.go.wait()
        return self.result


@asynccontextmanager
async def running(probe: Probe, store: MemoryStore | None = None) -> AsyncIterator[Breaker]:
    breaker = Breaker(store or MemoryStore(), probe)
    task = asyncio.create_task(breaker.run())
    try:
        yield breaker
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize(
    ("kind", "verdict", "opens"),
    [
        (ErrorKind.MODEL_NOT_FOUND, SKIP_MODEL, 600.0),
        (ErrorKind.PERMISSION, SKIP_MODEL, 60.0),
        (ErrorKind.QUOTA, Verdict(Action.SKIP, Scope.MODEL, 22.0), 22.0),
        (ErrorKind.QUOTA, Verdict(Action.SKIP, Scope.MODEL, 99_999.0), 3600.0),
        (ErrorKind.QUOTA, SKIP_MODEL, 60.0),
        (ErrorKind.NETWORK, SKIP_MODEL, None),
        (ErrorKind.NO_OUTPUT, SKIP_MODEL, None),
    ],
)
def test_what_counts(kind: ErrorKind, verdict: Verdict, opens: float | None) -> None:
    effect = effect_of(Failure(verdict, kind))
    assert effect is not None
    assert effect.opens_for == opens


@pytest.mark.parametrize(
    "kind", [ErrorKind.INVALID_ARGUMENT, ErrorKind.SAFETY, ErrorKind.HANDLE, ErrorKind.SESSION_LIMIT]
)
def test_what_the_client_did_never_counts(kind: ErrorKind) -> None:
    assert effect_of(Failure(SKIP_MODEL, kind)) is None
    assert effect_of(Failure(GIVE_UP, ErrorKind.UNKNOWN)) is None


async def test_a_dead_name_is_skipped_at_once_by_the_next(  # no wait between the failure and the question
) -> None:
    async with running(Probes()) as breaker:
        breaker.failed(LIVE, GONE, [LIVE])
        assert breaker.blocks(LIVE)
        assert breaker.reason(LIVE) == "model_not_found"
        assert not breaker.blocks(LOWER)
        upstream = Upstreams()
        record = Attempts()
        await Ladder(upstream.dial, setup_timeout=1, climb_timeout=5, breaker=breaker).climb(order(LIVE, LOWER), record)
        assert upstream.tried == ["text-b"]
        assert record.fallbacks == [("live-a", "text-b", "model_not_found")]


async def test_a_failed_climb_is_what_the_next_one_knows() -> None:
    upstream = Upstreams(**{"live-a": [GONE]})
    async with running(Probes()) as breaker:
        ladder = Ladder(upstream.dial, setup_timeout=1, climb_timeout=5, breaker=breaker)
        for _ in range(3):
            await ladder.climb(order(LIVE, LOWER), Attempts())
    assert upstream.tried == ["live-a", "text-b", "text-b", "text-b"]


async def test_two_hundred_who_wait_make_one_probe_and_are_served_when_it_succeeds() -> None:
    probes = Probes()
    upstream = Upstreams()
    async with running(probes) as breaker:
        breaker.failed(LIVE, GONE, [LIVE])
        ladder = Ladder(upstream.dial, setup_timeout=5, climb_timeout=10, breaker=breaker)
        climbs = [asyncio.create_task(ladder.climb(order(LIVE), Attempts())) for _ in range(200)]
        await until(lambda: bool(probes.keys))
        for _ in range(20):
            await asyncio.sleep(0)
        assert probes.keys == [key_of(LIVE)]
        assert upstream.tried == []
        probes.go.set()
        served = await asyncio.gather(*climbs)
    assert {each.candidate for each in served} == {LIVE}
    assert probes.keys == [key_of(LIVE)]


async def test_those_who_wait_for_a_probe_that_fails_are_told_at_once() -> None:
    probes = Probes(GONE)
    probes.go.set()
    async with running(probes) as breaker:
        breaker.failed(LIVE, GONE, [LIVE])
        ladder = Ladder(Upstreams().dial, setup_timeout=30, climb_timeout=60, breaker=breaker)
        async with asyncio.timeout(5):
            with pytest.raises(NoCandidate):
                await ladder.climb(order(LIVE), Attempts())
        assert breaker.blocks(LIVE)


async def test_a_success_closes_the_circuit() -> None:
    store = MemoryStore()
    async with running(Probes(), store) as breaker:
        breaker.failed(LIVE, GONE, [LIVE])
        breaker.succeeded(LIVE)
        assert not breaker.blocks(LIVE)
        await until(lambda: not breaker._reports)
        assert await store.board() == []


async def test_three_network_faults_of_one_candidate_open_it_for_all() -> None:
    store = MemoryStore()
    async with running(Probes(), store) as breaker:
        for _ in range(3):
            breaker.failed(LIVE, local_failure(ErrorKind.CONNECT_TIMEOUT), [LIVE])
        await until(lambda: breaker.blocks(LIVE))


async def test_staff_hold_a_candidate_out_and_let_it_in() -> None:
    async with running(Probes()) as breaker:
        await breaker.hold(key_of(LIVE), "ada")
        assert breaker.blocks(LIVE)
        assert not await breaker.wait_for_any([LIVE], 0.01)
        await breaker.release(key_of(LIVE))
        assert not breaker.blocks(LIVE)


class AwayStore(MemoryStore):
    async def board(self) -> list[Circuit]:
        raise StoreAway("ConnectionError")

    async def report(self, keys: object, opens_for: float | None, reason: str) -> None:
        raise StoreAway("ConnectionError")


async def test_without_the_shared_state_this_process_goes_on_with_what_it_saw() -> None:
    async with running(Probes(), AwayStore()) as breaker:
        breaker.failed(LIVE, GONE, [LIVE])
        await until(lambda: breaker._away)
        assert breaker.blocks(LIVE)
        soon = Failure(Verdict(Action.SKIP, Scope.MODEL, 0.0), ErrorKind.QUOTA)
        breaker.failed(LOWER, soon, [LOWER])
        for _ in range(500):
            breaker.failed(LOWER, local_failure(ErrorKind.CONNECT), [LOWER])
        assert len(breaker._reports) <= 200
