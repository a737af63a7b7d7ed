"""What a program that speaks through Google's SDK is told beside upstream's messages: that its set-up holds, once
something serves, and the handle by which it finds its conversation again.

Google's handle never leaves the server. It is kept under ours as long as it fits what the record holds, so that
another process can resume where this one left.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from live_proxy.candidates import Candidate
from live_proxy.client_port import ClientGone
from live_proxy.protocol.codec import JsonObject
from live_proxy.session.visit import Visit
from live_proxy.tasks import spawn


@dataclass(frozen=True, slots=True)
class Kept:
    """Google's newest handle and the place in the record that it belongs to; nothing where there is none."""

    candidate: Candidate | None
    handle: str
    position: int


RETRY = 5.0  # seconds after a handle could not be kept

Keep = Callable[[Kept], Awaitable[bool]]
Offer = tuple[Candidate, str] | None


class Program:
    """`keep` makes a handle good for what it is given, and says whether it did; it raises nothing. `base` is the
    address by which the client knows this service."""

    def __init__(self, *, greeting: JsonObject, handle: str, keep: Keep, base: str = "") -> None:
        self.base = base
        self._greeting: JsonObject | None = greeting
        self._handle = handle
        self._keep = keep
        self._newest: Offer = None
        self._newest_at = 0  # the position behind the last message that it knows
        self._kept: Kept | None = None
        self._task: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._owed = False  # word of the handle

    async def served(self, visit: Visit) -> None:
        """Something serves: the client's set-up holds."""
        greeting, self._greeting = self._greeting, None
        if greeting is not None:
            await visit.port.send_json(greeting)

    @property
    def waits(self) -> bool:
        """Whether the client's set-up is not answered yet."""
        return self._greeting is not None

    def offer(self, newest: Offer, visit: Visit) -> None:
        """Google's newest handle, with the candidate that gave it."""
        # It may come behind the next question, of which it knows nothing yet.
        turn = visit.transcript.turn
        self._newest, self._newest_at = newest, visit.transcript.position if turn is None else turn.position

    def tell(self, visit: Visit, *, again: bool = True) -> None:
        """Between turns: make the handle good for what is on record now, and (`again`) tell the client of it. What
        cannot be told now is told when this is asked next."""
        self._owed = self._owed or again
        if visit.loop.time() < self._not_before:
            return
        if not self._handle or visit.transcript.turns or (self._task is not None and not self._task.done()):
            return
        position = visit.transcript.position
        # What was said since, by whomever it was answered, Google's own session may not know.
        candidate, handle = self._newest if self._newest and self._newest_at == position else (None, "")
        kept = Kept(candidate, handle, position)
        if kept.position > 1 and (self._owed or kept != self._kept):
            self._task = spawn(self._tell(visit, kept), name="program-handle")

    async def _tell(self, visit: Visit, kept: Kept) -> None:
        if not await self._keep(kept):
            self._not_before = visit.loop.time() + RETRY
            return
        self._kept = kept
        if self._owed and not visit.transcript.turns and kept.position == visit.transcript.position:
            self._owed = False
            with contextlib.suppress(ClientGone):  # its own side ends the session
                await visit.port.send_json({"sessionResumptionUpdate": {"newHandle": self._handle, "resumable": True}})

    async def settled(self) -> None:
        """Wait for what is under way."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=2.0)
