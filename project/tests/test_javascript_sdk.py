"""Google's JavaScript SDK, unchanged, through the whole service."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from project.tests.driving import Service
from project.tests.programs import token_for
from sdk_clients.javascript import JavaScriptLive, javascript_call
from simulator import Simulator

MODES = ("developer", "ephemeral", "express", "vertex")
LIVE = {mode: "gemini-live-2.5-flash" if mode in ("express", "vertex") else "gemini-2.5-flash-live" for mode in MODES}
TEXT = {"responseModalities": ["TEXT"]}


@pytest.fixture
def google(google: Simulator, settings: Any) -> Simulator:
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    return google


def how(service: Service, mode: str, key: str) -> dict[str, Any]:
    """The SDK's own options for one of its modes."""
    options: dict[str, Any] = {"httpOptions": {"baseUrl": f"http://{service.address}"}}
    match mode:
        case "developer":
            return {"client": options | {"apiKey": key}}
        case "ephemeral":
            return {"client": options | {"apiKey": f"auth_tokens/{key}", "apiVersion": "v1alpha"}}
        case "express":
            return {"client": options | {"apiKey": key, "vertexai": True}}
    place = {"vertexai": True, "project": "any", "location": "us-central1"}
    return {"client": options | place, "bearer": key}


@pytest.mark.parametrize("mode", MODES)
async def test_a_typed_turn(service: Service, mode: str) -> None:
    _, key = await token_for()
    async with JavaScriptLive(**how(service, mode, key), model=LIVE[mode], config=TEXT) as live:
        await live.event("connected")
        set_up = next(event["message"] for event in live.events if event["event"] == "message")
        assert ("sessionId" in set_up["setupComplete"]) is (mode in ("express", "vertex"))
        await live.do("sendClientContent", turns="hello", turnComplete=True)
        text, _, last = await live.turn()
        assert text
        assert last["usageMetadata"]["totalTokenCount"]
        await live.do("close")
        await live.event("close")


async def test_speech_both_ways(service: Service) -> None:
    _, key = await token_for()
    async with JavaScriptLive(**how(service, "developer", key), model=LIVE["developer"]) as live:
        await live.event("connected")
        tone = base64.b64encode(b"\x00\x40\x00\xc0" * 1600).decode()
        for _ in range(5):
            await live.do("sendRealtimeInput", audio={"data": tone, "mimeType": "audio/pcm;rate=16000"})
        await live.do("sendRealtimeInput", audioStreamEnd=True)
        _, sound, _ = await live.turn()
        assert len(sound) > 1000
    assert not any("Transcription" in str(event) for event in live.events)  # asked for the record alone


@pytest.mark.parametrize("mode", MODES)
async def test_a_refused_key_is_told_to_onclose(service: Service, mode: str) -> None:
    async with JavaScriptLive(**how(service, mode, "no-such-key"), model=LIVE[mode]) as live:
        closed = await live.event("close")
    assert closed["code"] in (1007, 1008) and "valid" in closed["reason"]


async def test_an_unknown_model(service: Service) -> None:
    _, key = await token_for()
    async with JavaScriptLive(**how(service, "developer", key), model="gemini-0-live") as live:
        closed = await live.event("close")
    assert closed["code"] == 1008 and "models/gemini-0-live is not found for API version v1beta" in closed["reason"]


@pytest.mark.parametrize("scenario", ["rest_only", "no_live_access"])
async def test_the_lower_rungs(service: Service, scenario: str) -> None:
    service.google.scenario = scenario
    _, key = await token_for()
    async with JavaScriptLive(**how(service, "developer", key), model=LIVE["developer"], config=TEXT) as live:
        await live.event("connected", timeout=30)
        for _ in range(2):
            await live.do("sendClientContent", turns="hello", turnComplete=True)
            text, _, _ = await live.turn(timeout=30)
            assert text
    assert "proxy" not in str(live.events)


@pytest.mark.parametrize("mode", ("developer", "express", "vertex"))
async def test_http(service: Service, mode: str) -> None:
    _, key = await token_for()
    ask: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "hello"}
    (answer,) = await javascript_call("generateContent", **how(service, mode, key), **ask)
    assert answer["text"]
    chunks = await javascript_call("generateContentStream", **how(service, mode, key), **ask)
    assert "".join(chunk["text"] or "" for chunk in chunks)
    (counted,) = await javascript_call("countTokens", **how(service, mode, key), **ask)
    assert counted["answer"]["totalTokens"]
    (refused,) = await javascript_call("generateContent", **how(service, mode, "no-such-key"), **ask)
    assert refused["status"] in (400, 401)
    (missing,) = await javascript_call("generateContent", **how(service, mode, key), **ask | {"model": "gemini-0"})
    assert missing["status"] == 404
