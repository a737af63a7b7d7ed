"""Downloads of what is on record: who has one under way, and the threads that read it.

Threads of their own, so that nobody who takes all of their data along delays a claim or a heartbeat. What is read
becomes text in the same threads: a long answer takes longer than the event loop may wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from weakref import WeakValueDictionary

from live_proxy.database import Database

THREADS = 2
MOST = 8
PIECE_BYTES = 256 * 1024
PIECE_SECONDS = 1.0
PIECE_TIMEOUT = 30.0
UNREAD = 60.0  # after which a download counts as given up: its reader may be gone without a word


class Busy(Exception):
    """No download now. `own`: because of one that the same person has under way."""

    def __init__(self, *, own: bool) -> None:
        super().__init__()
        self.own = own


class Lost(Exception):
    """A download went on after another had taken its place."""


class Exports:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.database = Database(THREADS, name="export")
        self._clock = clock
        # A download that nobody holds any more has ended, whichever way its request did.
        self._people: WeakValueDictionary[int, Download] = WeakValueDictionary()

    def begin(self, user_id: int, texts: Iterable[str]) -> Download:
        """`texts` is read in the threads. Raises `Busy`."""
        for one in list(self._people.values()):
            if one.read_at < self._clock() - UNREAD:
                self.leave(one)
        if user_id in self._people or len(self._people) >= MOST:
            raise Busy(own=user_id in self._people)
        download = self._people[user_id] = Download(self, user_id, texts)
        return download

    def holds(self, download: Download) -> bool:
        return self._people.get(download.user_id) is download

    def leave(self, download: Download) -> None:
        if self.holds(download):
            del self._people[download.user_id]

    def now(self) -> float:
        return self._clock()

    def close(self) -> None:
        self.database.close()


class Download:
    def __init__(self, exports: Exports, user_id: int, texts: Iterable[str]) -> None:
        self._exports = exports
        self._pieces = _pieces(texts)
        self.user_id = user_id
        self.read_at = exports.now()

    async def read(self) -> bytes | None:
        """The next piece, None after the last one. Raises errors of the database, `TimeoutError`, `Lost`."""
        if not self._exports.holds(self):
            raise Lost
        self.read_at = self._exports.now()
        return await self._exports.database.run(next, self._pieces, None, timeout=PIECE_TIMEOUT)

    def end(self) -> None:
        self._exports.leave(self)


def _pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Blocking. What is worth a way to the event loop: so many bytes, or what could be read in a moment."""
    held = bytearray()
    due = time.monotonic() + PIECE_SECONDS
    for text in texts:
        held += text.encode()
        if len(held) >= PIECE_BYTES or time.monotonic() >= due:
            yield bytes(held)
            held.clear()
            due = time.monotonic() + PIECE_SECONDS
    if held:
        yield bytes(held)
