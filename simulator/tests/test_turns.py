from __future__ import annotations

import asyncio
import uuid

import pytest

from simulator.known_models import KnownModel
from simulator.server import Simulator
from simulator.tests.driving import (
    DEVELOPER_MODEL,
    VERTEX_MODEL,
    VERTEX_PATH,
    Message,
    closing,
    dial,
    model_text,
    open_session,
    receive,
    send,
    sound,
    steps,
    text_turn,
    transcript,
    turn,
    turn_complete,
    until,
)

TEXT = {"responseModalities": ["TEXT"]}
TEXT_MODEL = "models/gemini-live-2.5-flash"


@pytest.mark.asyncio
async def test_audio_turn_developer(sim: Simulator) -> None:
    async with dial(sim) as ws:
        assert await open_session(ws, outputAudioTranscription={}) == {"setupComplete": {}}
        answer = await turn(ws, "hello")
    assert transcript(answer) == "Hello! This is the Gemini Live simulator, not Google. You said: “hello”."
    assert len(sound(answer)) > 2 * 24_000 * 2
    kinds = steps(answer)
    assert kinds[:3] == ["outputTranscription", "modelTurn", "outputTranscription"]
    assert kinds[-2:] == ["generationComplete", "turnComplete"]
    assert answer[-1]["usageMetadata"]["responseTokenCount"] > 0
    assert all("usageMetadata" not in message for message in answer[:-1])


@pytest.mark.asyncio
async def test_vertex_spelling(sim: Simulator) -> None:
    async with dial(sim, VERTEX_PATH) as ws:
        opened = await open_session(ws, VERTEX_MODEL)
        assert str(uuid.UUID(opened["setupComplete"]["sessionId"])) == opened["setupComplete"]["sessionId"]
        answer = await turn(ws, "hello")
    usage = answer[-1]["usageMetadata"]
    assert {"candidatesTokenCount", "candidatesTokensDetails", "trafficType"} <= set(usage)
    assert "responseTokenCount" not in usage
    assert transcript(answer) == ""
    assert answer[0]["serverContent"]["modelTurn"]["role"] == "model"


@pytest.mark.asyncio
async def test_newer_models_join_audio_and_transcript(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, "models/gemini-3.8-live", outputAudioTranscription={})
        answer = await turn(ws, "hello")
    assert set(answer[0]["serverContent"]) == {"modelTurn", "outputTranscription"}
    assert {} in answer
    assert {"serverContent": {}} in answer
    assert transcript(answer).endswith("“hello”.")


@pytest.mark.asyncio
async def test_text_turn(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, TEXT_MODEL, generationConfig=TEXT)
        assert "simulator, not Google" in model_text(await turn(ws, "hello"))
        assert model_text(await turn(ws, "count to 7")) == "The simulator counts: 1, 2, 3, 4, 5, 6, 7."
        markdown = model_text(await turn(ws, "markdown please"))
        assert {"# ", "- ", "| ", "```", "]("} <= {mark for mark in ("# ", "- ", "| ", "```", "](") if mark in markdown}
        assert 150 < len(model_text(await turn(ws, "a long answer")).split()) < 250
        await send(ws, {"realtimeInput": {"text": "by realtime input"}})
        assert "“by realtime input”" in model_text(await until(ws, turn_complete))


@pytest.mark.asyncio
async def test_history_and_instructions(sim: Simulator) -> None:
    system = {"parts": [{"text": "be brief"}]}
    async with dial(sim) as ws:
        await open_session(ws, TEXT_MODEL, generationConfig=TEXT, systemInstruction=system)
        given = [
            {"role": "user", "parts": [{"text": "my name is Ada"}]},
            {"role": "model", "parts": [{"text": "hi Ada"}]},
        ]
        await send(ws, {"clientContent": {"turns": given, "turnComplete": False}})
        told = model_text(await turn(ws, "history"))
        assert "1. user: “my name is Ada”\n2. model: “hi Ada”" in told
        assert "3. user: “history”\n4. model: “The simulator was given" in model_text(await turn(ws, "history again"))
        assert "“be brief”" in model_text(await turn(ws, "your instructions?"))
        await send(ws, {"contextUpdate": {"systemInstruction": {"parts": [{"text": "be verbose"}]}}})
        assert "“be verbose”" in model_text(await turn(ws, "your instructions?"))


@pytest.mark.asyncio
async def test_announced_history_triggers_no_answer(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(
            ws,
            "models/gemini-3.1-flash-live-preview",
            historyConfig={"initialHistoryInClientContent": True},
            outputAudioTranscription={},
        )
        given = [{"role": "user", "parts": [{"text": "seed"}]}]
        await send(ws, {"clientContent": {"turns": given, "turnComplete": True}})
        await send(ws, {"realtimeInput": {"text": "history"}})
        assert "1. user: “seed”" in transcript(await until(ws, turn_complete))
        await send(ws, text_turn("not allowed any more"))
        assert await closing(ws) == (1007, "Request contains an invalid argument.")


@pytest.mark.asyncio
async def test_thoughts(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, generationConfig={"thinkingConfig": {"includeThoughts": True}})
        answer = await turn(ws, "hello")
    assert answer[0]["serverContent"]["modelTurn"]["parts"][0]["thought"] is True
    assert answer[-1]["usageMetadata"]["thoughtsTokenCount"] > 0


@pytest.mark.asyncio
async def test_resumption(sim: Simulator) -> None:
    def handle_of(message: Message) -> str:
        assert message["sessionResumptionUpdate"]["resumable"] is True
        return str(message["sessionResumptionUpdate"]["newHandle"])

    async with dial(sim) as ws:
        await open_session(ws, sessionResumption={})
        assert handle_of(await receive(ws))
        await turn(ws, "remember me")
        handle = handle_of(await receive(ws))
    async with dial(sim) as ws:
        await open_session(ws, sessionResumption={"handle": handle}, outputAudioTranscription={})
        await receive(ws)
        assert "1. user: “remember me”" in transcript(await turn(ws, "history"))
    for model, wrong in ((DEVELOPER_MODEL, "unknown"), ("models/gemini-3.8-live", handle)):
        async with dial(sim) as ws:
            await send(ws, {"setup": {"model": model, "sessionResumption": {"handle": wrong}}})
            assert await closing(ws) == (1007, "Invalid session handle")
    sim.forget_sessions()
    async with dial(sim) as ws:
        await send(ws, {"setup": {"model": DEVELOPER_MODEL, "sessionResumption": {"handle": handle}}})
        assert await closing(ws) == (1007, "Invalid session handle")


@pytest.mark.asyncio
async def test_transparent_resumption(sim: Simulator) -> None:
    async with dial(sim, VERTEX_PATH) as ws:
        await open_session(ws, VERTEX_MODEL, sessionResumption={"transparent": True})
        assert (await receive(ws))["sessionResumptionUpdate"]["lastConsumedClientMessageIndex"] == "0"
        await turn(ws, "one")
        assert (await receive(ws))["sessionResumptionUpdate"]["lastConsumedClientMessageIndex"] == "1"


@pytest.mark.asyncio
async def test_models_given_by_a_test() -> None:
    async with Simulator(models=[KnownModel("invented", ("developer",), ("TEXT",))]) as sim:
        async with dial(sim) as ws:
            await open_session(ws, "models/invented")
            assert "simulator" in model_text(await turn(ws, "hello"))
        sim.models = ()
        async with dial(sim) as ws:
            await send(ws, {"setup": {"model": "models/invented"}})
            assert (await closing(ws))[0] == 1008


@pytest.mark.asyncio
async def test_many_sessions_at_once(sim: Simulator) -> None:
    async def one(at: int) -> str:
        async with dial(sim) as ws:
            await open_session(ws, outputAudioTranscription={})
            return transcript(await turn(ws, f"number {at}"))

    answers = await asyncio.gather(*(one(at) for at in range(20)))
    assert all(f"“number {at}”" in answer for at, answer in enumerate(answers))
