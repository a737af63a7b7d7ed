"""Upstreams for the tests of transports: candidates and set-ups, and raw servers that do one thing wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from websockets.asyncio.server import ServerConnection, serve

from live_proxy.addresses import Addresses
from live_proxy.candidates import Candidate
from live_proxy.catalogue import LIVE_2_5_NATIVE, LiveModel, Platform
from live_proxy.credentials import Token, TokenProvider
from live_proxy.edge.requested import requested
from live_proxy.edge.upstream_setup import UpstreamSetup, upstream_setup
from live_proxy.protocol.frames import Frame
from live_proxy.transports.websocket import WebSocketTransport

API_KEY = "sim-canary-key-0123456789"
BEARER = "ya29.canary-bearer-0123456789"
PROJECT = "demo-project"
DEVELOPER_MODEL = LiveModel(
    "gemini-2.5-flash-native-audio-preview-12-2025", platforms=("developer",), output_modalities=("AUDIO",)
)
MODELS: dict[Platform, LiveModel] = {"vertex": LIVE_2_5_NATIVE, "developer": DEVELOPER_MODEL}
Serve = Callable[[ServerConnection], Awaitable[None]]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SETUP_COMPLETE = b'{"setupComplete": {}}'


class GivenTokens:
    """In place of the token provider: gives out `values` in order and remembers what was refused."""

    def __init__(self, *values: str, quota_project: str = "") -> None:
        self.values = list(values) or [BEARER]
        self.quota_project = quota_project
        self.refused: list[str] = []

    async def token(self, *, refused: str = "") -> Token:
        if refused:
            self.refused.append(refused)
            if len(self.values) > 1:
                self.values.pop(0)
        return Token(self.values[0], "gcloud", 1e12, 1e12, self.quota_project)


def candidate_for(platform: Platform, *, model: LiveModel | None = None, endpoint: str = "bidi") -> Candidate:
    location = "us-central1" if platform == "vertex" else ""
    return Candidate("websocket", platform, location, model or MODELS[platform], endpoint)


def setup_for(candidate: Candidate, **fields: Any) -> UpstreamSetup:
    return upstream_setup(requested(fields), candidate, project=PROJECT)


def websocket_to(
    base: str, platform: Platform = "developer", *, tokens: Any = None, candidate: Candidate | None = None
) -> WebSocketTransport:
    return WebSocketTransport(
        candidate or candidate_for(platform),
        addresses=Addresses(PROJECT, vertex_base=base, developer_base=base),
        tokens=cast(TokenProvider, tokens or GivenTokens()),
        api_key=API_KEY,
        setup_timeout=5.0,
    )


async def opened(
    base: str, platform: Platform = "developer", *, tokens: Any = None, seconds: float = 20.0
) -> WebSocketTransport:
    transport = websocket_to(base, platform, tokens=tokens)
    await transport.open(setup_for(candidate_for(platform)), (), deadline(seconds))
    return transport


def deadline(seconds: float = 20.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def text_turn(text: str) -> Frame:
    return Frame.of({"clientContent": {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": True}})


@contextlib.asynccontextmanager
async def websocket_server(handler: Serve, **options: Any) -> AsyncIterator[str]:
    """A WebSocket server of our own; yields its base URL."""
    async with serve(handler, "127.0.0.1", 0, **{"compression": None, "close_timeout": 0.1} | options) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def tcp_server(answer: Answer, **options: Any) -> AsyncIterator[str]:
    """A server below WebSocket; yields its base URL."""

    writers: list[asyncio.StreamWriter] = []

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0, **options)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


async def set_up(connection: ServerConnection) -> None:
    """What a server does first."""
    await connection.recv()
    await connection.send(SETUP_COMPLETE)
