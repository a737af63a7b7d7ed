"""A small client that drives the simulator in the tests, and the sounds it sends."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from array import array
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from simulator.server import Simulator

Message = dict[str, Any]

VERTEX_PATH = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"
DEVELOPER_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
KEY = {"x-goog-api-key": "sim-key"}
VERTEX_MODEL = "projects/demo-project/locations/us-central1/publishers/google/models/gemini-live-2.5-flash-native-audio"
DEVELOPER_MODEL = "models/gemini-2.5-flash-native-audio-preview-12-2025"


def ws_url(sim: Simulator, path: str) -> str:
    return "ws" + sim.base_url.removeprefix("http") + path


def dial(sim: Simulator, path: str = DEVELOPER_PATH, headers: dict[str, str] | None = None, **more: Any) -> connect:
    given = KEY if headers is None else headers
    return connect(
        ws_url(sim, path), additional_headers=given, compression=None, max_size=None, ping_interval=None, **more
    )


def setup_message(model: str = DEVELOPER_MODEL, **fields: Any) -> Message:
    return {"setup": {"model": model, **fields}}


def text_turn(text: str) -> Message:
    return {"clientContent": {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": True}}


def audio_message(pcm: bytes, rate: int = 16_000, url_safe: bool = False) -> Message:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return {"realtimeInput": {"audio": {"mimeType": f"audio/pcm;rate={rate}", "data": encode(pcm).decode()}}}


def tone(seconds: float, rate: int = 16_000, loudness: int = 8000) -> bytes:
    samples = (int(loudness * math.sin(math.tau * 220 * at / rate)) for at in range(int(seconds * rate)))
    return array("h", samples).tobytes()


def silence(seconds: float, rate: int = 16_000) -> bytes:
    return bytes(2 * int(seconds * rate))


async def send(ws: ClientConnection, message: Message) -> None:
    await ws.send(json.dumps(message))


async def receive(ws: ClientConnection) -> Message:
    async with asyncio.timeout(5):
        answer: Message = json.loads(await ws.recv())
    return answer


async def until(ws: ClientConnection, wanted: Callable[[Message], Any]) -> list[Message]:
    """All messages up to and including the wanted one."""
    messages = []
    while True:
        messages.append(await receive(ws))
        if wanted(messages[-1]):
            return messages


def turn_complete(message: Message) -> bool:
    return bool(message.get("serverContent", {}).get("turnComplete"))


async def turn(ws: ClientConnection, text: str) -> list[Message]:
    await send(ws, text_turn(text))
    return await until(ws, turn_complete)


async def open_session(ws: ClientConnection, model: str = DEVELOPER_MODEL, **fields: Any) -> Message:
    await send(ws, setup_message(model, **fields))
    answer = await receive(ws)
    assert "setupComplete" in answer
    return answer


async def closing(ws: ClientConnection) -> tuple[int, str]:
    """Reads until the server closes; the code and reason it gave, 1006 for a lost connection."""
    try:
        async with asyncio.timeout(5):
            while True:
                await ws.recv()
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


def transcript(messages: list[Message]) -> str:
    found = [message.get("serverContent", {}).get("outputTranscription", {}).get("text", "") for message in messages]
    return "".join(found)


def model_text(messages: list[Message]) -> str:
    return "".join(
        part.get("text", "")
        for message in messages
        for part in message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
        if not part.get("thought")
    )


def sound(messages: list[Message]) -> bytes:
    return b"".join(
        base64.b64decode(part["inlineData"]["data"])
        for message in messages
        for part in message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
        if "inlineData" in part
    )


def steps(messages: list[Message]) -> list[str]:
    """The first key of every message, repeated ones once."""
    kinds: list[str] = []
    for message in messages:
        kind = next(iter(message.get("serverContent", message)), "empty")
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
    return kinds
