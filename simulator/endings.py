"""How a socket ends: with a close frame that is taken in time, or torn down."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from aiohttp import web

from simulator.refusals import Abort, Close


async def closed_in_time(ws: web.WebSocketResponse, close: Close, seconds: float) -> bool:
    """Sends the close; False where the client does not take it: it must not keep the socket by not reading."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(seconds):
            await ws.close(code=close.code, message=close.cut.encode())
            return True
    return False


def cut(request: web.Request, ending: Abort) -> None:
    """Tears the TCP connection down."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None and raw.fileno() == -1:
        return  # it is closed already
    if ending.reset and raw is not None:
        # Lingering for no time makes the system send RST instead of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
