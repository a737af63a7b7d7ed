"""The main job: one typed message is answered by the direct WebSocket and is on record."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from project.tests.driving import FAMILY, Service, rows
from simulator import Simulator

pytestmark = pytest.mark.service


async def test_a_typed_message_is_answered_and_recorded(service: Service) -> None:
    page = await service.connect()
    welcome = await page.set_up()
    await page.type("hello", client_id="one")
    await page.turn_end()
    assert "hello" in page.text()
    await service.written()

    conversation = await Conversation.objects.aget()
    assert conversation.id == UUID(welcome["conversation"])
    assert (conversation.title, conversation.family) == ("hello", FAMILY)
    user, model = await rows(Message.objects.order_by("position"))
    assert (user.role, user.text, user.status, user.client_id) == ("user", "hello", "complete", "one")
    assert (model.role, model.status, model.transport) == ("model", "complete", "websocket")
    assert model.model == "gemini-live-2.5-flash"
    assert model.text == page.text()
    assert model.usage["total"] > 0
    assert model.first_output_ms is not None
    attempt = await TransportAttempt.objects.aget()
    assert (attempt.id, attempt.outcome) == (model.attempt_id, "connected")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is in it?\n\nnotes.txt:\n````\nsecret\n````", "What is in it?"),
        ("notes.txt:\n````\nsecret\n````", "notes.txt:"),
        ("Dear model,\nplease answer", "Dear model, please answer"),
        ("\n\n  begins late", "begins late"),
    ],
)
async def test_a_conversation_is_called_after_what_was_said(service: Service, text: str, title: str) -> None:
    page = await service.talk()
    await page.ask(text)
    await service.written()
    assert (await Conversation.objects.aget()).title == title


async def test_the_order_of_messages_is_the_live_apis_own(service: Service) -> None:
    page = await service.talk()
    await page.type("hello")
    await page.turn_end()
    kinds = [next(iter(message)) for message in page.messages if "proxy" not in message]
    assert kinds[0] == "setupComplete"
    assert kinds.count("setupComplete") == 1
    content = [message["serverContent"] for message in page.messages if "serverContent" in message]
    assert "generationComplete" in content[-2]
    assert "turnComplete" in content[-1]
    assert "usageMetadata" in page.messages[-1]


async def test_the_turn_is_durable_before_its_end_is_told(service: Service) -> None:
    page = await service.talk()
    await page.type("hello")
    turn = await page.notice("turn")
    await page.turn_end()
    stored = await Message.objects.aget(pk=turn["message"])
    assert stored.status == "complete"


async def test_the_typed_message_is_durable_before_it_goes_upstream(service: Service) -> None:
    service.google.scenario = "no_output"
    page = await service.talk()
    await page.type("hello")
    await service.google.wait_for(lambda google: any(len(c.frames) > 1 for c in google.connections))
    assert await Message.objects.filter(role="user", text="hello").acount() == 1


async def test_every_name_that_was_tried_is_on_record(
    service: Service, google: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    google.models = tuple(model for model in google.models if model.name != "gemini-live-2.5-flash")
    caplog.set_level(logging.INFO)
    page = await service.talk()
    await page.ask("hello")
    await service.written()
    attempts = await rows(TransportAttempt.objects.order_by("started_at"))
    assert [(attempt.model, attempt.outcome, attempt.close_code) for attempt in attempts] == [
        ("gemini-live-2.5-flash", "failed", 1008),
        ("gemini-2.5-flash-live", "failed", 1008),
        ("gemini-2.0-flash-live-preview-04-09", "failed", 1008),
        ("gemini-live-2.5-flash-native-audio", "connected", None),
    ]
    assert all("Publisher Model" in attempt.detail for attempt in attempts[:3])
    events = await rows(FallbackEvent.objects.order_by("created_at"))
    assert [(event.from_attempt_id, event.to_attempt_id, event.reason) for event in events] == [
        (one.id, other.id, "model_not_found") for one, other in zip(attempts, attempts[1:], strict=False)
    ]
    lines = caplog.text
    assert "[Gemini Live Direct] Access token obtained" in lines
    assert "[Gemini Live Direct] ✅ WebSocket connected to Live API" in lines
    assert "[Gemini Live Direct] ✅ Success with model gemini-live-2.5-flash-native-audio" in lines
    assert "[Gemini Live Direct] ❌ gemini-live-2.5-flash: close 1008" in lines


async def test_text_asked_of_an_audio_only_model_arrives_as_text(service: Service, google: Simulator) -> None:
    google.models = tuple(model for model in google.models if model.name != "gemini-live-2.5-flash")
    page = await service.talk()
    answer = await page.ask("hello")
    assert "hello" in answer
    assert b"inlineData" not in b"".join(f.encode() if isinstance(f, str) else f for f in page.frames)
    assert not any("outputTranscription" in m.get("serverContent", {}) for m in page.messages)
    await service.written()
    assert (await Message.objects.aget(role="model")).modality == "text"


async def test_reopening_a_conversation_carries_its_history(service: Service) -> None:
    page = await service.connect()
    welcome = await page.set_up()
    await page.ask("my name is Ada")
    await page.close()
    again = await service.connect(conversation=welcome["conversation"])
    await again.set_up()
    answer = await again.ask("history please")
    assert "my name is Ada" in answer
    await service.written()
    positions = await rows(Message.objects.order_by("position").values_list("position", "role"))
    assert positions == [(1, "user"), (2, "model"), (3, "user"), (4, "model")]
    assert await Session.objects.filter(conversation_id=welcome["conversation"]).acount() == 2


async def test_a_clean_close_closes_upstream_and_the_session(service: Service) -> None:
    page = await service.talk()
    await page.ask("hello")
    assert service.google.open_connections == 1
    await page.close()
    await service.google.wait_for(lambda google: google.open_connections == 0, timeout=1)
    assert service.google.connections[-1].close_code == 1000
    await service.written()
    session = await Session.objects.aget()
    assert (session.close_code, session.client) == (1000, "web")
    assert session.ended_at is not None
    assert (await TransportAttempt.objects.aget()).outcome == "ended"


async def test_leaving_in_mid_turn_keeps_what_was_heard(service: Service) -> None:
    service.google.chunk_delay = 0.05
    page = await service.talk()
    await page.type("long")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    await page.close()
    await service.google.wait_for(lambda google: google.open_connections == 0, timeout=1)
    await service.written()
    model = await Message.objects.aget(role="model")
    assert model.status == "interrupted"
    assert model.text


async def test_the_same_client_id_is_served_once(service: Service) -> None:
    page = await service.talk()
    await page.type("hello", client_id="same")
    await page.turn_end()
    for _ in range(3):
        await page.type("hello", client_id="same")
        assert await page.notice("saved") == "same"
    welcome = await Conversation.objects.aget()
    await page.close()
    other = await service.talk(conversation=welcome.id)
    await other.type("hello", client_id="same")
    assert await other.notice("saved") == "same"
    await service.written()
    assert await Message.objects.filter(role="user").acount() == 1
    assert sum(len(c.frames) - 1 for c in service.google.connections) <= 2  # the turn, and the history of the second


async def test_a_client_without_notices_sees_the_live_api_alone(service: Service) -> None:
    page = await service.talk(notices=False)
    await page.ask("hello")
    assert not any("proxy" in message for message in page.messages)


async def test_an_upstream_that_leaves_between_turns_is_replaced_with_history(service: Service) -> None:
    service.google.script(["session_idle_close"])
    page = await service.talk()
    await page.ask("my name is Ada")
    await service.google.wait_for(lambda google: google.open_connections == 0)
    answer = await page.ask("history please")
    assert "my name is Ada" in answer, (page.messages, [(c.frames, c.kinds) for c in service.google.connections])
    assert len(service.google.connections) == 2
