from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from simulator.scenarios import SCENARIOS
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

INTERNAL = "Internal error encountered."
DEADLINE = "Deadline expired before operation could complete."
AT_HANDSHAKE = {
    "no_live_access": (404, "NOT_FOUND"),
    "unauthorized": (401, "UNAUTHENTICATED"),
    "permission_denied": (403, "PERMISSION_DENIED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "unavailable": (503, "UNAVAILABLE"),
}
AT_SETUP = {
    "not_found": (1008, "models/gemini-2.5-flash-native-audio-preview-12-2025 is not found for API version v1beta"),
    "publisher_model_not_found": (1008, "Publisher Model `models/gemini-2.5-flash-native-audio-preview-12-2025` was"),
    "quota_close": (1011, "Request trace id: 4be1d0c7a9f2, [ORIGINAL ERROR] generic::resource_exhausted: RESOURCE_EXH"),
    "internal": (1011, INTERNAL),
    "invalid_argument": (1007, "Request contains an invalid argument."),
    "precondition": (1007, "Precondition check failed."),
    "location": (1007, "User location is not supported for the API use."),
    "cut_before_setup": (1006, ""),
}
MID_TURN = {
    "internal_mid_turn": (1011, INTERNAL),
    "cut_mid_turn": (1006, ""),
    "clean_close_mid_turn": (1000, ""),
}
ELSEWHERE = {  # below, or in test_odd_answers
    "normal",
    "never_accepts",
    "never_setup",
    "close_after_setup",
    "stall",
    "truncated_json",
    "not_json",
    "empty_turn",
    "no_output",
    "blocked",
    "big_message",
    "flood",
    "slow_drip",
    "unknown_fields",
    "text_frames",
    "thoughts",
    "extended_thinking",
    "interrupted_after_complete",
    "interrupted_after_generation",
    "go_away",
    "go_away_after_turn",
    "session_idle_close",
}


def test_every_scenario_is_tested() -> None:
    of_requests = {name for name in SCENARIOS if name.startswith("http_")} | {"rest_only", "nothing_works"}
    assert set(SCENARIOS) == {*AT_HANDSHAKE, *AT_SETUP, *MID_TURN, *ELSEWHERE, *of_requests}


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


@pytest.mark.asyncio
@pytest.mark.parametrize("name", MID_TURN)
async def test_mid_turn(sim: Simulator, name: str) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        assert await closing(ws) == MID_TURN[name]
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].kinds == ["setupComplete", "audio", "audio"]
    assert sim.connections[0].ended_with == MID_TURN[name]
    assert sim.connections[0].refused is None


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
async def test_close_after_setup(sim: Simulator) -> None:
    sim.scenario = "close_after_setup"
    async with dial(sim) as ws:
        await open_session(ws)
        assert await closing(ws) == (1011, INTERNAL)


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
