"""What a program is told of its handle, however slow it is to keep."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from live_proxy.client_port import ClientPort
from live_proxy.session import program as program_module
from live_proxy.session.program import Kept, Program
from live_proxy.session.visit import Visit
from live_proxy.transcript import Transcript

NOW = datetime(2026, 1, 31, tzinfo=UTC)
GOOGLES = (cast(Any, None), "google-1")
TOLD = '{"sessionResumptionUpdate":{"newHandle":"h","resumable":true}}'


class Store:
    """Keeps handles, as slowly and as badly as a test says."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.handles: list[str] = []
        self.good = True
        self.free = asyncio.Event()
        self.free.set()

    async def keep(self, kept: Kept) -> bool:
        await self.free.wait()
        if self.good:
            self.kept.append(kept.position)
            self.handles.append(kept.handle)
        return self.good


class Told:
    def __init__(self) -> None:
        self.store = Store()
        self.said: list[str] = []
        self.transcript = Transcript(next_position=1, new_id=uuid4)
        self.program = Program(greeting={}, handle="h", keep=self.store.keep)

        async def send(event: dict[str, Any]) -> None:
            self.said.append(event["text"])

        loop = asyncio.get_running_loop()
        self.visit = cast(Visit, SimpleNamespace(port=ClientPort(send), transcript=self.transcript, loop=loop))

    def turn(self) -> None:
        self.ask()
        self.transcript.close_turn("complete", NOW)

    def ask(self) -> None:
        self.transcript.typed("hello", [], NOW)
        self.transcript.awaits_answer(NOW)

    async def settled(self) -> list[str]:
        await self.program.settled()
        return self.said


async def test_each_turn_tells_it() -> None:
    told = Told()
    for count in (1, 2):
        told.turn()
        told.program.tell(told.visit)
        assert await told.settled() == [TOLD] * count
    assert told.store.kept == [3, 5]


async def test_the_end_of_a_turn_while_it_is_being_kept_is_told() -> None:
    told = Told()
    told.turn()
    told.store.free.clear()
    told.program.tell(told.visit, again=False)  # the ticker was faster
    await asyncio.sleep(0)
    told.program.tell(told.visit)
    told.store.free.set()
    assert await told.settled() == [TOLD]


async def test_it_is_told_of_what_is_on_record_now() -> None:
    told = Told()
    told.turn()
    told.store.free.clear()
    told.program.tell(told.visit, again=False)
    await asyncio.sleep(0)
    told.turn()
    told.program.tell(told.visit)
    told.store.free.set()
    assert await told.settled() == []
    told.program.tell(told.visit, again=False)
    assert await told.settled() == [TOLD]
    assert told.store.kept == [3, 5]


async def test_what_could_not_be_kept_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_module, "RETRY", 0.0)
    told = Told()
    told.turn()
    told.store.good = False
    told.program.tell(told.visit)
    assert await told.settled() == []
    told.store.good = True
    told.program.tell(told.visit, again=False)
    assert await told.settled() == [TOLD]
    told.program.tell(told.visit, again=False)
    assert await told.settled() == [TOLD], "once"


async def test_googles_handle_is_good_for_what_was_said_before_it_came() -> None:
    """Turns that another upstream answered are none that Google's own session knows."""
    told = Told()
    told.turn()
    told.program.offer(GOOGLES, told.visit)
    told.program.tell(told.visit)
    await told.settled()
    told.turn()
    told.program.tell(told.visit)
    await told.settled()
    assert told.store.handles == ["google-1", ""]


async def test_googles_handle_that_comes_behind_the_next_question_knows_nothing_of_it() -> None:
    told = Told()
    told.turn()
    told.ask()
    told.program.offer(GOOGLES, told.visit)
    told.transcript.close_turn("complete", NOW)
    told.program.tell(told.visit)
    await told.settled()
    assert told.store.handles == [""]
