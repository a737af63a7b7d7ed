"""Database work beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.db import OperationalError, connection

from live_proxy import database as module
from live_proxy.database import Database
from live_proxy.tests.loop_watch import until, watched_loop


@pytest.fixture
def closings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which stale connections were looked for, in order."""
    threads: list[str] = []
    monkeypatch.setattr(
        module, "close_old_connections", lambda: threads.append(threading.current_thread().name), raising=True
    )
    return threads


@pytest_asyncio.fixture
async def database(closings: list[str]) -> AsyncIterator[Database]:
    database = Database(threads=2)
    yield database
    database.close()


async def test_a_result_comes_from_another_thread(database: Database) -> None:
    def add(a: int, *, b: int) -> tuple[int, str]:
        return a + b, threading.current_thread().name

    result, thread = await database.run(add, 2, b=3)
    assert result == 5
    assert thread.startswith("database")


async def test_an_error_arrives_as_it_was(database: Database) -> None:
    def broken() -> None:
        raise OperationalError("gone")

    with pytest.raises(OperationalError, match="gone"):
        await database.run(broken)


async def test_a_slow_query_delays_neither_another_nor_the_loop(database: Database) -> None:
    go = threading.Event()
    slow = asyncio.create_task(database.run(go.wait, 20))
    async with asyncio.timeout(10), watched_loop() as ticks:
        assert await database.run(lambda: 5) == 5
        await until(lambda: ticks.went_on)
    assert not slow.done()
    go.set()
    assert await slow is True


async def test_a_query_that_takes_too_long_is_given_up_and_its_thread_comes_back(database: Database) -> None:
    go = threading.Event()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await database.run(go.wait, 20, timeout=0.05)
    waiting = asyncio.create_task(database.run(lambda: 5))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    go.set()
    assert await waiting == 5


async def test_what_was_given_up_before_it_began_is_never_run(database: Database) -> None:
    go = threading.Event()
    busy = [asyncio.create_task(database.run(go.wait, 20)) for _ in range(2)]
    await asyncio.sleep(0)
    ran: list[int] = []
    with pytest.raises(TimeoutError):
        await database.run(ran.append, 1, timeout=0.05)
    go.set()
    await asyncio.gather(*busy)
    await database.run(lambda: None)
    assert not ran


async def test_connections_are_looked_after_before_and_after_each_call(database: Database, closings: list[str]) -> None:
    def broken() -> None:
        raise ValueError

    await database.run(lambda: None)
    assert len(closings) == 2
    with pytest.raises(ValueError):
        await database.run(broken)
    assert len(closings) == 4
    assert all(name.startswith("database") for name in closings)


@pytest.mark.django_db(transaction=True)
async def test_a_query_runs_and_leaves_no_open_connection() -> None:
    database = Database(threads=1)

    def query() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 5")
            return int(cursor.fetchone()[0])

    try:
        assert await database.run(query) == 5
        closed = await database.run(lambda: connection.connection is None)
        # A connection to a database in memory stays: with it the database would go.
        assert closed or "memory" in str(connection.settings_dict["NAME"])
    finally:
        await database.run(lambda: connection.close())
        database.close()
