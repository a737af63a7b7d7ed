from __future__ import annotations

import uuid
from typing import Any

import pytest

from simulator.server import Simulator
from simulator.tests.driving import (
    DEVELOPER_MODEL,
    VERTEX_MODEL,
    VERTEX_PATH,
    Message,
    audio_message,
    dial,
    open_session,
    receive,
    send,
    silence,
    steps,
    text_turn,
    tone,
    transcript,
    turn,
    turn_complete,
    until,
)

TOOLS = [{"functionDeclarations": [{"name": "get_weather", "parameters": {"type": "OBJECT", "properties": {}}}]}]


async def begin_long(sim: Simulator, ws: Any) -> None:
    await send(ws, text_turn("long"))
    await sim.wait_for(lambda s: s.connections[-1].kinds.count("audio") >= 2)


def is_interrupted(message: Message) -> bool:
    return bool(message.get("serverContent", {}).get("interrupted"))


@pytest.mark.asyncio
async def test_text_interrupts(sim: Simulator) -> None:
    sim.chunk_delay = 0.01
    async with dial(sim) as ws:
        await open_session(ws, outputAudioTranscription={})
        await begin_long(sim, ws)
        sim.chunk_delay = 0.0
        await send(ws, text_turn("history"))
        before = await until(ws, is_interrupted)
        assert "generationComplete" not in steps(before)
        assert turn_complete(await receive(ws))
        answer = await until(ws, turn_complete)
        assert steps(answer)[-2:] == ["generationComplete", "turnComplete"]
        # As far as it was heard, and no further.
        assert f"model: “{transcript(before)}”" in transcript(answer)


@pytest.mark.asyncio
async def test_speech_interrupts(sim: Simulator) -> None:
    sim.chunk_delay = 0.01
    async with dial(sim) as ws:
        await open_session(ws)
        await begin_long(sim, ws)
        await send(ws, audio_message(tone(0.2)))
        await until(ws, is_interrupted)
        assert turn_complete(await receive(ws))
        sim.chunk_delay = 0.0
        await send(ws, audio_message(silence(0.6)))
        await until(ws, turn_complete)


@pytest.mark.asyncio
async def test_no_interruption(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, realtimeInputConfig={"activityHandling": "NO_INTERRUPTION"})
        sim.chunk_delay = 0.005
        await begin_long(sim, ws)
        await send(ws, audio_message(tone(0.2) + silence(0.6)))
        sim.chunk_delay = 0.0
        assert not any(is_interrupted(message) for message in await until(ws, turn_complete))
        assert not any(is_interrupted(message) for message in await until(ws, turn_complete))


@pytest.mark.asyncio
@pytest.mark.parametrize("vertex", [False, True])
async def test_tool_round(sim: Simulator, vertex: bool) -> None:
    async with dial(sim, VERTEX_PATH) if vertex else dial(sim) as ws:
        await open_session(ws, VERTEX_MODEL if vertex else DEVELOPER_MODEL, tools=TOOLS, outputAudioTranscription={})
        await send(ws, text_turn("please call get_weather"))
        (call,) = (await receive(ws))["toolCall"]["functionCalls"]
        assert list(call) == ["name", "args", "id"]
        assert (call["name"], call["args"]) == ("get_weather", {})
        assert uuid.UUID(call["id"]) if vertex else call["id"].startswith("function-call-")
        response = {"name": "get_weather", "response": {"output": "sunny"}}
        if not vertex:
            response["id"] = call["id"]
        await send(ws, {"toolResponse": {"functionResponses": [response]}})
        answer = await until(ws, turn_complete)
        assert 'The function get_weather answered: {"output": "sunny"}.' in transcript(answer)


@pytest.mark.asyncio
async def test_tool_call_is_cancelled(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, tools=TOOLS)
        await send(ws, text_turn("get_weather"))
        call_id = (await receive(ws))["toolCall"]["functionCalls"][0]["id"]
        await send(ws, text_turn("never mind"))
        assert await receive(ws) == {"toolCallCancellation": {"ids": [call_id]}}
        assert is_interrupted(await receive(ws))
        assert turn_complete(await receive(ws))
        await until(ws, turn_complete)
        late = {"id": call_id, "name": "get_weather", "response": {}}
        await send(ws, {"toolResponse": {"functionResponses": [late]}})
        assert "setupComplete" not in steps(await turn(ws, "still there?"))


@pytest.mark.asyncio
async def test_a_function_is_called_by_its_whole_name_only(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, tools=TOOLS)
        assert "toolCall" not in steps(await turn(ws, "forget_weather get_weathers"))
