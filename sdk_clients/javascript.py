"""Drives Google's JavaScript SDK in a process of Node's."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

HERE = Path(__file__).resolve().parent
SDK = HERE.parent / "node_modules" / "@google" / "genai"
LIMIT = 16 * 1024 * 1024  # a line carries a whole message
Event = dict[str, Any]


def javascript_sdk() -> str:
    """Node's path. Skips the test where Node or the SDK is missing, except in CI."""
    node = shutil.which("node")
    if node is None or not SDK.exists():
        missing = "Node is not installed" if node is None else "the JavaScript SDK is not installed (make test does it)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    assert node is not None
    return node


class JavaScriptLive:
    """One Live session. `events` holds everything that the SDK told, in order."""

    def __init__(self, *, client: Event, model: str, config: Event | None = None, bearer: str = "") -> None:
        self._first = {"client": client, "model": model, "config": config or {}, "bearer": bearer}
        self.events: list[Event] = []
        self._read = 0

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("GOOGLE_", "GEMINI_"))}
        self._process = await asyncio.create_subprocess_exec(
            javascript_sdk(), str(HERE / "live.mjs"), stdin=pipe, stdout=pipe, limit=LIMIT, env=environment
        )
        await self._send(self._first)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def do(self, call: str, **with_: Any) -> None:
        await self._send({"do": call, "with": with_})

    async def event(self, name: str, timeout: float = 15) -> Event:
        """The next event of that name."""
        return await self._until(lambda event: event["event"] == name, timeout)

    async def message(self, wanted: Callable[[Event], object], timeout: float = 15) -> Event:
        """The next server message for which `wanted` holds."""
        found = await self._until(lambda event: event["event"] == "message" and bool(wanted(event["message"])), timeout)
        message: Event = found["message"]
        return message

    async def turn(self, timeout: float = 15) -> tuple[str, bytes, Event]:
        """The words, the sound and the last message of one turn."""
        start = self._read
        last = await self.message(lambda message: message.get("serverContent", {}).get("turnComplete"), timeout)
        text, sound = "", b""
        for event in self.events[start : self._read]:
            turn = event.get("message", {}).get("serverContent", {}).get("modelTurn", {})
            for part in turn.get("parts", []):
                text += part.get("text", "") if not part.get("thought") else ""
                sound += base64.b64decode(part.get("inlineData", {}).get("data", ""))
        return text, sound, last

    def transcript(self) -> str:
        """Everything said so far, by its output transcription."""
        contents = [event.get("message", {}).get("serverContent", {}) for event in self.events]
        return "".join(content.get("outputTranscription", {}).get("text", "") for content in contents)

    async def _until(self, wanted: Callable[[Event], bool], timeout: float) -> Event:
        async with asyncio.timeout(timeout):
            while True:
                while self._read < len(self.events):
                    self._read += 1
                    if wanted(event := self.events[self._read - 1]):
                        return event
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, f"the program ended; it told {self.events}"
                self.events.append(json.loads(line))

    async def _send(self, message: Event) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()


async def javascript_call(call: str, *, client: Event, bearer: str = "", **with_: Any) -> list[Event]:
    """One HTTP call and all that the SDK made of its answer."""
    pipe = asyncio.subprocess.PIPE
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GOOGLE_", "GEMINI_"))}
    process = await asyncio.create_subprocess_exec(
        javascript_sdk(), str(HERE / "generate.mjs"), stdin=pipe, stdout=pipe, limit=LIMIT, env=environment
    )
    asked = json.dumps({"client": client, "bearer": bearer, "do": call, "with": with_}).encode()
    try:
        async with asyncio.timeout(30):
            out, _ = await process.communicate(asked)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [json.loads(line) for line in out.splitlines()]
