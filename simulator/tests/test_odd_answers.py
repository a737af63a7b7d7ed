from __future__ import annotations

import asyncio
import json
import time

import pytest

from simulator.answer import BIG_BYTES, FLOOD_BYTES
from simulator.server import Simulator
from simulator.tests.driving import (
    Message,
    dial,
    open_session,
    receive,
    send,
    setup_message,
    text_turn,
    transcript,
    turn,
    turn_complete,
    until,
)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["truncated_json", "not_json"])
async def test_garbage(sim: Simulator, name: str) -> None:
    sim.scenario = name
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await receive(ws)
        await receive(ws)
        with pytest.raises(ValueError):  # noqa: PT011
            await receive(ws)
        await until(ws, turn_complete)


@pytest.mark.asyncio
async def test_turns_without_content(sim: Simulator) -> None:
    sim.script(["empty_turn", "blocked"])
    async with dial(sim) as ws:
        await open_session(ws)
        empty = await turn(ws, "hello")
    assert [list(message["serverContent"]) for message in empty] == [["generationComplete"], ["turnComplete"]]
    async with dial(sim) as ws:
        await open_session(ws)
        (blocked,) = await turn(ws, "hello")
    assert blocked["serverContent"] == {"turnComplete": True, "turnCompleteReason": "PROHIBITED_INPUT_CONTENT"}


@pytest.mark.asyncio
async def test_big_message(sim: Simulator) -> None:
    sim.scenario = "big_message"
    async with dial(sim) as ws:
        await open_session(ws)
        answer = await turn(ws, "hello")
    assert max(len(json.dumps(message)) for message in answer) >= BIG_BYTES


@pytest.mark.asyncio
async def test_flood_does_not_outrun_its_reader(sim: Simulator) -> None:
    sim.scenario = "flood"
    async with dial(sim, max_queue=2, close_timeout=0.05) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await sim.wait_for(lambda s: len(s.connections[0].sent) > 100)
        await asyncio.sleep(0.1)
        waiting = len(sim.connections[0].sent)
        received = 0
        while received < 2**23:
            received += len(await ws.recv())
    assert waiting * 10_000 < FLOOD_BYTES / 2
    await sim.wait_for(lambda s: s.open_connections == 0)


@pytest.mark.asyncio
async def test_slow_drip(sim: Simulator) -> None:
    sim.scenario, sim.pace.drip_delay = "slow_drip", 0.05
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await receive(ws)
        began = time.monotonic()
        await receive(ws)
        assert time.monotonic() - began > 0.03


@pytest.mark.asyncio
async def test_unknown_fields(sim: Simulator) -> None:
    sim.scenario = "unknown_fields"
    async with dial(sim) as ws:
        opened = await open_session(ws)
        answer = await turn(ws, "hello")
    assert "futureField" in opened
    assert answer[0]["serverContent"]["futureContent"] == {"level": "NEW_LEVEL"}
    assert answer[-1]["serverContent"]["turnCompleteReason"] == "REASON_OF_THE_FUTURE"


@pytest.mark.asyncio
async def test_text_frames(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await send(ws, setup_message())
        assert isinstance(await ws.recv(), bytes)
    sim.scenario = "text_frames"
    async with dial(sim) as ws:
        await send(ws, setup_message())
        assert isinstance(await ws.recv(), str)


@pytest.mark.asyncio
async def test_thoughts_and_extended_thinking(sim: Simulator) -> None:
    sim.script(["thoughts", "extended_thinking"])
    async with dial(sim) as ws:
        await open_session(ws)
        assert (await turn(ws, "hello"))[0]["serverContent"]["modelTurn"]["parts"][0]["thought"] is True
    for model in ("models/gemini-3.8-live", "models/gemini-3.8-live-extended-thinking"):
        async with dial(sim) as ws:
            await open_session(ws, model, outputAudioTranscription={})
            answer = await turn(ws, "hello")
            for _ in range(2):
                answer += await until(ws, turn_complete)
        found = [message["serverContent"].get("interactionStatus") for message in answer if turn_complete(message)]
        assert found == ["IN_PROGRESS", "IN_PROGRESS", "IDLE"]
        assert transcript(answer).endswith("“hello”.")


def interrupted(message: Message) -> bool:
    return bool(message.get("serverContent", {}).get("interrupted"))


@pytest.mark.asyncio
async def test_interrupted_after_complete(sim: Simulator) -> None:
    sim.scenario, sim.chunk_delay = "interrupted_after_complete", 0.01
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("long"))
        await receive(ws)
        await send(ws, text_turn("stop"))
        assert not any(interrupted(message) for message in await until(ws, turn_complete))
        assert interrupted(await receive(ws))


@pytest.mark.asyncio
async def test_interrupted_after_generation(sim: Simulator) -> None:
    sim.scenario = "interrupted_after_generation"
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, text_turn("hello"))
        await until(ws, lambda message: message.get("serverContent", {}).get("generationComplete"))
        await send(ws, text_turn("stop"))
        assert interrupted(await receive(ws))
        assert turn_complete(await receive(ws))
