"""The scenarios that are neither a plain refusal nor a plain close: what exactly is on the wire."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from simulator.answer import HUGE_BYTES
from simulator.scenarios import SCENARIOS
from simulator.server import Simulator
from simulator.tests.driving import (
    DEVELOPER_PATH,
    KEY,
    Message,
    audio_message,
    closing,
    dial,
    open_session,
    receive,
    send,
    setup_message,
    silence,
    text_turn,
    tone,
    transcript,
    turn,
    turn_complete,
    until,
)

pytestmark = pytest.mark.asyncio
TOOLS = [{"functionDeclarations": [{"name": "get_time", "description": "the time"}]}]


async def test_every_scenario_says_in_a_line_what_it_does() -> None:
    for name, scenario in SCENARIOS.items():
        assert re.fullmatch(r"[a-z0-9_]{3,40}", name)
        assert scenario.name == name
        assert scenario.what.endswith(".")
        assert len(scenario.what) < 160


@pytest.mark.parametrize(
    ("name", "status", "content_type"),
    [
        ("no_such_page", 404, "text/html"),
        ("bad_gateway", 502, "text/html"),
        ("redirect", 302, "text/html"),
        ("not_a_socket", 200, "text/html"),
        ("server_error", 500, "application/json"),
        ("gateway_timeout", 504, "application/json"),
        ("bad_request", 400, "application/json"),
        ("api_disabled", 403, "application/json"),
        ("key_invalid", 400, "application/json"),
    ],
)
async def test_handshakes_that_are_answered_by_something_else(
    sim: Simulator, name: str, status: int, content_type: str
) -> None:
    sim.scenario = name
    async with httpx.AsyncClient(base_url=sim.base_url, trust_env=False) as client:
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        upgrade["Sec-WebSocket-Key"] = "c2ltdWxhdG9yIGtleSEhIQ=="
        answer = await client.get(DEVELOPER_PATH, headers=KEY | upgrade)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.headers["x-simulator"]


async def test_a_handshake_answered_with_no_http(sim: Simulator) -> None:
    sim.scenario = "no_http"
    with pytest.raises((InvalidMessage, InvalidHandshake, ConnectionClosed)):
        async with dial(sim):
            pass


async def test_only_pings(sim: Simulator) -> None:
    sim.scenario = "only_pings"
    sim.pace.ping_interval = 0.01
    async with dial(sim) as ws:
        await send(ws, setup_message())
        await asyncio.wait_for(await ws.ping(), 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ws.recv(), 0.1)
    assert sim.connections[0].setup is not None


@pytest.mark.parametrize(
    ("name", "begins"),
    [("error_at_setup", b'{"error"'), ("content_before_setup", b'{"serverContent"'), ("garbage_at_setup", b"<html>")],
)
async def test_something_else_instead_of_the_setups_completion(sim: Simulator, name: str, begins: bytes) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await send(ws, setup_message())
        assert bytes(await ws.recv(decode=False)).startswith(begins)


async def test_handles_that_are_refused_or_die(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, sessionResumption={})
        handle = (await receive(ws))["sessionResumptionUpdate"]["newHandle"]
    resuming = setup_message(sessionResumption={"handle": handle})
    sim.scenario = "handle_refused"
    async with dial(sim) as ws:
        await send(ws, resuming)
        assert await closing(ws) == (1007, "Invalid session handle")
    async with dial(sim) as ws:
        await open_session(ws)
    sim.scenario = "resumed_dies"
    async with dial(sim) as ws:
        await send(ws, resuming)
        assert "setupComplete" in await receive(ws)
        assert await closing(ws) == (1007, "Request contains an invalid argument.")


async def test_a_frozen_peer_answers_no_ping(sim: Simulator) -> None:
    sim.scenario = "freeze"
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await receive(ws)
        await receive(ws)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await ws.ping(), 0.1)
        ws.transport.abort()


async def test_a_message_that_trickles_in(sim: Simulator) -> None:
    sim.scenario = "slow_message"
    sim.pace.drip_delay = 0.01
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await receive(ws)
        await receive(ws)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ws.recv(), 0.1)
        ws.transport.abort()


@pytest.mark.parametrize(
    ("name", "begins"), [("empty_message", b""), ("wrong_types", b'{"serverContent"'), ("error_mid_turn", b'{"error"')]
)
async def test_one_odd_message_and_the_answer_goes_on(sim: Simulator, name: str, begins: bytes) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await receive(ws)
        await receive(ws)
        odd = bytes(await ws.recv(decode=False))
        assert odd.startswith(begins)
        assert (odd == b"") == (begins == b"")
        await until(ws, turn_complete)


async def test_huge_message(sim: Simulator) -> None:
    sim.scenario = "huge_message"
    async with dial(sim) as ws:
        await open_session(ws)
        answer = await turn(ws, "hello")
    assert max(len(json.dumps(message)) for message in answer) >= HUGE_BYTES


async def test_tool_calls_that_nobody_asked_for(sim: Simulator) -> None:
    sim.script(["tool_call", "tool_call_without_id", "tool_call_cancelled"])
    calls: list[Any] = []
    for _ in range(2):
        async with dial(sim) as ws:
            await open_session(ws, tools=TOOLS)
            await send(ws, text_turn("hello"))
            calls += (await receive(ws))["toolCall"]["functionCalls"]
    assert [sorted(call) for call in calls] == [["args", "id", "name"], ["args", "name"]]
    async with dial(sim) as ws:
        await open_session(ws, tools=TOOLS, outputAudioTranscription={})
        answers = await turn(ws, "hello")
    call = answers[0]["toolCall"]["functionCalls"][0]
    assert answers[1] == {"toolCallCancellation": {"ids": [call["id"]]}}
    assert "taken its function call back" in transcript(answers)


async def test_late_transcription(sim: Simulator) -> None:
    sim.scenario = "late_transcription"
    async with dial(sim) as ws:
        await open_session(ws, inputAudioTranscription={})
        await send(ws, audio_message(tone(0.6) + silence(0.8)))
        answers = await until(ws, turn_complete)
        assert not any("inputTranscription" in message.get("serverContent", {}) for message in answers)
        assert (await receive(ws))["serverContent"]["inputTranscription"]["text"]


async def test_a_session_that_cannot_be_resumed_while_it_speaks(sim: Simulator) -> None:
    sim.scenario = "unresumable_while_busy"
    async with dial(sim) as ws:
        await open_session(ws, sessionResumption={})
        assert (await receive(ws))["sessionResumptionUpdate"]["resumable"] is True
        answers = await turn(ws, "hello")
        assert answers[0] == {"sessionResumptionUpdate": {}}
        assert (await receive(ws))["sessionResumptionUpdate"]["resumable"] is True


@pytest.mark.parametrize(("name", "code"), [("life_ends", 1011), ("go_away_then_cut", 1006)])
async def test_the_end_of_a_life(sim: Simulator, name: str, code: int) -> None:
    sim.scenario = name
    sim.pace.go_away_after, sim.pace.go_away_time_left = 0.01, 0.02
    async with dial(sim) as ws:
        await open_session(ws)
        await turn(ws, "hello")
        if name == "go_away_then_cut":
            assert "goAway" in await receive(ws)
        assert (await closing(ws))[0] == code


async def test_a_reset_is_a_reset(sim: Simulator) -> None:
    sim.scenario = "reset"
    async with dial(sim) as ws:
        await send(ws, setup_message())
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
    assert closed.value.rcvd is None
    assert isinstance(closed.value.__cause__, ConnectionResetError)


async def test_a_base_url_chooses_the_scenario_of_its_connections(sim: Simulator) -> None:
    prefix = "/simulator/as/permission_denied"
    with pytest.raises(InvalidStatus) as refused:
        async with dial(sim, prefix + DEVELOPER_PATH):
            pass
    assert refused.value.response.status_code == 403
    async with dial(sim) as ws:
        await open_session(ws)
    async with httpx.AsyncClient(base_url=sim.base_url + "/simulator/as/http_quota/", trust_env=False) as client:
        answer = await client.post("v1beta/models/gemini-2.5-flash:countTokens", json={}, headers=KEY)
        assert answer.status_code == 429
        unknown = await client.post("/simulator/as/nonsense/v1beta/models/gemini-2.5-flash:countTokens", json={})
    assert unknown.status_code == 404
    assert [record.scenario for record in sim.connections] == ["permission_denied", "normal"]


async def test_no_more_sessions_than_allowed() -> None:
    async with Simulator(max_sessions=1) as sim:
        async with dial(sim) as ws:
            await open_session(ws)
            with pytest.raises(InvalidStatus) as refused:
                async with dial(sim):
                    pass
            assert refused.value.response.status_code == 429
        await sim.wait_for(lambda s: s.open_connections == 0)
        async with dial(sim) as ws:
            await open_session(ws)


async def test_the_developer_api_lists_its_models(sim: Simulator) -> None:
    async with httpx.AsyncClient(base_url=sim.base_url, trust_env=False) as client:
        assert (await client.get("/v1beta/models", headers={"x-goog-api-key": "wrong"})).status_code == 400
        models: list[Message] = (await client.get("/v1beta/models", headers=KEY)).json()["models"]
    methods = {model["name"]: model["supportedGenerationMethods"] for model in models}
    assert methods["models/gemini-3.8-live"] == ["bidiGenerateContent"]
    assert "generateContent" in methods["models/gemini-2.5-flash"]
    assert "models/gemini-live-2.5-flash-native-audio" not in methods


async def test_it_says_everywhere_that_it_is_the_simulator(sim: Simulator, tmp_path: Path) -> None:
    async with dial(sim) as ws:
        assert ws.response is not None
        assert ws.response.headers["x-simulator"]
        await open_session(ws, outputAudioTranscription={})
        assert "simulator, not Google" in transcript(await turn(ws, "hello"))
    async with httpx.AsyncClient(base_url=sim.base_url, trust_env=False, headers=KEY) as client:
        body = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
        answer = await client.post("/v1beta/models/gemini-2.5-flash:generateContent", json=body)
        assert "simulator" in answer.json()["modelVersion"]
        for path in ("/v1beta/models", "/no/such/path", "/simulator/"):
            assert (await client.get(path)).headers["x-simulator"]
    key = sim.create_service_account(tmp_path / "key.json")
    assert "simulator" in key["client_email"]
