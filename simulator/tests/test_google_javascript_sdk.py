"""The official JavaScript SDK, unchanged, against the simulator."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from sdk_clients.javascript import JavaScriptLive, javascript_call
from simulator.server import Simulator
from simulator.tests.driving import silence, tone

SOUND = base64.b64encode(tone(0.6) + silence(0.8)).decode()
TOOLS = [{"functionDeclarations": [{"name": "get_time", "description": "the time"}]}]


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


def client(sim: Simulator, **options: Any) -> dict[str, Any]:
    return {"httpOptions": {"baseUrl": sim.base_url}, "apiKey": "sim-key"} | options


@pytest.mark.asyncio
async def test_developer_text_audio_and_tools(sim: Simulator) -> None:
    config = {"responseModalities": ["AUDIO"], "outputAudioTranscription": {}, "tools": TOOLS}
    async with JavaScriptLive(client=client(sim), model="gemini-3.8-live", config=config) as live:
        await live.event("connected")
        await live.do("sendClientContent", turns="hello", turnComplete=True)
        _, sound, last = await live.turn()
        assert len(sound) > 48_000 and last["usageMetadata"]["responseTokenCount"]
        await live.do("sendRealtimeInput", audio={"data": SOUND, "mimeType": "audio/pcm;rate=16000"})
        _, sound, _ = await live.turn()
        assert sound
        await live.do("sendRealtimeInput", text="use get_time")
        (call,) = (await live.message(lambda m: m.get("toolCall")))["toolCall"]["functionCalls"]
        answer = {"id": call["id"], "name": call["name"], "response": {"output": "noon"}}
        await live.do("sendToolResponse", functionResponses=[answer])
        await live.turn()
        assert "get_time answered" in live.transcript()
    assert sim.connections[0].credential == "api_key_query"


@pytest.mark.asyncio
async def test_vertex_by_key_and_by_token(sim: Simulator, tmp_path: Path) -> None:
    info = sim.create_service_account(tmp_path / "account.json")
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)
    await asyncio.to_thread(credentials.refresh, Request())
    place = {"vertexai": True, "project": "demo-project", "location": "us-central1", "apiKey": None}
    model = "gemini-live-2.5-flash-native-audio"
    for options, bearer in (({"vertexai": True}, ""), (place, credentials.token)):
        async with JavaScriptLive(client=client(sim, **options), model=model, bearer=bearer) as live:
            await live.event("connected")
            assert live.events[1]["message"]["setupComplete"]["sessionId"]
            await live.do("sendClientContent", turns="hello", turnComplete=True)
            _, sound, _ = await live.turn()
            assert sound
    assert [each.credential for each in sim.connections] == ["api_key_header", "bearer"]


@pytest.mark.asyncio
async def test_refusals_reach_the_sdk(sim: Simulator) -> None:
    for options, model, code, words in (
        ({"apiKey": "K"}, "gemini-3.8-live", 1007, "API key not valid"),
        ({}, "gemini-2.0-flash-live-001", 1008, "is not found for API version v1beta"),
    ):
        async with JavaScriptLive(client=client(sim, **options), model=model) as live:
            closed = await live.event("close")
        assert closed["code"] == code and words in closed["reason"]
    (refused,) = await javascript_call(
        "generateContent", client=client(sim, apiKey="K"), model="gemini-2.5-flash", contents="hello"
    )
    assert refused["status"] == 400


@pytest.mark.asyncio
async def test_http(sim: Simulator) -> None:
    ask = {"model": "gemini-2.5-flash", "contents": "hello"}
    chunks = await javascript_call("generateContentStream", client=client(sim), **ask)
    assert "hello" in "".join(chunk["text"] or "" for chunk in chunks)
