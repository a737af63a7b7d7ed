from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from simulator.refusals import Close
from simulator.scenarios.closes import CLOSES
from simulator.server import Simulator
from simulator.tests.driving import (
    closing,
    dial,
    open_session,
    receive,
    send,
    setup_message,
    text_turn,
    turn,
)

Ending = tuple[int, str]
INTERNAL = "Internal error encountered."
DEADLINE = "Deadline expired before operation could complete."
AT_HANDSHAKE = {
    "no_live_access": (404, "NOT_FOUND"),
    "unauthorized": (401, "UNAUTHENTICATED"),
    "permission_denied": (403, "PERMISSION_DENIED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "unavailable": (503, "UNAVAILABLE"),
}
LIKE_GOOGLE = {  # the beginnings of what Google has been seen to say
    "internal": (1011, INTERNAL),
    "quota_close": (1011, "Request trace id: 4be1d0c7a9f2, [ORIGINAL ERROR] generic::resource_exhausted: RESOURCE_EXH"),
    "quota_plan": (1011, "You exceeded your current quota, please check your plan and billing"),
    "token_used": (1011, "Token has been used too many times"),
    "deadline": (1011, DEADLINE),
    "unavailable_close": (1011, "The service is currently unavailable."),
    "api_key_not_valid": (1007, "API key not valid. Please pass a valid API key."),
    "auth_token_malformed": (1007, "Missing or malformed auth token"),
    "location": (1007, "User location is not supported for the API use."),
    "modality": (1007, "The requested combination of response modalities (TEXT) is not supported by the model."),
    "voice_without_audio": (1007, "Cannot extract voices from a non-audio request."),
    "thinking_level": (1007, "Thinking level must be specified for this model."),
    "media_chunks": (1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead"),
    "bad_tools": (1007, "* BidiGenerateContentRequest.setup.tools[0].function_declarations[3].parameters"),
    "invalid_argument": (1007, "Request contains an invalid argument."),
    "precondition": (1007, "Precondition check failed."),
    "invalid_handle": (1007, "Invalid session handle"),
    "project_not_found": (1008, "Request trace id: "),
    "unregistered": (1008, "Method doesn't allow unregistered callers (callers without established identity)."),
    "session_not_found": (1008, "BidiGenerateContent session not found"),
    "entity_not_found": (1008, "Requested entity was not found."),
    "not_implemented": (1008, "Operation is not implemented, or supported, or enabled."),
    "clean": (1000, ""),
    "cut": (1006, ""),
    "reset": (1006, ""),
}
AT_SETUP = {
    "not_found": (1008, "models/gemini-2.5-flash-native-audio-preview-12-2025 is not found for API version v1beta"),
    "publisher_model_not_found": (1008, "Publisher Model `models/gemini-2.5-flash-native-audio-preview-12-2025` was"),
}
STAGES = ("", "_after_setup", "_mid_turn")


def expected(name: str) -> Ending:
    """What a client sees of an ending."""
    ending = CLOSES[name]
    return (ending.code, ending.cut) if isinstance(ending, Close) else (1006, "")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", AT_HANDSHAKE)
async def test_at_the_handshake(sim: Simulator, name: str) -> None:
    sim.scenario = name
    with pytest.raises(InvalidStatus) as refused:
        async with dial(sim):
            pass
    response = refused.value.response
    error = json.loads(response.body or b"")["error"]
    assert (response.status_code, error["code"], error["status"]) == (AT_HANDSHAKE[name][0], *AT_HANDSHAKE[name])
    assert ("Retry-After" in response.headers) == (name == "quota")
    assert sim.connections[0].refused == (response.status_code, error["message"])
    assert not sim.connections[0].is_open


@pytest.mark.asyncio
@pytest.mark.parametrize("name", AT_SETUP)
async def test_at_the_setup(sim: Simulator, name: str) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await send(ws, setup_message())
        code, reason = await closing(ws)
    assert code == AT_SETUP[name][0]
    assert reason.startswith(AT_SETUP[name][1])
    assert len(reason.encode()) <= 123
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].kinds == []
    assert sim.connections[0].setup is not None


@pytest.mark.parametrize("name", LIKE_GOOGLE)
def test_the_words_are_googles(name: str) -> None:
    code, words = LIKE_GOOGLE[name]
    assert expected(name)[0] == code
    assert expected(name)[1].startswith(words)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CLOSES)
@pytest.mark.parametrize("stage", STAGES)
async def test_every_close_at_every_stage(sim: Simulator, name: str, stage: str) -> None:
    sim.scenario = name + stage
    seen: list[str] = []
    async with dial(sim) as ws:
        await send(ws, setup_message())
        if stage:
            assert "setupComplete" in await receive(ws)
            seen.append("setupComplete")
        if stage == "_mid_turn":
            await send(ws, text_turn("hello"))
            seen += ["audio", "audio"]
        assert await closing(ws) == expected(name)
    await sim.wait_for(lambda s: s.open_connections == 0)
    (record,) = sim.connections
    assert record.kinds == seen
    assert len(expected(name)[1].encode()) <= 123


@pytest.mark.asyncio
async def test_never_accepts(sim: Simulator) -> None:
    sim.scenario = "never_accepts"
    with pytest.raises(TimeoutError):
        async with dial(sim, open_timeout=0.05):
            pass
    await sim.wait_for(lambda s: s.open_connections == 0)
    waiting = asyncio.create_task(dial(sim).__aenter__())
    await sim.wait_for(lambda s: s.open_connections == 1)
    await sim.stop()
    with pytest.raises(Exception, match="."):
        await waiting


@pytest.mark.asyncio
async def test_never_setup(sim: Simulator) -> None:
    sim.scenario = "never_setup"
    sim.pace.setup_deadline = 0.1
    async with dial(sim) as ws:
        await send(ws, setup_message())
        await asyncio.wait_for(await ws.ping(), 1)
        assert await closing(ws) == (1011, DEADLINE)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["stall", "no_output"])
async def test_silence(sim: Simulator, name: str) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        for _ in range(2 if name == "stall" else 0):
            assert "modelTurn" in (await receive(ws))["serverContent"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ws.recv(), 0.05)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["go_away", "go_away_after_turn"])
async def test_go_away(sim: Simulator, name: str) -> None:
    sim.scenario = name
    sim.pace.go_away_after, sim.pace.go_away_time_left = 0.02, 0.05
    async with dial(sim) as ws:
        await open_session(ws)
        if name == "go_away_after_turn":
            await turn(ws, "hello")
        assert await receive(ws) == {"goAway": {"timeLeft": "0.05s"}}
        assert await closing(ws) == (1011, DEADLINE)


@pytest.mark.asyncio
async def test_session_idle_close(sim: Simulator) -> None:
    sim.scenario = "session_idle_close"
    async with dial(sim) as ws:
        await open_session(ws)
        await turn(ws, "hello")
        assert await closing(ws) == (1000, "")


@pytest.mark.asyncio
async def test_script_comes_before_scenario(sim: Simulator) -> None:
    sim.scenario = "quota"
    sim.script(["internal", "normal"])
    seen: list[Any] = []
    for _ in range(3):
        try:
            async with dial(sim) as ws:
                await send(ws, setup_message())
                first = await ws.recv() if len(seen) == 1 else await closing(ws)
                seen.append(first)
        except InvalidStatus as refused:
            seen.append(refused.response.status_code)
    assert seen[0] == (1011, INTERNAL)
    assert b"setupComplete" in seen[1]
    assert seen[2] == 429
    with pytest.raises(ValueError, match="unknown scenario 'x'"):
        sim.scenario = "x"
