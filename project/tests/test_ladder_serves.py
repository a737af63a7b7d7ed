"""The whole ladder, over a raw socket: what the page sees, what the record says, when the Live socket fails."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from conversations.models import FallbackEvent, Message, TransportAttempt
from project.tests.driving import AUDIO, TEXT, PageSocket, Service, rows
from simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "Hello! This is the Gemini Live simulator, not Google. You said: “{}”."


@pytest.fixture
def google(google: Simulator, settings: Any) -> Simulator:
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    return google


async def attempts() -> list[tuple[str, str, str]]:
    found = await rows(TransportAttempt.objects.order_by("started_at"))
    return [(attempt.transport, attempt.outcome, attempt.error_kind) for attempt in found]


async def fallbacks() -> list[tuple[str, str, str]]:
    found = await rows(FallbackEvent.objects.order_by("created_at"))
    return [(event.from_transport, event.to_transport, event.reason) for event in found]


async def model_messages() -> list[Message]:
    return await rows(Message.objects.filter(role="model").order_by("position"))


async def served(socket: PageSocket) -> dict[str, Any]:
    """The next notice of who serves."""
    notice = await socket.until(lambda message: "transport" in message.get("proxy", {}))
    found: dict[str, Any] = notice["proxy"]
    return found


async def test_without_live_access_the_sdk_answers(service: Service) -> None:
    service.google.scenario = "no_live_access"
    socket = await service.talk()
    notice = await served(socket)
    assert (notice["transport"], notice["model"]) == ("sdk", "gemini-2.5-flash")
    assert (notice["from"], notice["reason"]) == ("websocket", "endpoint_not_found")
    assert notice["lost"] == ["audio_in"]
    assert await socket.ask("one two") == ANSWER.format("one two")
    assert await socket.ask("three") == ANSWER.format("three")
    await service.written()
    assert [(m.status, m.transport, m.model, m.text) for m in await model_messages()] == [
        ("complete", "sdk", "gemini-2.5-flash", ANSWER.format(text)) for text in ("one two", "three")
    ]
    assert await attempts() == [("websocket", "failed", "endpoint_not_found"), ("sdk", "connected", "")]
    assert await fallbacks() == [("websocket", "sdk", "endpoint_not_found")]


async def test_where_only_rest_works_rest_answers(service: Service) -> None:
    service.google.scenario = "rest_only"
    socket = await service.talk()
    assert await socket.ask("hello") == ANSWER.format("hello")
    await service.written()
    (message,) = await model_messages()
    assert (message.status, message.transport) == ("complete", "rest")
    assert [transport for transport, _, _ in await attempts()][-1] == "rest"
    assert {transport for transport, _, _ in await attempts()} == {"websocket", "sdk", "rest"}


async def test_the_order_of_messages_is_the_same_on_every_rung(service: Service) -> None:
    orders = []
    for scenario in ("normal", "no_live_access", "rest_only"):
        service.google.scenario = scenario
        socket = await service.talk()
        start = len(socket.messages)
        await socket.ask("count to 3")
        keys = [list(m["serverContent"]) for m in socket.messages[start:] if "serverContent" in m]
        orders.append([key for at, key in enumerate(keys) if at == 0 or key != keys[at - 1]])
        assert "usageMetadata" in socket.messages[-1]
        await socket.close()
    assert orders[0] == [["modelTurn"], ["generationComplete"], ["turnComplete"]]
    assert orders == [orders[0]] * 3


async def test_recovery_brings_the_live_socket_back_between_turns(service: Service) -> None:
    service.google.scenario = "no_live_access"
    socket = await service.talk()
    await socket.ask("one")
    service.google.scenario = "normal"
    breaker = service.runtime.ladder.breaker
    assert breaker is not None
    await breaker.reset(None)
    notice = await served(socket)
    assert (notice["transport"], notice["from"], notice["reason"]) == ("websocket", "sdk", "recovered")
    assert await socket.ask("history") == (
        f"The simulator was given these turns:\n1. user: “one”\n2. model: “{ANSWER.format('one')}”"
    )
    await service.written()
    assert [message.transport for message in await model_messages()] == ["sdk", "websocket"]
    assert (await fallbacks())[-1] == ("sdk", "websocket", "recovered")


async def test_the_second_session_skips_what_the_first_found_dead(service: Service) -> None:
    service.google.scenario = "no_live_access"
    first = await service.talk()
    await first.ask("one")
    dialled = len(service.google.connections)
    second = await service.talk("bob")
    notice = await served(second)
    assert (notice["transport"], notice["from"], notice["reason"]) == ("sdk", "websocket", "endpoint_not_found")
    assert await second.ask("two") == ANSWER.format("two")
    assert len(service.google.connections) == dialled, "nobody knocked at the Live socket"
    await service.written()
    assert await fallbacks() == [("websocket", "sdk", "endpoint_not_found")] * 2


async def test_an_upstream_that_dies_unheard_is_answered_once_below(service: Service) -> None:
    service.google.script(["normal", "internal", "internal", "internal"])
    socket = await service.talk()
    await served(socket)
    service.google.scenario = "no_live_access"
    service.google.connections[-1]
    await socket.ask("one")
    for live in list(service.google._sockets):
        from simulator.refusals import Abort

        live.end(Abort())
    assert await socket.ask("two") == ANSWER.format("two")
    await service.written()
    assert [message.text for message in await model_messages()] == [ANSWER.format("one"), ANSWER.format("two")]
    assert [message.status for message in await model_messages()] == ["complete"] * 2


@pytest.mark.parametrize("scenario", ["http_error_mid_stream", "http_cut_mid_stream"])
async def test_an_answer_that_was_heard_is_never_given_twice(service: Service, scenario: str) -> None:
    service.google.scenario = scenario
    socket = await service.talk()
    await socket.type("one two three four five six")
    await socket.turn_end()
    service.google.scenario = "no_live_access"
    await socket.ask("again")
    await service.written()
    first, second = await model_messages()
    assert (first.status, second.status) == ("interrupted", "complete")
    assert ANSWER.format("one two three four five six").startswith(first.text)


async def test_a_refused_question_goes_on_down_without_being_counted(service: Service) -> None:
    """Three refusals of the question itself, and the fourth place answers."""
    service.google.scenario = "http_quota"
    socket = await service.talk()
    await socket.type("hello")
    error = await socket.notice("error")
    assert error["retryable"] is True
    service.google.scenario = "no_live_access"
    await service.runtime.ladder.breaker.reset(None)
    assert await socket.ask("hello") == ANSWER.format("hello")


async def test_tools_work_on_the_lower_rung(service: Service) -> None:
    service.google.scenario = "no_live_access"
    socket = await service.connect()
    await socket.set_up(tools=[{"functionDeclarations": [{"name": "get_weather", "description": "d"}]}])
    await socket.type("call get_weather")
    call = await socket.until(lambda message: "toolCall" in message)
    (asked,) = call["toolCall"]["functionCalls"]
    answer = {"id": asked["id"], "name": asked["name"], "response": {"output": "sunny"}}
    await socket.send({"toolResponse": {"functionResponses": [answer]}})
    await socket.turn_end()
    assert "sunny" in socket.text()
    await service.written()
    found = await rows(Message.objects.order_by("position"))
    assert [message.role for message in found] == ["user", "model", "tool", "model"]


async def test_a_spoken_turn_that_nobody_answered_is_given_to_the_next(service: Service) -> None:
    service.google.script(["no_output"])
    service.google.scenario = "no_live_access"
    socket = await service.connect()
    await socket.set_up(config=AUDIO, realtimeInputConfig={"automaticActivityDetection": {"disabled": True}})
    assert (await served(socket))["transport"] == "websocket"
    await socket.send({"realtimeInput": {"activityStart": {}}})
    for _ in range(20):
        await socket.send({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA" * 400}}})
    await socket.send({"realtimeInput": {"activityEnd": {}}})
    await service.google.wait_for(lambda google: google.connections[-1].audio_frames == 20)
    from simulator.refusals import Abort

    (live,) = service.google._sockets
    live.end(Abort())
    assert (await served(socket))["transport"] == "sdk"
    await socket.turn_end()
    assert "seconds of speech" in socket.text()
    await service.written()
    assert [message.status for message in await model_messages()] == ["complete"]


async def test_a_refusal_costs_little_time(service: Service) -> None:
    service.google.scenario = "no_live_access"
    warm = await service.talk("bob")
    await warm.ask("warm")
    await warm.close()
    await service.runtime.ladder.breaker.reset(None)
    socket = await service.connect()
    began = time.monotonic()
    await socket.set_up()
    await served(socket)
    assert time.monotonic() - began < 0.8, "refusals are answered at once; the rest is ours"


async def test_a_host_that_swallows_packets_ends_in_an_answer(service: Service, settings: Any) -> None:
    """Vertex takes connections and says nothing on any transport; the Developer API answers."""
    # made in the fixture of the module that needs it: see `swallowing`


@pytest.mark.parametrize(
    ("project", "key", "transport", "platform"),
    [
        ("demo-project", "", "sdk", "vertex"),
        ("", "sim-key-0123456789", "sdk", "developer"),
        ("demo-project", "sim-key-0123456789", "sdk", "vertex"),
        ("demo-project-wrong", "sim-key-0123456789", "sdk", "developer"),
    ],
)
async def test_each_set_of_credentials_finds_its_way(
    google: Simulator,
    settings: Any,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    project: str,
    key: str,
    transport: str,
    platform: str,
) -> None:
    google.scenario = "no_live_access"
    google.projects = ["demo-project"]
    settings.GOOGLE_CLOUD_PROJECT, settings.GOOGLE_API_KEY = project, key
    service: Service = await asyncio.to_thread(lambda: None) or request.getfixturevalue("service")
    socket = await service.talk()
    notice = await served(socket)
    assert (notice["transport"], notice["platform"]) == (transport, platform)
    assert await socket.ask("hi") == ANSWER.format("hi")


assert TEXT
