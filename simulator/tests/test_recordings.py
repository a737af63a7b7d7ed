"""The shape of the answers against real recorded traffic, which is not part of the project."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from simulator.known_models import KnownModel
from simulator.recordings import read_recording
from simulator.server import Simulator
from simulator.tests.driving import (
    KEY,
    VERTEX_PATH,
    Message,
    audio_message,
    dial,
    receive,
    send,
    silence,
    transcript,
    turn_complete,
    until,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("LIVE_RECORDINGS_DIR") or ROOT.parent / "shared" / "recordings")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"recordings not found at {FOLDER}: conformance replay skipped"
)
# What the recordings were made with; the service has retired these models, so the simulator does not know them.
MODELS = [
    KnownModel("gemini-live-2.5-flash-preview", ("developer",), ("TEXT", "AUDIO")),
    KnownModel("gemini-2.0-flash-live-preview-04-09", ("vertex",), ("TEXT", "AUDIO")),
    KnownModel("gemini-2.5-flash-native-audio-preview-09-2025", ("developer",)),
]


def log(name: str) -> tuple[list[Message], list[Message]]:
    """Client and server messages."""
    return messages(FOLDER / "js-genai" / f"live_{name}.websocket.log")


def cassette(name: str) -> tuple[list[Message], list[Message]]:
    pytest.importorskip("yaml")
    return messages(FOLDER / "pydantic-ai" / f"{name}.yaml")


def messages(path: Path) -> tuple[list[Message], list[Message]]:
    recording = read_recording(path)
    return [record.message for record in recording.sent], [record.message for record in recording.received]


def shape(value: Any) -> Any:
    """Keys in their order and types of values."""
    if isinstance(value, dict):
        return [(key, shape(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


async def replay(sent: list[Message], vertex: bool = False) -> list[Message]:
    """Everything the simulator answers to the recorded setup and the first turn."""
    async with Simulator(models=MODELS) as sim:
        dialled = dial(sim, VERTEX_PATH, KEY) if vertex else dial(sim)
        async with dialled as ws:
            await send(ws, sent[0])
            answers = [await receive(ws)]
            for message in sent[1:2]:
                await send(ws, message)
                answers += await until(ws, lambda got: turn_complete(got) or "toolCall" in got)
            return answers


def function_of(sent: list[Message]) -> str:
    """The declared function's name; the simulator calls a function only when it is named."""
    name: str = sent[0]["setup"]["tools"][0]["functionDeclarations"][0]["name"]
    return name


def the(messages: list[Message], kind: str) -> Message:
    """The first message that has a field of this name."""
    return next(m for m in messages if kind in m or kind in m.get("serverContent", {}))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("ML_Dev_should_send_text_in_async_session", ["setupComplete", "generationComplete", "usageMetadata"]),
        ("ML_Dev_should_return_error_for_invalid_input_in_async_session", ["setupComplete"]),
        ("Vertex_should_initialize_session_without_prefix", ["setupComplete"]),
        ("Vertex_should_send_text_in_async_session", ["setupComplete", "modelTurn"]),
        (
            "ML_Dev_should_receive_transcription_in_async_session_with_transcription_enabled",
            ["setupComplete", "outputTranscription"],
        ),
    ],
)
async def test_messages_have_the_recorded_shape(name: str, kinds: list[str]) -> None:
    sent, recorded = log(name)
    answers = await replay(sent, vertex=name.startswith("Vertex"))
    for kind in kinds:
        assert shape(the(answers, kind)) == shape(the(recorded, kind))


@pytest.mark.asyncio
async def test_tool_call() -> None:
    sent, recorded = log("ML_Dev_should_send_tool_response")
    sent[1]["clientContent"]["turns"][0]["parts"][0]["text"] += f" ({function_of(sent)})"
    answer, original = the(await replay(sent), "toolCall"), the(recorded, "toolCall")
    got, wanted = answer["toolCall"]["functionCalls"][0], original["toolCall"]["functionCalls"][0]
    assert list(got) == list(wanted)
    assert re.fullmatch(r"function-call-\d+", wanted["id"])
    assert re.fullmatch(r"function-call-\d+", got["id"])


@pytest.mark.asyncio
async def test_text_parts() -> None:
    sent, recorded = log("ML_Dev_should_reply_to_realtime_audio_input")
    async with Simulator(models=MODELS) as sim, dial(sim) as ws:
        for message in sent:
            await send(ws, message)
        await send(ws, audio_message(silence(0.6)))
        answers = await until(ws, turn_complete)
    assert shape(the(answers, "modelTurn")) == shape(the(recorded, "modelTurn"))


@pytest.mark.asyncio
async def test_audio_turn_in_order() -> None:
    sent, recorded = cassette("test_text_in_audio_out_turn")
    sent[0]["setup"]["generationConfig"]["thinkingConfig"] = {"includeThoughts": True}
    answers = await replay(sent)
    short: list[Message] = []
    for message in answers:
        if not short or shape(message) not in [shape(seen) for seen in short]:
            short.append(message)
    assert [shape(message) for message in short] == [shape(message) for message in recorded]


@pytest.mark.asyncio
async def test_tool_round_in_order() -> None:
    sent, recorded = cassette("test_tool_call_round")
    async with Simulator(models=MODELS) as sim, dial(sim) as ws:
        await send(ws, sent[0])
        sent[1]["client_content"]["turns"][0]["parts"][0]["text"] += f" ({function_of(sent)})"
        await send(ws, sent[1])
        answers = await until(ws, lambda message: "toolCall" in message)
        call = answers[-1]["toolCall"]["functionCalls"][0]
        sent[2]["tool_response"]["functionResponses"][0]["id"] = call["id"]
        await send(ws, sent[2])
        answers += await until(ws, turn_complete)
    response = sent[2]["tool_response"]["functionResponses"][0]["response"]
    assert json.dumps(response) in transcript(answers)
    for kind in ("setupComplete", "outputTranscription", "modelTurn", "generationComplete"):
        assert shape(the(answers, kind)) == shape(the(recorded, kind))
    last, original = answers[-1], recorded[-1]
    assert list(last) == list(original)
    assert list(last["usageMetadata"]) == list(original["usageMetadata"])


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["js-genai/hello_are_you_there.pcm", "pydantic-ai/marcelo_16khz.pcm"])
async def test_real_speech_is_noticed(name: str) -> None:
    pcm = (FOLDER / name).read_bytes()
    async with Simulator() as sim, dial(sim) as ws:
        await send(ws, {"setup": {"model": "models/gemini-3.8-live", "inputAudioTranscription": {}}})
        await receive(ws)
        for at in range(0, len(pcm), 3200):
            await send(ws, audio_message(pcm[at : at + 3200], url_safe=True))
        await send(ws, {"realtimeInput": {"audioStreamEnd": True}})
        answers = await until(ws, turn_complete)
    assert answers[0]["serverContent"]["inputTranscription"]["text"] == "(speech,"
