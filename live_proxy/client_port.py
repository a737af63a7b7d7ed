"""The client's socket as a session sees it: one message out at a time, an end, and how long a send has waited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from live_proxy import metrics
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.protocol.reasons import fit

CLOSE_TIMEOUT = 1.0
LINGER = 12.0
Send = Callable[[Any], Awaitable[None]]


# The page was left or reloaded, or the network lost it (1005 from uvicorn, 1006 from others); 1000 is a goodbye.
LEFT_IN_PASSING = (1001, 1005, 1006)


class ClientGone(Exception):
    """The socket is closed: nothing more can be sent."""


class ClientPort:
    """`abort` cuts the connection where the server offers that; without it a client that reads nothing keeps its
    socket until the system gives up on it. `forgiving`: what is sent to a client that has left is dropped, so that
    what it asked for can be finished for the record; that it has left is told by whoever receives from it."""

    def __init__(self, send: Send, *, abort: Callable[[], None] | None = None, forgiving: bool = False) -> None:
        self._send = send
        self._abort = abort
        self._forgiving = forgiving
        self._loop = asyncio.get_running_loop()
        self.closed: tuple[int, str] | None = None
        self.gone = False
        self.left_with = 1006
        self.waiting_since: float | None = None
        self._waiting = 0

    async def send(self, data: str | bytes) -> None:
        """Send one message as it is. Waits while the client is slow. Raises `ClientGone`."""
        if self.gone and self._forgiving and not self.closed:
            return
        if self.gone or self.closed:
            raise ClientGone
        if not self._waiting:
            self.waiting_since = self._loop.time()
        self._waiting += 1
        try:
            if type(data) is str:
                await self._send({"type": "websocket.send", "text": data})
            else:
                await self._send({"type": "websocket.send", "bytes": data})
        except (OSError, RuntimeError) as error:
            # What an ASGI server raises once the peer is gone: OSError by the specification, RuntimeError in life.
            self.gone = True
            if not self._forgiving:
                raise ClientGone from error
        finally:
            self._waiting -= 1
            # One that got out is progress for all who wait behind it.
            self.waiting_since = self._loop.time() if self._waiting else None

    async def send_json(self, message: JsonObject) -> None:
        await self.send(encode(message).decode())

    async def close(self, code: int, reason: str = "") -> None:
        """Close with our code, once. A client that does not even take the close is cut off."""
        if self.closed or self.gone:
            return
        self.closed = (code, reason)
        metrics.CLOSES.labels(str(code)).inc()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._send({"type": "websocket.close", "code": int(code), "reason": fit(reason)})
            if self._abort is not None:
                # The server waits for the peer to take what is left; one that reads nothing never does.
                self._loop.call_later(LINGER, self._abort)
        except TimeoutError:
            if self._abort is not None:
                self._abort()
        except (OSError, RuntimeError):
            self.gone = True

    @property
    def left_in_passing(self) -> bool:
        """Whether a client whose answers are finished for the record left without saying that it wants no more."""
        return self._forgiving and self.gone and self.closed is None and self.left_with in LEFT_IN_PASSING

    def left(self, code: int) -> None:
        """The client closed its side, or this side's close has come back."""
        self.gone = True
        self.left_with = code
