"""Circuits, in memory and in Redis, held to the same tests. Time is moved by the store's own clock."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import redis.asyncio

from live_proxy.breaker.breaker import Store
from live_proxy.breaker.memory import MemoryStore
from live_proxy.breaker.redis_store import HASH, RedisStore, StoreAway
from live_proxy.breaker.rules import Circuit
from project.tests.processes import Redis

Later = Callable[[float], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        if os.environ.get("CI"):
            pytest.fail("Redis is not installed, and this machine must have it")
        pytest.skip("redis-server is not installed")
    running = Redis(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest_asyncio.fixture(params=["memory", "redis"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Store, Later]]:
    """A store, and a way to let time pass for it."""
    if request.param == "memory":
        now = [1_000_000.0]

        async def later(seconds: float) -> None:
            now[0] += seconds

        yield MemoryStore(lambda: now[0]), later
        return
    server: Redis = request.getfixturevalue("server")
    plain = redis.asyncio.Redis.from_url(server.url, decode_responses=True)
    await plain.flushall()
    store = RedisStore(server.url)

    async def aged(seconds: float) -> None:
        """Redis's clock cannot be moved, so everything that happened is moved back."""
        import json

        for key, text in (await plain.hgetall(HASH)).items():
            circuit: dict[str, Any] = json.loads(text)
            for name in ("since", "next", "probing", "claimed"):
                if isinstance(circuit.get(name), int | float) and circuit[name]:
                    circuit[name] -= seconds
            if isinstance(circuit.get("faults"), list):
                circuit["faults"] = [at - seconds for at in circuit["faults"]]
            await plain.hset(HASH, key, json.dumps(circuit))

    yield store, aged
    await store.close()
    await plain.aclose()


async def only(store: Store) -> Circuit:
    (circuit,) = await store.board()
    return circuit


async def test_what_is_not_there_opens_at_once(pair: tuple[Store, Later]) -> None:
    store, _ = pair
    await store.report(["a", "b"], 600.0, "model_not_found")
    board = await store.board()
    assert [(c.key, c.state, c.reason) for c in board] == [
        ("a", "open", "model_not_found"),
        ("b", "open", "model_not_found"),
    ]
    assert all(c.next_probe is not None and 599 < c.next_probe - c.since <= 600.1 for c in board)


async def test_three_faults_within_half_a_minute_open(pair: tuple[Store, Later]) -> None:
    store, later = pair
    for _ in range(2):
        await store.report(["a"], None, "network")
    assert ((await only(store)).state, (await only(store)).faults) == ("closed", 2)
    await later(31)
    assert await store.board() == [], "faults are forgotten"
    for _ in range(2):
        await store.report(["a"], None, "network")
    await later(29)
    await store.report(["a"], None, "internal")
    assert ((await only(store)).state, (await only(store)).reason) == ("open", "internal")


async def test_one_probe_when_its_time_has_come(pair: tuple[Store, Later]) -> None:
    store, later = pair
    await store.report(["a"], 30.0, "quota")
    assert not await store.claim_probe("a")
    await later(31)
    granted = await asyncio.gather(*(store.claim_probe("a") for _ in range(20)))
    assert sum(granted) == 1
    assert (await only(store)).state == "half_open"
    await later(16)
    assert await store.claim_probe("a"), "a process that died with the lease does not keep it"


async def test_an_urgent_probe_comes_before_its_time_but_not_often(pair: tuple[Store, Later]) -> None:
    store, later = pair
    await store.report(["a"], 600.0, "model_not_found")
    assert await store.claim_probe("a", urgent=True)
    await store.probe_failed("a", 600.0, "model_not_found")
    assert not await store.claim_probe("a", urgent=True)
    await later(3)
    assert await store.claim_probe("a", urgent=True)


async def test_a_probe_that_fails_doubles_the_wait_and_one_that_does_not_ends_it(pair: tuple[Store, Later]) -> None:
    store, later = pair
    await store.report(["a"], 30.0, "network")
    spans = []
    for _ in range(6):
        await later(601)
        assert await store.claim_probe("a")
        before = (await only(store)).since
        await store.probe_failed("a", None, "network")
        circuit = await only(store)
        assert circuit.since == before
        assert circuit.next_probe is not None
        spans.append(circuit.next_probe)
        assert not await store.claim_probe("a")
    await store.succeeded("a")
    assert await store.board() == []
    assert not await store.claim_probe("a")


async def test_what_is_held_stays_out_until_it_is_let_in(pair: tuple[Store, Later]) -> None:
    store, later = pair
    await store.hold("a", "ada")
    await store.report(["a"], 1.0, "quota")
    await store.succeeded("a")
    await store.reset(None)
    await later(1000)
    circuit = await only(store)
    assert (circuit.state, circuit.held_by, circuit.next_probe) == ("held", "ada", None)
    assert not await store.claim_probe("a", urgent=True)
    await store.release("a")
    assert await store.board() == []


async def test_reset_forgets_one_or_all(pair: tuple[Store, Later]) -> None:
    store, _ = pair
    await store.report(["a", "b", "c"], 600.0, "permission")
    await store.reset("b")
    assert [c.key for c in await store.board()] == ["a", "c"]
    await store.reset(None)
    assert await store.board() == []


async def test_no_more_circuits_than_can_be_looked_at(pair: tuple[Store, Later]) -> None:
    store, _ = pair
    await store.report([f"key-{number}" for number in range(600)], 600.0, "quota")
    assert len(await store.board()) == 500


async def test_redis_that_is_away_says_so_within_its_time(tmp_path: Path) -> None:
    store = RedisStore("redis://127.0.0.1:9/0")
    async with asyncio.timeout(3):
        with pytest.raises(StoreAway):
            await store.board()
    await store.close()
