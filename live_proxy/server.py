"""The production server: uvicorn with what this service needs of it.

Backpressure both ways (`websockets-sansio`), no compression, a hard end for clients that read nothing, and a drain
before the sockets close.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
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

    def __init__(self, config: uvicorn.Config, tls: tuple[socket.socket, ssl.SSLContext] | None = None) -> None:
        super().__init__(config)
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._signals = 0

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._tls is not None:
            await self._listen_with_tls(*self._tls)
        # What is loaded by now stays for good; looking through it again and again would stall every voice.
        gc.collect()
        gc.freeze()

    async def _listen_with_tls(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        """A second door of the same house: uvicorn itself has one certificate for all its sockets, or none."""

        def protocol() -> asyncio.Protocol:
            make: Any = self.config.http_protocol_class
            made: asyncio.Protocol = make(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_server(protocol, sock=listener, ssl=context, backlog=self.config.backlog))

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


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """What connections are encrypted with. Raises `OSError` or `ssl.SSLError` for files that do not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def make_server(
    application: Any,
    *,
    tls_cert: str | None = None,
    tls_key: str | None = None,
    tls: tuple[socket.socket, ssl.SSLContext] | None = None,
) -> Server:
    """The server for an ASGI application or its import path, not yet running. With `tls_cert` all of it speaks TLS,
    with `tls` that further socket does."""
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
        ),
        tls,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError` where the address cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener
