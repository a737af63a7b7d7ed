"""The simulator's answers against real recorded traffic: the same client input must bring the same kinds of messages,
with the same keys in the same order and the same types. What differs is named here."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.known_models import KnownModel
from simulator.recordings import Recording
from simulator.server import Simulator
from simulator.server_messages import encode
from simulator.tests.driving import (
    DEVELOPER_PATH,
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
from simulator.tests.recorded import (
    EVERY_FILE,
    FOLDER,
    TEXT_SENT,
    TOOL_CALLED,
    TOOL_ROUND,
    is_vertex,
    needs_recordings,
    recorded,
    title,
)

pytestmark = [pytest.mark.recordings, needs_recordings]
# What the recordings were made with; the service has retired these models, so the simulator does not know them.
MODELS = [
    KnownModel("gemini-live-2.5-flash-preview", ("developer",), ("TEXT", "AUDIO")),
    KnownModel("gemini-2.0-flash-live-preview-04-09", ("vertex",), ("TEXT", "AUDIO")),
    KnownModel("gemini-2.5-flash-native-audio-preview-09-2025", ("developer",)),
]
# Known differences, by a field that only one side has.
ONLY_RECORDED = {
    TOOL_CALLED: ("executableCode",),  # the model wrote its call as code first; the simulator runs no code
}
ONLY_SIMULATED = {
    TEXT_SENT: ("modelTurn",),  # Google generated 38 tokens and sent none; the scenario `empty_turn` does that
}
# A function's arguments are not compared: the simulator gives none.
FREE = ("args",)
# Strings that clients tell apart, in either's messages.
FORMS = {
    "id": r"function-call-\d+",
    "sessionId": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "role": "model",
    "modality": "TEXT|AUDIO",
    "mimeType": r"audio/pcm(;rate=24000)?",  # Vertex' older model named no rate
    "data": r"[A-Za-z0-9+/]+={0,2}",
}


def shape(value: Any) -> Any:
    """Keys in their order and types of values; of a list, the kinds of things in it."""
    if isinstance(value, dict):
        return [(key, "free" if key in FREE else shape(item)) for key, item in value.items()]
    if isinstance(value, list):
        return distinct([shape(item) for item in value])
    return type(value).__name__


def distinct(shapes: list[Any]) -> list[Any]:
    return [one for at, one in enumerate(shapes) if one not in shapes[:at]]


def kinds(messages: list[Message]) -> list[Any]:
    """The shapes of the messages in the order in which they first came."""
    return distinct([shape(message) for message in messages])


def has(shapes: list[Any], word: str) -> bool:
    return f"'{word}'" in str(shapes)


def named(value: Any) -> Iterator[tuple[str, str]]:
    """Every string that stands under a key, outside the user's own data."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(item, str):
            yield str(key), item
        elif key not in FREE:
            yield from named(item)


def lured(recording: Recording) -> list[Message]:
    """The client's messages, so that the simulator does what the model did by its own will: it calls a function where
    it is named, and thinks aloud where it is asked to."""
    messages = [copy.deepcopy(record.message) for record in recording.sent]
    setup = messages[0]["setup"]
    if any("thought" in str(record.message) for record in recording.received):
        setup["generationConfig"]["thinkingConfig"] = {"includeThoughts": True}
    if tools := setup.get("tools"):
        content = messages[1].get("clientContent") or messages[1]["client_content"]
        content["turns"][0]["parts"][0]["text"] += f" ({tools[0]['functionDeclarations'][0]['name']})"
    return messages


async def answers_to(recording: Recording) -> list[Message]:
    """Everything that the simulator answers to the recorded input, up to the end of the turn."""
    answers: list[Message] = []
    path = VERTEX_PATH if is_vertex(recording) else DEVELOPER_PATH
    async with Simulator(models=MODELS) as sim, dial(sim, path, KEY) as ws:
        for message in lured(recording):
            if given := message.get("tool_response"):
                given["functionResponses"][0]["id"] = answers[-1]["toolCall"]["functionCalls"][0]["id"]
            await send(ws, message)
            if "setup" in message:
                answers.append(await receive(ws))
                continue
            if "realtimeInput" in message:
                await send(ws, audio_message(silence(0.6)))  # the recorded speech has no pause at its end
            answers += await until(ws, lambda got: turn_complete(got) or "toolCall" in got)
    return answers


@pytest.mark.asyncio
@pytest.mark.parametrize("file", EVERY_FILE, ids=title)
async def test_every_kind_of_message_comes_in_its_place(file: str) -> None:
    recording = recorded(file)
    ours, theirs = kinds(await answers_to(recording)), kinds([record.message for record in recording.received])
    for word in ONLY_RECORDED.get(file, ()):
        assert has(theirs, word) and not has(ours, word), f"{word}: no difference any more"
        theirs = [kind for kind in theirs if not has([kind], word)]
    for word in ONLY_SIMULATED.get(file, ()):
        assert has(ours, word) and not has(theirs, word), f"{word}: no difference any more"
        ours = [kind for kind in ours if not has([kind], word)]
    if has(theirs, "turnComplete"):
        assert ours == theirs
    else:  # the recording stops in the middle of a turn
        assert ours[: len(theirs)] == theirs


@pytest.mark.asyncio
@pytest.mark.parametrize("file", EVERY_FILE, ids=title)
async def test_what_is_told_apart_by_its_form_has_it(file: str) -> None:
    recording = recorded(file)
    for message in [*(record.message for record in recording.received), *await answers_to(recording)]:
        for name, value in named(message):
            if name in FORMS:
                assert re.fullmatch(FORMS[name], value), name


@pytest.mark.parametrize("file", [file for file in EVERY_FILE if file.endswith(".log")], ids=title)
def test_messages_are_encoded_as_recorded(file: str) -> None:
    for record in recorded(file).received:
        assert encode(record.message) == record.payload


@pytest.mark.asyncio
async def test_a_function_is_answered_with_what_the_client_gave() -> None:
    recording = recorded(TOOL_ROUND)
    response = recording.sent[2].message["tool_response"]["functionResponses"][0]["response"]
    assert json.dumps(response) in transcript(await answers_to(recording))


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
