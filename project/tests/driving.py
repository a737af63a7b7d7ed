"""Clients of the whole service, as tests drive them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from live_proxy.runtime import Runtime, current_runtime
from simulator import Simulator

FAMILY = "Gemini 2.5 Flash Live Preview 🎤"
TEXT = {"responseModalities": ["TEXT"]}
AUDIO = {"responseModalities": ["AUDIO"]}
Message = dict[str, Any]


class PageSocket:
    """One socket of the page. `messages` holds everything that came, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.messages: list[Message] = []
        self.frames: list[str | bytes] = []

    async def send(self, message: Message) -> None:
        await self.connection.send(json.dumps(message))

    async def set_up(self, *, model: str = FAMILY, config: Message | None = None, **setup: Any) -> Message:
        """Send a setup and wait for its completion. Returns the first notice, `{}` without notices."""
        await self.send({"setup": {"model": model, "generationConfig": config or TEXT, **setup}})
        await self.until(lambda message: "setupComplete" in message)
        if self.connection.subprotocol is None:
            return {}
        return (await self.until(lambda message: "session" in message.get("proxy", {})))["proxy"]

    async def type(self, text: str, *, client_id: str | None = None) -> str:
        client_id = client_id or str(uuid4())
        turns = [{"role": "user", "parts": [{"text": text}]}]
        await self.send({"clientContent": {"turns": turns, "turnComplete": True}, "proxy": {"id": client_id}})
        return client_id

    async def ask(self, text: str) -> str:
        """Type and return the whole answer."""
        start = len(self.messages)
        await self.type(text)
        await self.turn_end()
        return self.text(start)

    async def turn_end(self, timeout: float = 10) -> Message:
        return await self.until(lambda message: bool(message.get("serverContent", {}).get("turnComplete")), timeout)

    async def notice(self, key: str, timeout: float = 10) -> Any:
        """What stands under `proxy.<key>` in the next notice that has it."""
        return (await self.until(lambda message: key in message.get("proxy", {}), timeout))["proxy"][key]

    async def until(self, wanted: Callable[[Message], bool], timeout: float = 10) -> Message:
        async with asyncio.timeout(timeout):
            while True:
                message = await self.receive()
                if wanted(message):
                    return message

    async def receive(self) -> Message:
        frame = await self.connection.recv()
        self.frames.append(frame)
        message: Message = json.loads(frame)
        self.messages.append(message)
        return message

    def text(self, start: int = 0) -> str:
        """The answer's words in the messages from `start` on."""
        parts = [
            part
            for message in self.messages[start:]
            for part in message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
        ]
        return "".join(part.get("text", "") for part in parts if not part.get("thought"))

    async def closed(self, timeout: float = 10) -> tuple[int, str]:
        """Read to the end and return the close code and reason."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    await self.receive()
        except ConnectionClosed:
            return self.connection.close_code or 1006, self.connection.close_reason or ""

    async def close(self, code: int = 1000) -> None:
        await self.connection.close(code)


class Service:
    def __init__(self, address: str, google: Simulator) -> None:
        self.address = address
        self.google = google
        self._open: list[PageSocket] = []
        self._cookies: dict[str, str] = {}

    @property
    def runtime(self) -> Runtime:
        return current_runtime()

    async def cookie(self, username: str) -> str:
        """The session cookie of a signed-in user."""
        if username not in self._cookies:
            self._cookies[username] = await sync_to_async(_sign_in)(username)
        return self._cookies[username]

    async def connect(
        self,
        username: str | None = "alice",
        *,
        conversation: Any = None,
        origin: str | None = "same",
        notices: bool = True,
        path: str | None = None,
    ) -> PageSocket:
        """Open the page's socket. Raises `websockets.InvalidStatus` where the handshake is refused."""
        headers = {}
        if username is not None:
            headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={await self.cookie(username)}"
        if origin is not None:
            headers["Origin"] = f"http://{self.address}" if origin == "same" else origin
        where = path or (f"/ws/live/{conversation}/" if conversation else "/ws/live/")
        connection = await connect(
            f"ws://{self.address}{where}",
            additional_headers=headers,
            subprotocols=["live-proxy.v1"] if notices else None,  # type: ignore[list-item]
            proxy=None,
            max_size=None,
        )
        socket = PageSocket(connection)
        self._open.append(socket)
        return socket

    async def talk(self, username: str = "alice", **options: Any) -> PageSocket:
        """A socket that is set up."""
        socket = await self.connect(username, **options)
        await socket.set_up()
        return socket

    async def written(self) -> None:
        """Wait until everything that happened so far is in the database."""
        assert await self.runtime.writer.flushed(10)

    async def leave(self) -> None:
        for socket in self._open:
            await socket.close()


def _sign_in(username: str) -> str:
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def rows(query: Any) -> list[Any]:
    """The rows of a queryset."""
    return await sync_to_async(lambda: list(query))()
