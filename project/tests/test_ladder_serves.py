"""The whole ladder, over a raw socket: what the page sees, what the record says, when the Live socket fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conversations.models import FallbackEvent, Message, TransportAttempt
from live_proxy.tests.upstreams import tcp_server
from live_proxy.transports.sdk import load_sdk
from project.tests.driving import AUDIO, PageSocket, Service, rows
from simulator import Simulator
from simulator.refusals import Abort

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "Hello! This is the Gemini Live simulator, not Google. You said: “{}”."


@pytest.fixture
async def google(
    google: Simulator, settings: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Simulator]:
    """All rungs. A test may name its `project`, its API `key`, and what is wrong with `vertex`."""
    asked = getattr(request.node, "callspec", None)
    params = asked.params if asked else {}
    await asyncio.to_thread(load_sdk)  # two seconds that a busy machine may make longer than a short deadline
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    settings.GOOGLE_CLOUD_PROJECT = params.get("project", settings.GOOGLE_CLOUD_PROJECT)
    settings.GOOGLE_API_KEY = params.get("key", "")
    if params.get("vertex") == "bad credential":
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "no-such-file.json"))
    if params.get("vertex") != "silent":
        yield google
        return

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tcp_server(says_nothing) as base:
        settings.GOOGLE_VERTEX_BASE_URL = base
        yield google


@pytest.fixture
def project() -> None:
    """Named by parameters, read by `google`."""


@pytest.fixture
def key() -> None:
    """Named by parameters, read by `google`."""


@pytest.fixture
def vertex() -> None:
    """Named by parameters, read by `google`."""


async def attempts() -> list[tuple[str, str, str]]:
    found = await rows(TransportAttempt.objects.order_by("started_at"))
    return [(attempt.transport, attempt.outcome, attempt.error_kind) for attempt in found]


async def attempt_behind(message: Message) -> TransportAttempt:
    """Not simply the newest attempt: between turns a session looks for a better transport at any moment."""
    assert message.attempt_id is not None
    return await TransportAttempt.objects.aget(pk=message.attempt_id)


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


async def test_who_has_left_is_answered_further_down(service: Service) -> None:
    service.google.scenario = "no_live_access"
    socket = await service.talk()
    await socket.type("hello")
    await socket.notice("saved")
    await socket.close(1001)
    async with asyncio.timeout(10):
        while len(service.runtime.hub):
            await asyncio.sleep(0.01)
    await service.written()
    (message,) = await model_messages()
    assert (message.status, message.text, message.transport) == ("complete", ANSWER.format("hello"), "sdk")


async def test_where_only_rest_works_rest_answers(service: Service) -> None:
    service.google.scenario = "rest_only"
    socket = await service.talk()
    assert await socket.ask("hello") == ANSWER.format("hello")
    await service.written()
    (message,) = await model_messages()
    assert (message.status, message.transport) == ("complete", "rest")
    assert (await attempt_behind(message)).transport == "rest"
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
    await service.runtime.breaker.reset(None)
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
    service.google.script(["no_output"])
    service.google.scenario = "no_live_access"
    socket = await service.talk()
    await served(socket)
    await socket.type("two")
    await service.google.wait_for(lambda google: [len(c.frames) for c in google.connections[-1:]] == [2])
    (live,) = service.google._sockets
    live.end(Abort())
    await socket.turn_end()
    assert socket.text() == ANSWER.format("two")
    await service.written()
    (message,) = await model_messages()
    assert (message.status, message.transport, message.text) == ("complete", "sdk", ANSWER.format("two"))
    assert (await fallbacks())[0][2] == "network"


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
    service.google.scenario = "http_quota"
    socket = await service.talk()
    await socket.type("hello")
    error = await socket.notice("error")
    assert error["retryable"] is True
    service.google.scenario = "no_live_access"
    await service.runtime.breaker.reset(None)
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
    await service.google.wait_for(lambda google: [c.audio_frames for c in google.connections[-1:]] == [20])
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
    await service.runtime.breaker.reset(None)
    socket = await service.connect()
    began = time.monotonic()
    await socket.set_up()
    await served(socket)
    assert time.monotonic() - began < 0.8, "refusals are answered at once; the rest is ours"


async def test_a_live_socket_that_swallows_packets_ends_in_an_answer(service: Service) -> None:
    """A fifth of the real deadlines: attempts of 1 s, and 4 s for the whole climb."""
    service.google.scenario = "never_accepts"
    service.runtime.ladder._setup_timeout, service.runtime.ladder._climb_timeout = 1.0, 4.0
    socket = await service.connect()
    began = time.monotonic()
    await socket.set_up()
    assert await socket.ask("hello") == ANSWER.format("hello")
    assert time.monotonic() - began < 4.0
    assert (await model_messages())[0].transport == "sdk"


@pytest.mark.parametrize("key", ["sim-key-0123456789"])
@pytest.mark.parametrize("vertex", ["silent"])
async def test_a_whole_platform_that_swallows_packets_ends_in_an_answer_of_the_other(
    service: Service, key: str, vertex: str
) -> None:
    service.google.scenario = "rest_only"
    service.runtime.ladder._setup_timeout, service.runtime.ladder._climb_timeout = 1.0, 8.0
    socket = await service.connect()
    began = time.monotonic()
    await socket.set_up()
    assert await socket.ask("hello") == ANSWER.format("hello")
    assert time.monotonic() - began < 8.0
    assert (await model_messages())[0].transport == "rest"


@pytest.mark.parametrize(
    ("project", "key", "scenario", "transport", "platform"),
    [
        pytest.param("demo-project", "", "no_live_access", "sdk", "vertex", id="vertex alone"),
        pytest.param("", "sim-key-0123456789", "no_live_access", "sdk", "developer", id="key alone"),
        pytest.param("", "sim-key-0123456789", "rest_only", "rest", "developer", id="key alone, REST only"),
        pytest.param("demo-project", "sim-key-0123456789", "no_live_access", "sdk", "vertex", id="both"),
        pytest.param("wrong-project", "sim-key-0123456789", "rest_only", "rest", "developer", id="wrong project"),
    ],
)
async def test_each_set_of_credentials_finds_its_way(
    service: Service, project: str, key: str, scenario: str, transport: str, platform: str
) -> None:
    service.google.scenario = scenario
    service.google.projects = ["demo-project"]
    socket = await service.talk()
    notice = await served(socket)
    assert (notice["transport"], notice["platform"]) == (transport, platform)
    assert await socket.ask("hi") == ANSWER.format("hi")


@pytest.mark.parametrize("key", ["sim-key-0123456789"])
@pytest.mark.parametrize("vertex", ["bad credential"])
async def test_a_bad_credential_on_vertex_still_reaches_the_developer_api(
    service: Service, key: str, vertex: str
) -> None:
    service.google.scenario = "rest_only"
    socket = await service.talk()
    assert await socket.ask("hi") == ANSWER.format("hi")
    await service.written()
    found = await rows(TransportAttempt.objects.order_by("started_at"))
    assert [(a.transport, a.platform, a.error_kind) for a in found if a.platform == "vertex"] == [
        ("websocket", "vertex", "credentials")
    ], "one look is enough: the platform is out on every transport"
    answered = await attempt_behind(*await model_messages())
    assert (answered.transport, answered.platform) == ("rest", "developer")


@pytest.mark.parametrize("project", [""])
async def test_without_any_credentials_one_sentence_says_so(service: Service, project: str) -> None:
    socket = await service.talk()
    await socket.type("hello")
    await socket.notice("saved")
    error = await socket.notice("error")
    assert error["tried"] == []
    assert error["retryable"] is False
    await service.written()
    assert [message.status for message in await model_messages()] == ["failed"]
