"""When a search may run, and for how long: one of a person at a time, few at once, two seconds each. The writer of the
process takes its connections from the same pool, and must never wait for people who search.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import OperationalError, connection, transaction

SECONDS = 2.0
AT_ONCE = 4
STEPS = 10_000  # of SQLite's machine, between two looks at the clock

# How drivers say that a statement was ended: psycopg and sqlite3.
_ENDED = {"57014", "SQLITE_INTERRUPT"}


class SearchStopped(Exception):
    """There is no answer."""


class TooSlow(SearchStopped):
    pass


class TooMany(SearchStopped):
    pass


class GaveWay(SearchStopped):
    """The same person searches for something else by now."""


class Turn:
    """One search. What runs in it asks `go_on` between two statements."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.gave_way = False
        self.until = math.inf
        self._cancel: Callable[[], None] | None = None
        self._cancelling = threading.Lock()

    def go_on(self) -> None:
        if self.gave_way:
            raise GaveWay
        if time.monotonic() > self.until:
            raise TooSlow

    def give_way(self) -> None:
        """May be called again: what falls between two statements cancels nothing."""
        self.gave_way = True
        with self._cancelling:
            if self._cancel is not None:
                self._cancel()

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Statements in here end in time, or when another search takes over. Raises `TooSlow` and `GaveWay`."""
        self.until = time.monotonic() + SECONDS
        limit = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
        try:
            with limit(self):
                self.go_on()
                yield
        except OperationalError as error:
            cause: Any = error.__cause__
            if not {getattr(cause, "sqlstate", None), getattr(cause, "sqlite_errorname", None)} & _ENDED:
                raise
            self.go_on()
            raise TooSlow from None

    @contextmanager
    def cancelled_by(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Nobody cancels what the connection does after this."""
        with self._cancelling:
            self._cancel = cancel
        try:
            yield
        finally:
            with self._cancelling:
                self._cancel = None


_newest: dict[int, Turn] = {}
_looking = threading.Lock()
_places = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def turn_of(user_id: int) -> Iterator[Turn]:
    """Ends what that user searches for already, and waits for that and for a place. Raises `SearchStopped`."""
    mine = Turn()
    with _looking:
        before, _newest[user_id] = _newest.get(user_id), mine
    try:
        if before is not None:
            _take_over(before)
        mine.go_on()
        if not _places.acquire(blocking=False):
            _without_connection()
            if not _places.acquire(timeout=SECONDS):
                raise TooMany
        try:
            with mine.limited():
                yield mine
        finally:
            _places.release()
    finally:
        with _looking:
            if _newest.get(user_id) is mine:
                del _newest[user_id]
        mine.ended.set()


def _take_over(before: Turn) -> None:
    _without_connection()
    end = time.monotonic() + 2 * SECONDS
    before.give_way()
    while not before.ended.wait(0.1):
        if time.monotonic() > end:
            raise TooMany
        before.give_way()


def _without_connection() -> None:
    """Who waits with a connection in hand leaves one less to everybody else."""
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def _on_sqlite(turn: Turn) -> Iterator[None]:
    connection.ensure_connection()
    driver = connection.connection
    driver.set_progress_handler(lambda: turn.gave_way or time.monotonic() > turn.until, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, STEPS)


@contextmanager
def _on_postgresql(turn: Turn) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        # Compiling a plan takes longer than most searches.
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('jit', 'off', true)",
            [str(int(SECONDS * 1000))],
        )
        with turn.cancelled_by(_canceller(connection.connection)):
            yield


def _canceller(driver: Any) -> Callable[[], None]:
    def cancel() -> None:
        with suppress(driver.Error):  # it ends in time anyway
            driver.cancel_safe(timeout=1)

    return cancel
