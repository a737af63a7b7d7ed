"""The production server: uvicorn with what this service needs of it.

Backpressure both ways (`websockets-sansio`), no compression, a hard end for clients that read nothing, and a drain
before the sockets close.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from types import FrameType
from typing import Any

import structlog
import uvicorn

from live_proxy.client_socket import Socket
from live_proxy.runtime import stop_runtime
from live_proxy.tasks import spawn

log = structlog.get_logger(__name__)

MAX_MESSAGE = 3 * 1024 * 1024 + 64 * 1024
HTTP_SHUTDOWN = 5


class Server(uvicorn.Server):
    """Drains before it stops. A second signal stops at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._signals = 0

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is loaded by now stays for good; looking through it again and again would stall every voice.
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1 or self._loop is None:
            self.should_exit = self.force_exit = True
        else:
            self._loop.call_soon_threadsafe(self._drain_soon)

    def _drain_soon(self) -> None:
        log.info("stopping: open turns may end, new sockets are refused")
        self._draining = spawn(self._drain(), name="drain")

    async def _drain(self) -> None:
        try:
            await stop_runtime()
        finally:
            self.should_exit = True


def make_server(application: Any, *, tls_cert: str | None = None, tls_key: str | None = None) -> Server:
    """The server for an ASGI application or its import path, not yet running."""
    return Server(
        uvicorn.Config(
            application,
            loop="auto",
            http="auto",
            ws=Socket,
            ws_max_size=MAX_MESSAGE,
            ws_per_message_deflate=False,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=HTTP_SHUTDOWN,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError` where the address cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener
