"""A person who wants no more of an answer, and what our page is told of words that were said aloud."""

from __future__ import annotations

import asyncio
import base64
import math
from array import array
from typing import Any

import pytest

from conversations.models import Message, TransportAttempt
from project.tests.driving import AUDIO, PageSocket, Service
from simulator import Simulator

pytestmark = pytest.mark.service

STOP = {"clientContent": {"turnComplete": False}, "proxy": {"stop": True}}


async def stopped(page: PageSocket) -> list[str]:
    """What the page is told from the stop to the end of the turn."""
    start = len(page.messages)
    await page.send(STOP)
    await page.turn_end()
    return [key for message in page.messages[start:] for key in message.get("serverContent", {})]


async def statuses() -> list[tuple[str, str]]:
    return [(row.role, row.status) async for row in Message.objects.order_by("position")]


@pytest.fixture(params=["websocket", "sdk", "rest"])
def transport(request: pytest.FixtureRequest, settings: Any, google: Simulator) -> str:
    settings.LIVE_TRANSPORTS = [request.param]
    return str(request.param)


async def test_an_answer_is_stopped_and_the_next_question_is_answered(transport: str, service: Service) -> None:
    service.google.chunk_delay = 0.2
    page = await service.talk()
    await page.type("hello, tell me a long story about gateways and the people who run them")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    told = await stopped(page)
    assert told[-2:] == ["interrupted", "turnComplete"]
    service.google.chunk_delay = 0
    assert await page.ask("and now something else")
    await service.written()
    assert await statuses() == [
        ("user", "complete"),
        ("model", "interrupted"),
        ("user", "complete"),
        ("model", "complete"),
    ]
    answers = Message.objects.filter(role="model")
    assert {row.transport async for row in answers} == {transport}


async def test_what_is_asked_right_after_a_stop_is_answered_by_the_same_model(transport: str, service: Service) -> None:
    """The connection that was stopped is still closing then: it gets no question, and nothing is held against it."""
    service.google.chunk_delay = 0.2
    page = await service.talk()
    await page.type("a long story")
    await page.send(STOP)
    service.google.chunk_delay = 0
    await page.type("the question that counts")
    await page.until(lambda message: message.get("proxy", {}).get("turn", {}).get("status") == "complete")
    await page.turn_end()
    assert "the question that counts" in page.text()
    await service.written()
    assert [status for role, status in await statuses() if role == "model"] == ["interrupted", "complete"]
    models = {attempt.model async for attempt in TransportAttempt.objects.filter(outcome__in=("ended", "connected"))}
    assert len(models) == 1


async def test_a_question_that_nobody_has_begun_to_answer_is_not_asked_again(service: Service) -> None:
    service.google.scenario = "no_output"
    page = await service.talk()
    await page.type("hello")
    await service.google.wait_for(lambda google: any("clientContent" in str(c.frames[1:]) for c in google.connections))
    assert await stopped(page) == ["interrupted", "turnComplete"]
    await asyncio.sleep(0.2)
    await service.written()
    assert await statuses() == [("user", "complete"), ("model", "interrupted")]


async def test_a_climb_goes_on_but_asks_nothing(service: Service) -> None:
    service.google.scenario = "never_setup"
    page = await service.talk()
    await page.type("hello")
    await page.notice("saved")
    assert await stopped(page) == ["interrupted", "turnComplete"]


async def test_stopping_when_nothing_is_asked_says_nothing(service: Service) -> None:
    page = await service.talk()
    assert await page.ask("hello")
    start = len(page.messages)
    await page.send(STOP)
    assert await page.ask("still there?")
    ends = [message for message in page.messages[start:] if message.get("serverContent", {}).get("turnComplete")]
    assert len(ends) == 1


async def test_our_page_learns_the_rows_of_a_spoken_turn(service: Service) -> None:
    page = await service.connect()
    await page.set_up(config=AUDIO, inputAudioTranscription={}, outputAudioTranscription={})
    await page.notice("transport")
    loud = array("h", (int(8000 * math.sin(math.tau * 220 * at / 16_000)) for at in range(9_600))).tobytes()
    for pcm in (loud, bytes(32_000)):
        blob = {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(pcm).decode()}
        await page.send({"realtimeInput": {"audio": blob}})
    begun = await page.notice("turn")
    assert begun["status"] == "pending"
    await page.turn_end()
    await service.written()
    (told,) = [
        message["proxy"]["turn"]
        for message in page.messages
        if message.get("proxy", {}).get("turn", {}).get("status") == "complete"
    ]
    question, answer = [row async for row in Message.objects.order_by("position")]
    assert (told["question"], told["message"]) == (str(question.id), str(answer.id))
    assert (question.modality, answer.modality) == ("audio", "audio")
    assert begun["message"] == told["message"]
