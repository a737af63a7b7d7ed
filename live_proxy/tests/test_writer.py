"""The writer, with a stand-in for the function that stores a batch."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from django.db import InterfaceError, OperationalError

from conversations.records import AttemptUpdated, MessageSaved, Record, SessionStarted
from conversations.services import Applied, Dropped
from live_proxy import writer as module
from live_proxy.tests.loop_watch import other_tasks, until, watched_loop
from live_proxy.writer import Durability, Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Store:
    """Keeps batches. `before` runs in the writer's thread ahead of each and may raise."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self.tries = 0
        self.before: Callable[[Sequence[Record]], None] = lambda records: None
        self.answer = Applied()
        self.open = threading.Event()
        self.open.set()

    def apply(self, records: Sequence[Record]) -> Applied:
        self.tries += 1
        assert self.open.wait(20)
        self.before(records)
        self.batches.append(list(records))
        return self.answer

    @property
    def rows(self) -> list[Record]:
        return [record for batch in self.batches for record in batch]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(module, "RETRY_FIRST", 0.01)
    monkeypatch.setattr(module, "RETRY_MOST", 0.02)
    return Store()


@pytest_asyncio.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    # The promise's time is far longer here than a busy machine takes; where it must run out, a test says so.
    writer = Writer(store.apply, commit_timeout=20.0)
    writer.start()
    yield writer
    store.open.set()
    await writer.stop(0.2)


def attempt(outcome: str = "connected", *, id: UUID | None = None) -> AttemptUpdated:
    return AttemptUpdated(id or uuid4(), outcome)


def message(text: str, *, id: UUID | None = None) -> MessageSaved:
    return MessageSaved(id or uuid4(), uuid4(), uuid4(), 1, 0, "model", "text", "pending", NOW, text=text)


def fails(times: int, error: Exception) -> Callable[[Sequence[Record]], None]:
    left = [times]

    def before(records: Sequence[Record]) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return before


async def test_many_records_make_few_batches_in_order(writer: Writer, store: Store) -> None:
    store.open.clear()
    records = [attempt() for _ in range(1200)]
    for record in records:
        writer.submit(record)
    store.open.set()
    assert await writer.flushed(20)
    assert store.rows == records
    assert len(store.batches) <= 4
    assert max(map(len, store.batches)) <= module.MAX_BATCH
    assert writer.lag == 0


async def test_a_batch_under_way_counts_as_unwritten(writer: Writer, store: Store) -> None:
    store.open.clear()
    writer.submit(attempt())
    await until(lambda: store.tries)
    writer.submit(attempt())
    assert writer.lag == 2
    store.open.set()
    assert await writer.flushed(20)
    assert writer.lag == 0


async def test_durable_waits_for_the_commit_of_all_its_records(writer: Writer, store: Store) -> None:
    first, second = attempt(), message("hello")
    assert await writer.durable(first, second) is Durability.COMMITTED
    assert store.rows == [first, second]


async def test_what_takes_too_long_is_not_saved_for_now_and_written_later(store: Store) -> None:
    writer = Writer(store.apply, commit_timeout=0.05)
    writer.start()
    store.open.clear()
    record = message("hello")
    assert await writer.durable(record) is Durability.NOT_SAVED
    store.open.set()
    assert await writer.stop() == 0
    assert store.rows == [record]


async def test_a_caller_that_goes_away_does_not_take_its_record_along(writer: Writer, store: Store) -> None:
    store.open.clear()
    record = message("hello")
    waiting = asyncio.create_task(writer.durable(record))
    await until(lambda: store.tries)
    waiting.cancel()
    await asyncio.wait([waiting])
    store.open.set()
    assert await writer.flushed(20)
    assert store.rows == [record]


async def test_a_message_of_a_lost_conversation_is_refused(writer: Writer, store: Store) -> None:
    refused, dropped, good = message("a"), message("b"), message("c")
    store.answer = Applied(refused={refused.id}, dropped=[Dropped("MessageSaved", dropped.id, "no parent")])
    results = await asyncio.gather(*(writer.durable(record) for record in (refused, dropped, good)))
    assert results == [Durability.REFUSED, Durability.NOT_SAVED, Durability.COMMITTED]


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("gone"), ConnectionResetError()])
async def test_nothing_is_lost_and_nobody_waits_while_the_database_is_away(
    writer: Writer, store: Store, error: Exception
) -> None:
    away = [True]

    def before(records: Sequence[Record]) -> None:
        if away[0]:
            raise error

    store.before = before
    records: list[Record] = [attempt() for _ in range(5)]
    for record in records:
        writer.submit(record)
    await until(lambda: writer.failing)
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(20):
        records.append(message("later"))
        assert await writer.durable(records[-1]) is Durability.NOT_SAVED
    assert loop.time() - started < 5  # one that waited would take 20 s
    away[0] = False
    assert await writer.flushed(20)
    assert store.rows == records
    assert not writer.failing and writer.lost == 0
    assert await writer.durable(message("back")) is Durability.COMMITTED


async def test_one_who_waits_already_gets_the_commit_of_a_retry(writer: Writer, store: Store) -> None:
    store.before = fails(3, OperationalError("gone"))
    assert await writer.durable(message("hello")) is Durability.COMMITTED
    assert store.tries == 4


async def test_an_unexpected_error_costs_the_record_at_fault_alone(writer: Writer, store: Store) -> None:
    store.open.clear()
    writer.submit(attempt())
    await until(lambda: store.tries)
    records = [attempt() for _ in range(300)]
    poison = records[123]

    def before(batch: Sequence[Record]) -> None:
        if poison in batch:
            raise ZeroDivisionError

    store.before = before
    for record in records:
        writer.submit(record)
    store.open.set()
    assert await writer.flushed(20)
    assert store.rows[1:] == [record for record in records if record is not poison]
    assert writer.lost == 1 and not writer.failing
    assert store.tries < 40


async def test_one_who_waits_for_the_record_at_fault_is_told(writer: Writer, store: Store) -> None:
    store.before = fails(1, ZeroDivisionError())
    assert await writer.durable(message("poison")) is Durability.NOT_SAVED
    assert await writer.durable(message("good")) is Durability.COMMITTED


async def test_a_full_queue_drops_snapshots_that_a_later_one_replaces(store: Store) -> None:
    writer = Writer(store.apply, max_queue=4)
    one, two = uuid4(), uuid4()
    keep: Record = attempt()
    snapshots = [message("1", id=one), message("1 2", id=one), message("a", id=two)]
    for record in (keep, *snapshots, latest := message("1 2 3", id=one)):
        writer.submit(record)
    writer.start()
    await writer.stop()
    assert store.rows == [keep, snapshots[1], snapshots[2], latest]
    assert writer.lost == 0


async def test_a_full_queue_without_such_snapshots_drops_the_oldest_and_counts(store: Store) -> None:
    writer = Writer(store.apply, max_queue=4)
    records = [attempt() for _ in range(10)]
    for record in records:
        writer.submit(record)
    assert writer.lost == 6
    writer.start()
    assert await writer.stop() == 0
    assert store.rows == records[-4:]


async def test_one_whose_record_is_dropped_is_told_at_once(store: Store) -> None:
    writer = Writer(store.apply, max_queue=2, commit_timeout=20.0)
    waiting = asyncio.create_task(writer.durable(attempt()))
    await asyncio.sleep(0)
    for _ in range(2):
        writer.submit(attempt())
    async with asyncio.timeout(5):
        assert await waiting is Durability.NOT_SAVED
    await writer.stop()


async def test_a_snapshot_is_replaceable_once_nobody_waits_for_it(store: Store) -> None:
    writer = Writer(store.apply, max_queue=2, commit_timeout=0.01)
    same = uuid4()
    assert await writer.durable(message("1", id=same)) is Durability.NOT_SAVED
    first, last = attempt(), message("2", id=same)
    writer.submit(last)
    writer.submit(first)
    assert writer.lost == 0
    writer.start()
    await writer.stop()
    assert store.rows == [last, first]


async def test_a_full_queue_is_not_searched_with_every_record(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[Writer] = []
    search = Writer._drop_replaceable

    def counted(self: Writer) -> None:
        searches.append(self)
        search(self)

    monkeypatch.setattr(Writer, "_drop_replaceable", counted)
    writer = Writer(store.apply, max_queue=1600)
    for _ in range(3200):
        writer.submit(attempt())
    assert writer.lost == 1600
    assert len(searches) <= 17
    await writer.stop()


async def test_stop_writes_what_is_queued(store: Store) -> None:
    before = other_tasks()
    writer = Writer(store.apply)
    writer.start()
    for _ in range(2000):
        writer.submit(attempt())
    assert await writer.stop() == 0
    assert len(store.rows) == 2000
    assert other_tasks() == before


async def test_stop_keeps_its_limit_and_says_what_is_left(store: Store) -> None:
    writer = Writer(store.apply)
    writer.start()
    store.open.clear()
    for _ in range(7):
        writer.submit(attempt())
    await until(lambda: store.tries)
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await writer.stop(0.1) == 7
    assert loop.time() - started < 3
    store.open.set()


async def test_stop_while_the_database_is_away_keeps_its_limit(store: Store) -> None:
    store.before = fails(10**6, OperationalError("gone"))
    writer = Writer(store.apply)
    writer.start()
    writer.submit(attempt())
    await until(lambda: writer.failing)
    assert await writer.stop(0.1) == 1


async def test_stop_before_start_reports_what_was_queued(store: Store) -> None:
    writer = Writer(store.apply)
    writer.submit(attempt())
    assert await writer.stop(0.1) == 1
    assert await Writer(store.apply).stop() == 0


async def test_starting_twice_starts_one(writer: Writer, store: Store) -> None:
    before = other_tasks()
    writer.start()
    assert other_tasks() == before


async def test_a_slow_database_does_not_hold_up_the_loop(writer: Writer, store: Store) -> None:
    store.open.clear()
    writer.submit(attempt())
    async with watched_loop() as ticks:
        async with asyncio.timeout(20):
            while not ticks.went_on:
                writer.submit(attempt())
                await asyncio.sleep(0)
    store.open.set()
    assert await writer.flushed(20)


async def test_flushed_says_when_time_is_up(writer: Writer, store: Store) -> None:
    store.open.clear()
    writer.submit(attempt())
    assert not await writer.flushed(0.05)


async def test_a_full_queue_keeps_the_beginnings(store: Store) -> None:
    """Without its beginning nothing that a session says could be written."""
    writer = Writer(store.apply, max_queue=4)
    begun: Record = SessionStarted(id=uuid4(), user_id=1, client="web", process="p", at=NOW)
    records = [attempt() for _ in range(6)]
    for record in [begun, *records]:
        writer.submit(record)
    assert writer.lost == 3
    writer.start()
    await writer.stop()
    assert store.rows == [begun, *records[-3:]]
