"""uvicorn's WebSocket protocol with a short way for frames of sound, and a way to cut a connection.

Control frames, handshakes, closing and everything unusual stay uvicorn's; what comes is parsed by `websockets`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

from live_proxy.outgoing import server_frame

HIGH_MESSAGES = 16
HIGH_BYTES = 64 * 1024


class Inbox:
    """Events for the application, in order. One task takes them; a cancelled `get` loses none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: deque[dict[str, Any]] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put_nowait(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        if (waiter := self._waiter) is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    async def get(self) -> dict[str, Any]:
        while not self._events:
            self._waiter = waiter = self._loop.create_future()
            await waiter
        return self._events.popleft()


class Socket(WebSocketsSansIOProtocol):
    """Reads on while the application keeps up: uvicorn itself stops and starts reading for every message, which
    costs system calls each time. Behind an application that does not keep up, the peer has to wait all the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inbox = Inbox(self.loop)
        self._waiting_bytes = 0
        self.queue = self._inbox  # type: ignore[assignment]

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions["live_proxy.abort"] = self.transport.abort

    def send_receive_event_to_app(self) -> None:
        frames, self.frames = self.frames, []
        if self.close_sent:
            return  # the application has closed; reading goes on for the peer's answer
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        if self.curr_msg_data_type == "text":
            try:
                self._inbox.put_nowait({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError:
                self.conn.fail(1007, "text that is not UTF-8")
                self.handle_parser_exception()
                return
        else:
            self._inbox.put_nowait({"type": "websocket.receive", "bytes": bytes(data)})
        self._waiting_bytes += len(data)
        if not self.read_paused and (self._waiting_bytes > HIGH_BYTES or len(self._inbox) > HIGH_MESSAGES):
            self.read_paused = True
            self.transport.pause_reading()

    async def receive(self) -> Any:
        event = await self._inbox.get()
        if not self._inbox:
            self._waiting_bytes = 0
            if self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()
        return event

    async def send(self, message: Any) -> None:
        if (
            message["type"] == "websocket.send"
            and self.conn.state is OPEN
            and self.handshake_complete
            and self.writable.is_set()
            and not self.conn.extensions
            and not (self.close_sent or self.disconnected or self.initial_response is not None)
        ):
            data = message.get("bytes")
            self.transport.write(server_frame(data if data is not None else message["text"]))
        else:
            await super().send(message)
