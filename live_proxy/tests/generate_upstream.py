"""A scripted upstream of the HTTP tiers: each request gets what the test put there, and what was asked is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from live_proxy.addresses import Addresses
from live_proxy.candidates import Candidate, TransportName
from live_proxy.catalogue import Platform, StandardModel
from live_proxy.credentials import TokenProvider
from live_proxy.edge.requested import requested
from live_proxy.edge.upstream_setup import UpstreamSetup, upstream_setup
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.tests.upstreams import API_KEY, PROJECT, GivenTokens, deadline
from live_proxy.transports.generate import GenerateTransport
from live_proxy.transports.rest import RestTransport
from live_proxy.transports.sdk import SdkTransport

MODEL = StandardModel("gemini-2.5-flash")
CLASSES: dict[TransportName, type[GenerateTransport]] = {"sdk": SdkTransport, "rest": RestTransport}
HTML = "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title></html>"
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def said(text: str, *, finish: str | None = None, **part: Any) -> JsonObject:
    candidate: JsonObject = {"content": {"role": "model", "parts": [{"text": text, **part}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": USAGE}


def refusal(status: int, message: str, name: str = "", *details: JsonObject) -> JsonObject:
    return {"error": {"code": status, "message": message, "status": name, "details": list(details)}}


CUT, HANG = "cut", "hang"
HELLO = [said("Hel"), said("lo", finish="STOP")]
Script = list[Any]  # chunks (dicts, bytes), CUT or HANG; or one (status, body) for a refusal


@dataclass
class Upstream:
    """`answers` and `probes` are taken one for each request, the last again and again."""

    answers: list[Script | tuple[int, Any]] = field(default_factory=lambda: [HELLO])
    probes: list[tuple[int, Any]] = field(default_factory=lambda: [(200, {"totalTokens": 1})])
    bodies: list[JsonObject] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        self.headers.append({key.lower(): value for key, value in request.headers.items()})
        body = await request.json()
        if request.path.endswith(":countTokens"):
            return _refuse(*_next(self.probes))
        self.bodies.append(body)
        script = _next(self.answers)
        if isinstance(script, tuple):
            return _refuse(*script)
        try:
            return await self._stream(request, script)
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
            raise

    async def _stream(self, request: web.Request, script: Script) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for step in script:
            if step == CUT:
                assert request.transport is not None
                request.transport.abort()
                return response
            if step == HANG:
                await asyncio.Event().wait()
            await response.write(
                step if isinstance(step, bytes) else b"data: " + json.dumps(step).encode() + b"\r\n\r\n"
            )
        await response.write_eof()
        return response


def _next[T](queue: list[T]) -> T:
    return queue.pop(0) if len(queue) > 1 else queue[0]


def _refuse(status: int, body: Any) -> web.Response:
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html")
    return web.json_response(body, status=status)


@asynccontextmanager
async def upstream(**script: Any) -> AsyncIterator[Upstream]:
    scripted = Upstream(**script)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield scripted
    finally:
        await runner.cleanup()


def candidate(name: TransportName, platform: Platform = "developer") -> Candidate:
    return Candidate(name, platform, "us-central1" if platform == "vertex" else "", MODEL)


def setup(name: TransportName, platform: Platform = "developer", **fields: Any) -> UpstreamSetup:
    return upstream_setup(requested(fields), candidate(name, platform), project=PROJECT)


def transport(
    name: TransportName, base: str, platform: Platform = "developer", *, tokens: Any = None
) -> GenerateTransport:
    make = cast(Callable[..., GenerateTransport], CLASSES[name])
    return make(
        candidate(name, platform),
        addresses=Addresses(PROJECT, vertex_base=base, developer_base=base),
        tokens=cast(TokenProvider, tokens or GivenTokens()),
        api_key=API_KEY,
        setup_timeout=5.0,
    )


async def opened(
    name: TransportName,
    base: str,
    platform: Platform = "developer",
    *,
    tokens: Any = None,
    history: Any = (),
    **fields: Any,
) -> GenerateTransport:
    made = transport(name, base, platform, tokens=tokens)
    await made.open(setup(name, platform, **fields), history, deadline())
    return made


async def messages(made: GenerateTransport, *, until: Callable[[JsonObject], bool] | None = None) -> list[JsonObject]:
    """What comes up to the end of a turn, or up to `until`."""
    over = until or (lambda message: bool(message.get("serverContent", {}).get("turnComplete")))
    found = []
    async with asyncio.timeout(10):
        async for frame in made.receive():
            found.append(frame.message)
            if over(frame.message):
                return found
    return found


def words(found: list[JsonObject]) -> str:
    parts = [part for m in found for part in m.get("serverContent", {}).get("modelTurn", {}).get("parts", [])]
    return "".join(part.get("text", "") for part in parts)


Send = Callable[[Frame], Awaitable[None]]
