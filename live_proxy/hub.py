"""The open sockets of this process: who holds them, how many may be open, and closing those that must go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal
from uuid import UUID

import structlog

from live_proxy import metrics
from live_proxy.close_codes import RESTARTING, TAKEN_OVER, CloseCode
from live_proxy.session import Session

log = structlog.get_logger(__name__)

TICK = 0.5
DRAIN_POLL = 0.05
LAST_CLOSES = 5.0
CHECK_FOR = 1.0
MADE_PLACE = "Made place for another conversation."


@dataclass(slots=True, eq=False)
class Seat:
    """One socket's place, from before its set-up to its close. `valid` says, blocking, whether its credential
    still holds; `login` names the sign-in that it came with; `session` is None until set-up, and for a request over
    HTTP, which has `request_id` and `request_fence` in its place."""

    user_id: int
    client: Literal["web", "sdk", "http"]
    valid: Callable[[], bool]
    close: Callable[[int, str], None]
    login: str
    session: Session | None = None
    request_id: UUID | None = None
    request_fence: int = 1

    @property
    def session_id(self) -> UUID | None:
        """The key of its row in the record, once it has one."""
        return self.session.id if self.session is not None else self.request_id

    @property
    def fence(self) -> int:
        """The number that its messages are written with."""
        return self.session.fence if self.session is not None else self.request_fence

    @property
    def finishing(self) -> bool:
        """Whether whoever sat here has left, and an answer is finished for the record."""
        return self.session is not None and self.session.finishing

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer here."""
        return self.session.busy if self.session is not None else self.request_id is not None


def check(seats: Sequence[Seat]) -> tuple[int, list[Seat]]:
    """How many of `seats`, from the first on, a second was enough for, and whose credential has lapsed. At least one
    is checked. Blocking."""
    until, lapsed = monotonic() + CHECK_FOR, []
    for count, seat in enumerate(seats, start=1):
        if not seat.valid():
            lapsed.append(seat)
        if monotonic() >= until:
            return count, lapsed
    return len(seats), lapsed


class Full(Exception):
    """No seat is left. The text is for the client."""


class Hub:
    def __init__(self, *, max_sessions: int, max_per_user: int) -> None:
        self._max = max_sessions
        self._max_per_user = max_per_user
        self._seats: dict[Seat, None] = {}  # the oldest first
        self.draining = False

    def __len__(self) -> int:
        return len(self._seats)

    def take(self, seat: Seat) -> None:
        """Seat a socket. An answer that is finished for somebody who has left makes place for them. Raises `Full`."""
        mine = self.count_of(seat.user_id)
        if mine >= self._max_per_user:
            metrics.SESSIONS_REFUSED.labels("user").inc()
            raise Full(f"You have {mine} conversations open already; close one and try again.")
        left = [other for other in self.seats(seat.user_id) if other.finishing]
        if left and mine + len(left) >= self._max_per_user:
            left[0].close(CloseCode.LIMIT, MADE_PLACE)
        if len(self._seats) >= self._max:
            metrics.SESSIONS_REFUSED.labels("all").inc()
            raise Full("The service is full; try again in a moment.")
        self._seats[seat] = None
        metrics.SESSIONS.labels(seat.client).inc()

    def leave(self, seat: Seat) -> None:
        if seat in self._seats:
            del self._seats[seat]
            metrics.SESSIONS.labels(seat.client).dec()

    def session_ids(self) -> list[UUID]:
        """Of all that must not be taken for left behind."""
        return [found for seat in self._seats if (found := seat.session_id) is not None]

    def fences(self) -> dict[UUID, int]:
        """The same, each with the number that it writes with."""
        return {found: seat.fence for seat in self._seats if (found := seat.session_id) is not None}

    def count_of(self, user_id: int) -> int:
        """The sockets that somebody has open: not those that only finish an answer."""
        return sum(1 for seat in self._seats if seat.user_id == user_id and not seat.finishing)

    def holds(self, session_id: UUID) -> bool:
        return session_id in self.session_ids()

    def close_login(self, login: str, reason: str) -> None:
        for seat in list(self._seats):
            if seat.login == login:
                seat.close(CloseCode.SIGNED_OUT, reason)

    def close_session(self, session_id: UUID, code: int, reason: str) -> None:
        for seat in list(self._seats):
            if seat.session_id == session_id:
                seat.close(code, reason)

    async def hand_over(self, conversation_id: UUID, user_id: int) -> None:
        """End what finishes an answer in this user's conversation for a client that has left: it has come back."""
        for seat in list(self._seats):
            session = seat.session
            if session is None or not session.finishing or session.conversation_id != conversation_id:
                continue
            if seat.user_id == user_id:
                await session.ended()
                await session.end(CloseCode.TAKEN_OVER, TAKEN_OVER)

    def seats(self, user_id: int | None = None) -> list[Seat]:
        """Of one user or of all, the oldest first."""
        return [seat for seat in self._seats if user_id is None or seat.user_id == user_id]

    async def tick_forever(self) -> None:
        """Every session's deadlines, twice a second, and how late the loop was."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            now = loop.time()
            metrics.LOOP_LAG.set(max(0.0, now - due))
            for seat in list(self._seats):
                if seat.session is not None:
                    try:
                        seat.session.tick(now)
                    except Exception:
                        log.exception("session: tick failed", session=str(seat.session.id))

    async def drain(self, timeout: float) -> None:
        """Take nobody in, let open turns end for at most `timeout` seconds, then close with 1012."""
        self.draining = True
        for seat in list(self._seats):
            if seat.session is not None:
                await seat.session.warn(timeout)
        await self._until(lambda: not any(seat.busy for seat in self._seats), timeout)
        for seat in list(self._seats):
            seat.close(CloseCode.RESTARTING, RESTARTING)
        await self._until(lambda: not self._seats, LAST_CLOSES)

    @staticmethod
    async def _until(done: Callable[[], bool], timeout: float) -> None:
        for _ in range(round(timeout / DRAIN_POLL)):
            if done():
                return
            await asyncio.sleep(DRAIN_POLL)
