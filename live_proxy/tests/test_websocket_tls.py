"""The direct WebSocket and TLS."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from live_proxy.errors import ErrorKind, Failure, Scope
from live_proxy.tests.upstreams import opened, tcp_server, websocket_server
from live_proxy.transports import websocket


async def refusal(base: str, seconds: float = 20) -> Failure:
    with pytest.raises(Failure) as caught:
        await opened(base, seconds=seconds)
    return caught.value


async def test_a_certificate_that_nobody_vouches_for_skips_the_host(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def never(connection: ServerConnection) -> None:
        raise AssertionError("nobody may get in")

    async with websocket_server(never, ssl=context) as base:
        failure = await refusal(base.replace("http:", "https:"))
    assert (failure.kind, failure.verdict.scope) == (ErrorKind.TLS, Scope.HOST)
    assert failure.reason == "CERTIFICATE_VERIFY_FAILED"


async def test_a_server_without_tls_skips_the_host() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with tcp_server(plain) as base:
        failure = await refusal(base.replace("http:", "https:"))
    assert (failure.kind, failure.verdict.scope) == (ErrorKind.TLS, Scope.HOST)


async def test_a_tls_handshake_that_stalls_keeps_the_deadline() -> None:
    async def stalls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tcp_server(stalls) as base:
        loop = asyncio.get_running_loop()
        websocket.tls_context()
        started = loop.time()
        failure = await refusal(base.replace("http:", "https:"), 0.4)
        assert loop.time() - started < 1.4
    assert failure.kind is ErrorKind.CONNECT_TIMEOUT


def test_one_tls_context_serves_all() -> None:
    context = websocket.tls_context()
    assert context is websocket.tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
