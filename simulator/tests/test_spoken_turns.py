from __future__ import annotations

import pytest

from simulator.server import Simulator
from simulator.tests.driving import (
    VERTEX_MODEL,
    VERTEX_PATH,
    audio_message,
    closing,
    dial,
    open_session,
    receive,
    send,
    silence,
    tone,
    transcript,
    turn_complete,
    until,
)


@pytest.mark.asyncio
async def test_server_side_voice_detection(sim: Simulator) -> None:
    pcm = silence(0.3) + tone(1.2) + silence(0.7)
    async with dial(sim) as ws:
        await open_session(ws, inputAudioTranscription={}, outputAudioTranscription={})
        for at in range(0, len(pcm), 3200):
            await send(ws, audio_message(pcm[at : at + 3200], url_safe=at % 6400 == 0))
        answer = await until(ws, turn_complete)
    heard = [message["serverContent"]["inputTranscription"]["text"] for message in answer[:2]]
    assert heard == ["(speech,", " 1.2 s)"]
    assert "I heard 1.2 seconds" in transcript(answer)
    assert answer[-1]["usageMetadata"]["promptTokensDetails"][1]["modality"] == "AUDIO"
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].audio_frames == 22
    assert sim.connections[0].audio_bytes == len(pcm)


@pytest.mark.asyncio
async def test_end_of_the_stream_ends_the_turn(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws, inputAudioTranscription={})
        await send(ws, audio_message(tone(0.5, 24_000), rate=24_000))
        await send(ws, {"realtimeInput": {"audioStreamEnd": True}})
        answer = await until(ws, turn_complete)
        assert answer[1]["serverContent"]["inputTranscription"]["text"] == " 0.5 s)"


@pytest.mark.asyncio
async def test_manual_activity(sim: Simulator) -> None:
    detection = {"automaticActivityDetection": {"disabled": True}}
    async with dial(sim) as ws:
        await open_session(ws, inputAudioTranscription={}, realtimeInputConfig=detection)
        await send(ws, audio_message(tone(0.3)))
        await send(ws, {"realtime_input": {"activity_start": {}}})
        await send(ws, audio_message(silence(1.0)))
        await send(ws, {"realtime_input": {"activity_end": {}}})
        answer = await until(ws, turn_complete)
        assert answer[1]["serverContent"]["inputTranscription"]["text"] == " 1.0 s)"
        await send(ws, {"realtimeInput": {"audioStreamEnd": True}})
        assert (await closing(ws))[0] == 1007


@pytest.mark.asyncio
async def test_explicit_voice_activity(sim: Simulator) -> None:
    async with dial(sim, VERTEX_PATH) as ws:
        await open_session(ws, VERTEX_MODEL, explicitVadSignal=True)
        await send(ws, audio_message(tone(0.5) + silence(0.6)))
        assert (await receive(ws))["voiceActivity"]["type"] == "ACTIVITY_START"
        assert (await receive(ws))["voiceActivity"] == {"type": "ACTIVITY_END", "audioOffset": "0.5s"}
