"""Real recorded traffic as upstream, through the real transport, session and edge: the client sees what was recorded,
message by message, but for what the edge changes on purpose. The recordings are not part of the project."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection, connect

from conversations.models import Message, Session, TransportAttempt
from live_proxy.config import live_config
from project.tests.driving import Service, rows
from project.tests.programs import python_client, token_for
from simulator import Simulator
from simulator.recordings import Record, Recording
from simulator.tests.recorded import (
    AUDIO_TURN,
    EVERY_FILE,
    TEXT_SENT,
    TOOL_ROUND,
    is_vertex,
    needs_recordings,
    recorded,
    title,
)

pytestmark = [pytest.mark.service, pytest.mark.recordings, needs_recordings]
# A typed turn whose end alone was recorded: to the service that is an answer without a word, and no answer.
WITHOUT_A_WORD = TEXT_SENT
PATHS = {
    "developer": "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    "vertex": "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent",
}


def platform_of(recording: Recording) -> str:
    return "vertex" if is_vertex(recording) else "developer"


def model_of(recording: Recording) -> str:
    name: str = recording.records[0].message["setup"]["model"]
    return name.rsplit("/", 1)[-1]


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> Recording:
    return recorded(request.param)


@pytest.fixture
async def google(google: Simulator, settings: Any, recording: Recording) -> AsyncIterator[Simulator]:
    """Upstream is the recording, on its platform and for its model."""
    google.recording = recording
    settings.LIVE_MODELS = [model_of(recording)]
    settings.LIVE_FIRST_OUTPUT_TIMEOUT = 2.0
    if platform_of(recording) == "developer":
        settings.GOOGLE_CLOUD_PROJECT, settings.GOOGLE_API_KEY = "", "sim-key"
    live_config.cache_clear()
    yield google


def as_the_client_sees_it(record: Record, first: dict[str, Any]) -> bytes | dict[str, Any] | None:
    """A recorded message after the edge: bytes where nothing may change, None where nothing is shown.

    Differences on purpose: a session's id is Google's own; transcriptions that the client did not ask for are for the
    record alone; handles are ours.
    """
    message = record.message
    if "sessionResumptionUpdate" in message:
        return None
    content = message.get("serverContent", {})
    unasked = {
        f"{side}Transcription" for side in ("input", "output") if f"{side}AudioTranscription" not in first["setup"]
    }
    if unasked.isdisjoint(content):
        return record.payload
    shown = {key: value for key, value in content.items() if key not in unasked}
    return {**message, "serverContent": shown} if shown else None


async def dial(service: Service, recording: Recording) -> ClientConnection:
    _, key = await token_for()
    headers = {"x-goog-api-key": key} if platform_of(recording) == "developer" else {"Authorization": f"Bearer {key}"}
    path = PATHS[platform_of(recording)]
    return await connect(f"ws://{service.address}{path}", additional_headers=headers, proxy=None, max_size=None)


@pytest.mark.parametrize("recording", [file for file in EVERY_FILE if file != TEXT_SENT], indirect=True, ids=title)
async def test_a_program_sees_what_was_recorded(service: Service, recording: Recording) -> None:
    first = recording.records[0].message
    connection = await dial(service, recording)
    for record in recording.records:
        if record.from_client:
            await connection.send(record.payload.decode())
            continue
        expected = as_the_client_sees_it(record, first)
        if expected is None:
            continue
        async with asyncio.timeout(5):
            got = await connection.recv()
        assert isinstance(got, bytes), "as Google sends it"
        if complete := record.message.get("setupComplete"):
            own = json.loads(got)["setupComplete"]
            assert own.keys() == complete.keys()
            assert UUID(own["sessionId"]) != UUID(complete["sessionId"]), "the session is ours, not Google's"
            continue
        if isinstance(expected, bytes) and b"inlineData" in expected:
            assert got == expected, "media is passed on byte for byte"
        else:
            assert json.loads(got) == (json.loads(expected) if isinstance(expected, bytes) else expected)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.recv(), 0.05)
    await connection.close()
    await upstream_got_the_same(service.google, recording)
    await the_session_is_over(service)
    attempt = await TransportAttempt.objects.aget()
    assert (attempt.transport, attempt.model) == ("websocket", model_of(recording))
    await the_record_has_the_words(recording)


async def the_session_is_over(service: Service) -> None:
    """Only then the record is complete: who serves a question that nobody answers is written at the end."""
    async with asyncio.timeout(5):
        while await Session.objects.filter(ended_at__isnull=True).aexists():
            await asyncio.sleep(0.01)
    await service.written()


async def upstream_got_the_same(google: Simulator, recording: Recording) -> None:
    """What the client said, in the same order, with the same meaning."""
    sent = [record.message for record in recording.sent]
    (connection,) = google.connections
    media = [message for message in sent if has_media(message)]
    await google.wait_for(lambda _: len(connection.frames) + connection.audio_frames >= len(sent))
    assert len(connection.frames) == len(sent) - len(media)
    assert connection.audio_frames == len(media)
    setup, asked = connection.setup or {}, sent[0]["setup"]
    assert setup["model"].endswith(model_of(recording))
    wanted = (asked.get("generationConfig") or asked.get("generation_config") or {}).get("responseModalities")
    if wanted is not None:
        assert setup["generationConfig"]["responseModalities"] == wanted
    for passed, original in zip(connection.frames[1:], [m for m in sent[1:] if m not in media], strict=True):
        assert words_in(passed) == words_in(original)


def has_media(message: dict[str, Any]) -> bool:
    return any(key in message for key in ("realtimeInput", "realtime_input"))


def words_in(value: Any) -> list[Any]:
    """Every text and number in order, whatever the keys are called."""
    if isinstance(value, dict):
        return [word for item in value.values() for word in words_in(item)]
    if isinstance(value, list):
        return [word for item in value for word in words_in(item)]
    return [value]


async def the_record_has_the_words(recording: Recording) -> None:
    """The answer on record is what was transcribed or written, however much of it the client was shown."""
    said = ""
    for record in recording.received:
        content = record.message.get("serverContent", {})
        parts = content.get("modelTurn", {}).get("parts", [])
        said += "".join(part.get("text", "") for part in parts if not part.get("thought"))
        said += content.get("outputTranscription", {}).get("text", "")
    answers = await rows(Message.objects.filter(role="model").order_by("position"))
    assert "".join(answer.text for answer in answers) == said
    assert {answer.transport for answer in answers} <= {"websocket"}
    typed = [
        part["text"]
        for record in recording.sent
        for turn in (record.message.get("clientContent") or record.message.get("client_content") or {}).get("turns", [])
        for part in turn["parts"]
    ]
    asked = await rows(Message.objects.filter(role="user", modality="text").order_by("position"))
    assert [message.text for message in asked] == typed


@pytest.mark.parametrize("recording", [WITHOUT_A_WORD], indirect=True)
async def test_an_answer_without_a_word_is_none(service: Service, recording: Recording) -> None:
    connection = await dial(service, recording)
    for record in recording.sent:
        await connection.send(record.payload.decode())
    assert json.loads(await connection.recv()) == {"setupComplete": {}}
    with pytest.raises(Exception, match="empty answer"):
        await asyncio.wait_for(connection.recv(), 10)


@pytest.mark.parametrize("recording", [AUDIO_TURN], indirect=True)
async def test_the_page_hears_and_reads_what_was_recorded(service: Service, recording: Recording) -> None:
    page = await service.connect()
    await page.set_up(config={"responseModalities": ["AUDIO"]}, outputAudioTranscription={})
    await page.type("hello")
    await page.turn_end()
    seen = [message["serverContent"] for message in page.messages if "serverContent" in message]
    recorded = [record.message["serverContent"] for record in recording.received if "serverContent" in record.message]
    assert seen == recorded


@pytest.mark.parametrize("recording", [TOOL_ROUND], indirect=True)
async def test_googles_own_sdk_reads_the_same_from_us(service: Service, recording: Recording) -> None:
    """The SDK's messages from the service, against what the SDK makes of the recorded ones itself."""
    from google.genai import types

    _, key = await token_for()
    client = python_client(service.address, key, "developer")
    sent = [record.message for record in recording.sent]
    config = types.LiveConnectConfig(
        response_modalities=[types.Modality.AUDIO],
        output_audio_transcription=types.AudioTranscriptionConfig(),
        tools=sent[0]["setup"]["tools"],
    )
    received: list[Any] = []
    async with client.aio.live.connect(model=model_of(recording), config=config) as session:
        await session.send_client_content(turns=types.Content(role="user", parts=[types.Part(text="weather?")]))
        async with asyncio.timeout(10):
            async for message in session.receive():
                received.append(message)
                if message.tool_call:
                    (call,) = message.tool_call.function_calls or []
                    answer = types.FunctionResponse(id=call.id, name=call.name, response={"output": "sunny"})
                    await session.send_tool_response(function_responses=[answer])
    recorded = [record.message for record in recording.received if "setupComplete" not in record.message]
    shown = [message for message in recorded if "sessionResumptionUpdate" not in message]
    assert len(received) == len(shown)
    for got, original in zip(received, shown, strict=True):
        dumped = got.model_dump(exclude_none=True, by_alias=True, mode="json")
        assert set(dumped) == set(original)
        if "serverContent" in original:
            assert set(dumped["serverContent"]) == set(original["serverContent"])
