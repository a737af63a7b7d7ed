"""How a handshake or a request is turned away: with Google's body, a web page, silence, or no HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from simulator.endings import cut
from simulator.refusals import Abort, HttpRefusal

GARBAGE = b"\x16\x03\x01\x00\x05simulator: this is no HTTP\r\n\r\n"


def refusal_response(refusal: HttpRefusal, *, as_list: bool = False) -> web.Response:
    if refusal.page:
        return web.Response(text=refusal.page, status=refusal.status, headers=refusal.headers, content_type="text/html")
    body: Any = [refusal.body()] if as_list else refusal.body()
    return web.json_response(body, status=refusal.status, headers=refusal.headers)


async def answer_garbage(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.write(GARBAGE)
        request.transport.close()
    return web.Response(status=503)  # to nobody


async def hang(request: web.Request, stopping: asyncio.Event, seconds: float) -> web.StreamResponse:
    """Holds the handshake until the client gives up, the simulator stops, or the deadline passes."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not stopping.is_set() and asyncio.get_running_loop().time() < deadline:
        if request.transport is None or request.transport.is_closing():
            break
        try:
            async with asyncio.timeout(0.05):
                await stopping.wait()
        except TimeoutError:
            continue
    cut(request, Abort())
    return web.Response(status=503)  # to nobody
