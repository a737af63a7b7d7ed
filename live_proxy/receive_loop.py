"""The receive loop of one socket, in which a sound frame meets nothing but the session.

Channels' own loop hops to one shared thread before every message and handles messages one at a time, the
disconnect included; this one does neither.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from live_proxy.client_port import ClientGone, ClientPort
from live_proxy.errors import ClientFault
from live_proxy.session import Session
from live_proxy.tasks import spawn

HELD_FRAMES = 64
HELD_BYTES = 1024 * 1024
LAST_FRAMES = 5.0  # seconds for what came before a client left

Receive = Callable[[], Coroutine[Any, Any, dict[str, Any]]]
Data = str | bytes


class ReceiveLoop:
    """The receive loop of one socket.

    A frame is handled at once, in this task, when the session can take it without waiting: the usual case. Where
    it has to wait, a few more frames are read meanwhile, so that a goodbye is heard while upstream is stuck.
    """

    def __init__(self, session: Session, port: ClientPort, receive: Receive) -> None:
        self._session = session
        self._port = port
        self._receive = receive
        self._held: deque[Data] = deque()
        self._held_bytes = 0

    async def run(self) -> None:
        """Raises `ClientGone` when the client leaves, `ClientFault` when it breaks the rules."""
        loop, receive, take = asyncio.get_running_loop(), self._receive, self._session.client_frame
        while True:
            data = self._held.popleft() if self._held else data_of(await receive(), self._port)
            if self._port.closed:
                continue  # sent before our close reached the client; nobody takes it any more
            task = asyncio.Task(take(data), loop=loop, eager_start=True)
            if not task.done():
                try:
                    await self._wait(task)
                except ClientGone:
                    if self._port.left_in_passing:
                        await self._take_the_rest(task)
                    task.cancel()
                    raise
            task.result()

    async def _take_the_rest(self, task: asyncio.Task[None]) -> None:
        """What was sent before the client left is taken as if it had stayed: it may be a question."""
        with contextlib.suppress(TimeoutError, ClientFault):
            async with asyncio.timeout(LAST_FRAMES):
                await task
                while self._held and not self._port.closed:
                    await self._session.client_frame(self._held.popleft())

    async def _wait(self, task: asyncio.Task[None]) -> None:
        self._held_bytes = sum(map(len, self._held))
        try:
            while not task.done():
                if len(self._held) >= HELD_FRAMES or self._held_bytes >= HELD_BYTES:
                    await asyncio.wait([task])
                    return
                await self._listen_beside(task)
        except ClientGone:
            raise  # whoever waits decides
        except BaseException:
            task.cancel()
            raise

    async def _listen_beside(self, task: asyncio.Task[None]) -> None:
        following = spawn(self._receive(), name="receive-beside")
        try:
            await asyncio.wait([task, following], return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                data = data_of(following.result(), self._port)
                self._held.append(data)
                self._held_bytes += len(data)
        finally:
            following.cancel()


def data_of(event: dict[str, Any], port: ClientPort) -> Data:
    """The payload of an ASGI event. Raises `ClientGone` for a disconnect."""
    if event["type"] != "websocket.receive":
        port.left(event.get("code") or 1005)
        raise ClientGone
    text: str | None = event.get("text")
    return text if text is not None else event["bytes"]
