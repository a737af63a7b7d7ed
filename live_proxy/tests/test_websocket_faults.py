"""What the direct WebSocket makes of an upstream or a network that misbehaves."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import resource
import socket

import pytest
from websockets.asyncio.server import ServerConnection

from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.frames import Frame
from live_proxy.tests.loop_watch import until
from live_proxy.tests.upstreams import (
    Answer,
    candidate_for,
    deadline,
    opened,
    set_up,
    setup_for,
    tcp_server,
    text_turn,
    websocket_server,
    websocket_to,
)
from live_proxy.transports import websocket
from live_proxy.transports.websocket import WebSocketTransport

MIB = 2**20


async def refusal(base: str, seconds: float = 20) -> Failure:
    with pytest.raises(Failure) as caught:
        await opened(base, seconds=seconds)
    return caught.value


async def end_of(transport: WebSocketTransport) -> Failure:
    with pytest.raises(Failure) as caught:
        async with asyncio.timeout(20):
            async for _ in transport.receive():
                pass
    return caught.value


def goes_silent(*, after_setup: bool = True, reads: bool = True) -> Answer:
    """A WebSocket server that answers the handshake and the set-up by hand, then nothing: no pong, no close."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(line.split(b": ")[1] for line in head.splitlines() if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        if after_setup:
            body = b'{"setupComplete": {}}'
            writer.write(bytes([0x82, len(body)]) + body)
        await writer.drain()
        if reads:
            await reader.read()
        else:
            transport = writer.transport
            assert isinstance(transport, asyncio.ReadTransport)
            transport.pause_reading()
            await asyncio.Event().wait()

    return answer


async def test_a_pong_that_does_not_come_is_told_from_googles_1011(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_INTERVAL", 0.1)
    monkeypatch.setattr(websocket, "PING_TIMEOUT", 0.2)
    async with tcp_server(goes_silent()) as base:
        failure = await end_of(await opened(base))
    assert (failure.kind, failure.verdict.action, failure.code) == (ErrorKind.PING_TIMEOUT, Action.RESUME, 1011)


async def test_a_set_up_that_runs_out_of_time_does_not_wait_for_a_close_as_well() -> None:
    async with tcp_server(goes_silent(after_setup=False)) as base:
        loop = asyncio.get_running_loop()
        started = loop.time()
        failure = await refusal(base, 0.3)
        assert loop.time() - started < 0.3 + websocket.CLOSE_TIMEOUT
    assert failure.kind is ErrorKind.SETUP_TIMEOUT


async def test_close_takes_a_second_at_most() -> None:
    async with tcp_server(goes_silent()) as base:
        transport = await opened(base)
        assert transport._socket is not None
        loop = asyncio.get_running_loop()
        started = loop.time()
        await transport.close()
        await transport.close()
        assert loop.time() - started < 1.3
        await transport._socket.wait_closed()


async def test_a_close_that_is_cancelled_cuts_the_connection() -> None:
    async with tcp_server(goes_silent()) as base:
        transport = await opened(base)
        assert transport._socket is not None
        closing = asyncio.create_task(transport.close())
        await asyncio.sleep(0.05)
        closing.cancel()
        await asyncio.wait([closing])
        async with asyncio.timeout(0.5):
            await transport._socket.wait_closed()


async def test_close_does_not_wait_for_an_upstream_that_reads_nothing() -> None:
    async with tcp_server(goes_silent(reads=False)) as base:
        transport = await opened(base)
        sending = asyncio.create_task(transport.send(Frame("x" * 7 * MIB)))
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await transport.close()
        assert loop.time() - started < 1.3
        await asyncio.wait([sending], timeout=5)
        assert sending.done()


@pytest.mark.parametrize("size", [3000, 30_000, 7 * MIB])
async def test_an_upstream_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(websocket, "SEND_TIMEOUT", 0.3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with tcp_server(goes_silent(reads=False)) as base:
        transport = await opened(base)
        frame = Frame("x" * size)
        sent = 0
        with pytest.raises(Failure) as caught:
            async with asyncio.timeout(20):
                while sent < 100 * MIB:
                    await transport.send(frame)
                    sent += size
        assert caught.value.kind is ErrorKind.SEND_TIMEOUT
        assert caught.value.verdict.action is Action.RESUME
        assert transport._socket is not None
        await transport._socket.wait_closed()
        with pytest.raises(Failure):
            await transport.send(text_turn("still there?"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


@pytest.mark.parametrize(("size", "kind"), [(7 * MIB, None), (9 * MIB, ErrorKind.TOO_BIG)])
async def test_messages_of_up_to_eight_mebibytes_pass(size: int, kind: ErrorKind | None) -> None:
    async def says(connection: ServerConnection) -> None:
        await set_up(connection)
        await connection.send(bytes(size))
        await connection.wait_closed()

    async with websocket_server(says, max_size=None) as base:
        transport = await opened(base)
        if kind is None:
            assert len((await anext(aiter(transport.receive()))).data) == size
        else:
            failure = await end_of(transport)
            assert (failure.kind, failure.verdict.scope) == (kind, Scope.MODEL)
        await transport.close()


async def test_bytes_that_are_no_websocket_are_a_network_fault() -> None:
    async def says(connection: ServerConnection) -> None:
        await set_up(connection)
        connection.transport.write(b"\xff\xff\xff\xff not a frame")
        await connection.wait_closed()

    async with websocket_server(says) as base:
        failure = await end_of(await opened(base))
    assert (failure.kind, failure.verdict.action) == (ErrorKind.NETWORK, Action.RESUME)
    assert "1002" in failure.reason


async def test_text_that_is_no_unicode_is_a_network_fault() -> None:
    async def says(connection: ServerConnection) -> None:
        await set_up(connection)
        connection.transport.write(b"\x81\x02\xff\xfe")
        await connection.wait_closed()

    async with websocket_server(says) as base:
        failure = await end_of(await opened(base))
    assert (failure.kind, "1007" in failure.reason) == (ErrorKind.NETWORK, True)


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (b"<html>", ErrorKind.BAD_MESSAGE),
        (b"[]", ErrorKind.BAD_MESSAGE),
        (b'{"error": {"code": 503, "message": "The service is currently unavailable."}}', ErrorKind.UNAVAILABLE),
        (b'{"code": 429, "message": "Resource has been exhausted"}', ErrorKind.QUOTA),
        (b'{"error": {"message": 5}}', ErrorKind.SETUP_TIMEOUT),
        (b'{"serverContent": {}}' + b" " * 10, ErrorKind.SETUP_TIMEOUT),
    ],
)
async def test_another_answer_than_setup_complete_is_a_failure(first: bytes, kind: ErrorKind) -> None:
    async def says(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(first)
        await connection.wait_closed()

    async with websocket_server(says) as base:
        assert (await refusal(base, 1.0 if kind is ErrorKind.SETUP_TIMEOUT else 20)).kind is kind


async def test_messages_without_end_before_setup_are_a_failure() -> None:
    async def says(connection: ServerConnection) -> None:
        await connection.recv()
        while True:
            await connection.send(b'{"serverContent": {}}')
            await asyncio.sleep(0)

    async with websocket_server(says) as base:
        assert (await refusal(base)).kind is ErrorKind.BAD_MESSAGE


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ErrorKind.HANDSHAKE),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ErrorKind.HANDSHAKE),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ErrorKind.HANDSHAKE),
        (b"\x15\x03\x01\x00\x02\x02\x46", ErrorKind.HANDSHAKE),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n", ErrorKind.HANDSHAKE),
        (b"", ErrorKind.HANDSHAKE),
    ],
    ids=["200", "101 without a key", "another protocol", "TLS", "endless header", "end of file"],
)
async def test_a_handshake_that_is_none_is_a_failure(answer: bytes, kind: ErrorKind) -> None:
    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with tcp_server(says) as base:
        failure = await refusal(base)
    assert failure.kind is kind
    assert failure.verdict.action is Action.SKIP


async def test_a_connection_that_is_refused_skips_the_host() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        failure = await refusal(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (failure.kind, failure.verdict.scope) == (ErrorKind.CONNECT, Scope.HOST)


async def test_a_name_that_does_not_resolve_skips_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    failure = await refusal("http://upstream.invalid")
    assert (failure.kind, failure.verdict.scope) == (ErrorKind.DNS, Scope.HOST)


@pytest.mark.parametrize("base", ["http://two..dots", f"http://{'a' * 70}.example", "http://"])
async def test_a_host_that_cannot_be_one_is_a_failure_too(base: str) -> None:
    assert (await refusal(base)).kind in (ErrorKind.HANDSHAKE, ErrorKind.DNS, ErrorKind.CONNECT)


@pytest.mark.parametrize("key", ["key\nX-Injected: yes", "key\r\n", "ключ", "\0"])
async def test_a_key_that_no_header_can_carry_is_a_failure_and_injects_nothing(key: str) -> None:
    heads = []

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with tcp_server(says) as base:
        transport = websocket_to(base)
        transport._api_key = key
        with pytest.raises(Failure) as caught:
            await transport.open(setup_for(candidate_for("developer")), (), deadline())
    assert caught.value.kind is ErrorKind.HANDSHAKE
    assert key not in str(caught.value)
    assert not any(b"\nX-Injected" in head for head in heads)


async def test_upstream_waits_while_nobody_reads() -> None:
    sent = 0

    async def says(connection: ServerConnection) -> None:
        nonlocal sent
        await set_up(connection)
        for _ in range(5000):
            await connection.send(bytes(20_000))
            sent += 1

    async with websocket_server(says) as base:
        transport = await opened(base)
        last = -1
        while sent != last:  # until it stands still
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 2000
        frames = transport.receive()
        for _ in range(1000):
            await anext(frames)
        await until(lambda: sent > last)
        await transport.close()
