"""Who leaves in the middle of an answer finds all of it on record, unless they said goodbye or were talking."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from conversations.models import Message, Session
from conversations.records import Record
from conversations.services import Applied
from project.tests.driving import AUDIO, PageSocket, Service

pytestmark = pytest.mark.service

RELOADED = 1001
ANSWER = "Hello! This is the Gemini Live simulator, not Google. You said: “{}”."


async def leave(page: PageSocket, how: str) -> None:
    if how == "reloaded":
        await page.close(RELOADED)
    else:
        page.connection.transport.abort()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def in_mid_answer(service: Service) -> PageSocket:
    service.google.chunk_delay = 0.1
    page = await service.talk()
    await page.type("a story")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    return page


@pytest.mark.parametrize("how", ["reloaded", "cut off"])
async def test_the_answer_is_finished_for_the_record(service: Service, how: str) -> None:
    page = await in_mid_answer(service)
    await leave(page, how)
    await until(lambda: not len(service.runtime.hub))
    await service.written()
    answer = await Message.objects.aget(role="model")
    assert (answer.status, answer.text) == ("complete", ANSWER.format("a story"))
    session = await Session.objects.aget()
    assert session.close_code == (RELOADED if how == "reloaded" else 1005)
    assert service.google.open_connections == 0


async def test_a_goodbye_ends_it(service: Service) -> None:
    page = await in_mid_answer(service)
    await page.close(1000)
    await until(lambda: not len(service.runtime.hub))
    await service.written()
    answer = await Message.objects.aget(role="model")
    assert answer.status == "interrupted"
    assert answer.text != ANSWER.format("a story")


async def test_nobody_is_spoken_to_who_has_left(service: Service) -> None:
    service.google.scenario = "stall"
    page = await service.connect()
    await page.set_up(config=AUDIO)
    for _ in range(50):
        await page.send({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA" * 160}}})
    await page.send({"realtimeInput": {"audioStreamEnd": True}})
    await leave(page, "reloaded")
    await until(lambda: not len(service.runtime.hub))
    assert service.google.open_connections == 0


async def test_whoever_comes_back_to_talk_takes_over(service: Service) -> None:
    page = await in_mid_answer(service)
    (session,) = [seat.session for seat in service.runtime.hub._seats]
    assert session is not None
    seen = page.text()
    await leave(page, "reloaded")
    await until(lambda: session._visit.port.gone)
    again = await service.talk(conversation=session.conversation_id)
    service.google.chunk_delay = 0
    assert await again.ask("a short one") == ANSWER.format("a short one")
    await service.written()
    first, second = [row async for row in Message.objects.filter(role="model").order_by("position")]
    assert (first.status, second.status) == ("interrupted", "complete")
    assert first.text.startswith(seen), "nothing of what was said is lost"
    assert len(service.runtime.hub) == 1


async def test_a_drain_waits_for_it(service: Service) -> None:
    page = await in_mid_answer(service)
    await leave(page, "reloaded")
    await service.runtime.stop()
    assert (await Message.objects.aget(role="model")).status == "complete"
    assert await Session.objects.filter(ended_at__isnull=True).acount() == 0


async def test_who_is_signed_out_meanwhile_is_not_served_on(service: Service) -> None:
    page = await in_mid_answer(service)
    (seat,) = service.runtime.hub._seats
    assert seat.session is not None
    port = seat.session._visit.port
    await leave(page, "reloaded")
    await until(lambda: port.gone)
    service.runtime.hub.close_login(seat.login, "signed out")
    await until(lambda: not len(service.runtime.hub))
    await service.written()
    assert (await Message.objects.aget(role="model")).status == "interrupted"


async def test_what_was_asked_just_before_is_answered(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is on its way into the record when the page is left."""
    page = await service.talk()
    writer, open_again = service.runtime.writer, threading.Event()
    apply = writer._apply

    def slow(records: Sequence[Record]) -> Applied:
        open_again.wait(5)
        return apply(records)

    monkeypatch.setattr(writer, "_apply", slow)
    (seat,) = service.runtime.hub._seats
    assert seat.session is not None
    port = seat.session._visit.port
    await page.type("a story")
    await page.close(RELOADED)
    await until(lambda: port.gone)
    open_again.set()
    await until(lambda: not len(service.runtime.hub))
    await service.written()
    answer = await Message.objects.aget(role="model")
    assert (answer.status, answer.text) == ("complete", ANSWER.format("a story"))


async def test_an_answer_that_is_finished_takes_nobodys_place(service: Service) -> None:
    service.runtime.hub._max_per_user = 1
    page = await in_mid_answer(service)
    (seat,) = service.runtime.hub._seats
    await leave(page, "reloaded")
    await until(lambda: seat.finishing)
    service.google.chunk_delay = 0
    again = await service.talk()
    assert await again.ask("hello") == ANSWER.format("hello")
    await until(lambda: len(service.runtime.hub) == 1)
    await service.written()
    first = await Session.objects.order_by("started_at").afirst()
    assert first is not None and first.close_reason == "Made place for another conversation."


async def test_a_question_behind_one_that_it_cut_off_is_answered(service: Service) -> None:
    page = await in_mid_answer(service)
    service.google.chunk_delay = 0.05
    await page.type("another one")
    await page.notice("saved")
    await leave(page, "reloaded")
    await until(lambda: not len(service.runtime.hub))
    await service.written()
    last = await Message.objects.filter(role="model").order_by("position").alast()
    assert last is not None and (last.status, last.text) == ("complete", ANSWER.format("another one"))


async def test_places_are_made_for_one_and_not_for_many(service: Service) -> None:
    service.runtime.hub._max_per_user = 2
    page = await in_mid_answer(service)
    (seat,) = service.runtime.hub._seats
    await leave(page, "reloaded")
    await until(lambda: seat.finishing)
    seat.close = lambda code, reason: None  # as long as it takes to leave
    for _ in range(2):
        await service.talk()
    refused = await service.connect()
    assert (await refused.closed())[0] == 4429
