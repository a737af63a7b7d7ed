"""The one writer of a process: records in, rows out, batched and off the event loop.

`submit` never waits. `durable` waits until the record is committed, or for as long as the promise allows; what
could not be written in that time stays queued and is written later. The queue is bounded: where it is full,
snapshots that a later one will replace go first, and what is lost is counted and logged.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError

from conversations.records import ConversationStarted, MessageSaved, Record, SessionStarted
from conversations.services import Applied
from live_proxy import metrics

log = structlog.get_logger(__name__)

MAX_QUEUE = 20_000
MAX_BATCH = 500
RETRY_FIRST = 0.1
RETRY_MOST = 2.0
SLOW = 5.0  # a batch that takes longer counts as a database that is away
SAY_EVERY = 1000
BEGINNINGS = (SessionStarted, ConversationStarted)


class Durability(Enum):
    COMMITTED = "committed"
    JOURNALED = "journaled"  # for a store beside the database; none is configured yet
    NOT_SAVED = "not_saved"
    REFUSED = "refused"  # another session owns the conversation


Apply = Callable[[Sequence[Record]], Applied]
_Entry = tuple[Record, "asyncio.Future[Durability] | None"]


class Writer:
    """`apply` writes a batch in one transaction, in this writer's own thread."""

    def __init__(self, apply: Apply, *, commit_timeout: float = 0.25, max_queue: int = MAX_QUEUE) -> None:
        self._apply = apply
        self._commit_timeout = commit_timeout
        self._max_queue = max_queue
        self._queue: deque[_Entry] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self._writing = 0
        self._added = max_queue
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self.failing = False
        self.lost = 0

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="writer")

    async def stop(self, timeout: float = 5.0) -> int:
        """Write what is queued, for at most `timeout` seconds. Returns how many records were left behind."""
        if self._task is not None:
            await self.flushed(timeout)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._executor.shutdown(wait=False, cancel_futures=True)
        left = len(self._queue)
        if left:
            log.error("writer: stopped with records unwritten", records=left)
        return left

    @property
    def lag(self) -> int:
        """Records that are not written yet."""
        return len(self._queue) + self._writing

    def submit(self, record: Record) -> None:
        self._put(record, None)

    async def durable(self, *records: Record) -> Durability:
        """Queue `records` and wait until the last of them is written, bounded by the promise's 250 ms. While the
        database is known to be away nobody waits."""
        *before, last = records
        for record in before:
            self._put(record, None)
        if self.failing:
            self._put(last, None)
            return Durability.NOT_SAVED
        future: asyncio.Future[Durability] = asyncio.get_running_loop().create_future()
        self._put(last, future)
        try:
            async with asyncio.timeout(self._commit_timeout):
                return await future
        except TimeoutError:
            metrics.WRITES_LATE.inc()
            return Durability.NOT_SAVED

    async def flushed(self, timeout: float) -> bool:
        """Wait until the queue is empty. For shutdown and tests."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle.wait()
                return True
        return False

    def _put(self, record: Record, future: asyncio.Future[Durability] | None) -> None:
        if len(self._queue) >= self._max_queue:
            self._make_room()
        self._queue.append((record, future))
        self._added += 1
        self._idle.clear()
        self._wake.set()

    def _make_room(self) -> None:
        if self._added >= self._max_queue // 16:
            # Not with every record: the search costs as much as the queue is long.
            self._drop_replaceable()
            self._added = 0
        while len(self._queue) >= self._max_queue:
            # Without its beginning nothing of a session or conversation could be written.
            at = next((at for at, (record, _) in enumerate(self._queue) if not isinstance(record, BEGINNINGS)), 0)
            entry = self._queue[at]
            del self._queue[at]
            _settle_all([entry], Durability.NOT_SAVED)
            self._lose(1)

    def _drop_replaceable(self) -> None:
        newest: set[UUID] = set()
        kept: deque[_Entry] = deque()
        for entry in reversed(self._queue):
            record, future = entry
            if isinstance(record, MessageSaved):
                if record.id in newest and (future is None or future.done()):
                    continue
                newest.add(record.id)
            kept.appendleft(entry)
        self._queue = kept

    def _lose(self, records: int) -> None:
        metrics.RECORDS_LOST.inc(records)
        if self.lost // SAY_EVERY < (self.lost + records) // SAY_EVERY or not self.lost:
            log.error("writer: records are lost", lost=self.lost + records)
        self.lost += records

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause, most = RETRY_FIRST, MAX_BATCH
        while True:
            if not self._queue:
                self._idle.set()
                await self._wake.wait()
            self._wake.clear()
            batch = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
            if not batch:
                continue
            self._writing = len(batch)
            try:
                applying = loop.run_in_executor(self._executor, self._apply, [record for record, _ in batch])
                await asyncio.wait([applying], timeout=SLOW)
                if not applying.done():
                    self._fails("TimeoutError")  # nobody should wait for it; it may still succeed
                applied = await applying
            except asyncio.CancelledError:
                self._queue.extendleft(reversed(batch))
                raise
            except (DatabaseError, InterfaceError, OSError) as error:
                self._queue.extendleft(reversed(batch))
                self._fails(type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MOST)
                continue
            except Exception:
                # A fault of ours: one record would fail for ever, and everybody's records behind it.
                if len(batch) > 1:
                    self._queue.extendleft(reversed(batch))
                    most = len(batch) // 2  # until the one at fault is alone
                    continue
                log.exception("writer: a record could not be applied", kind=type(batch[0][0]).__name__)
                self._lose(1)
                _settle_all(batch, Durability.NOT_SAVED)
                continue
            finally:
                self._writing = 0
            most = min(MAX_BATCH, most * 2)
            if self.failing:
                log.info("writer: the database is back", queued=len(self._queue))
            self.failing, pause = False, RETRY_FIRST
            metrics.WRITER_FAILING.set(0)
            self._settle(batch, applied)

    def _fails(self, why: str) -> None:
        if not self.failing:
            log.error("writer: the database does not take records", error=why)
        self.failing = True
        metrics.WRITER_FAILING.set(1)

    def _settle(self, batch: Sequence[_Entry], applied: Applied) -> None:
        metrics.RECORDS_WRITTEN.inc(len(batch))
        dropped = {lost.id for lost in applied.dropped}
        for lost in applied.dropped:
            metrics.RECORDS_LOST.inc()
            log.warning("writer: a record was dropped", kind=lost.kind, record=str(lost.id), why=lost.reason)
        for record, future in batch:
            if future is not None and not future.done():
                if record.id in applied.refused:
                    future.set_result(Durability.REFUSED)
                elif record.id in dropped:
                    future.set_result(Durability.NOT_SAVED)
                else:
                    future.set_result(Durability.COMMITTED)


def _settle_all(batch: Sequence[_Entry], result: Durability) -> None:
    for _, future in batch:
        if future is not None and not future.done():
            future.set_result(result)
