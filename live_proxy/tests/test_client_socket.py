"""The client's socket on the wire: order, fragments, control frames, and who waits for whom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from live_proxy.client_socket import Inbox, Socket
from live_proxy.server import listen
from live_proxy.tests.loop_watch import until

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
KIB = 1024


@contextlib.asynccontextmanager
async def socket_to(application: Application, **options: Any) -> AsyncIterator[ClientConnection]:
    """A client of a server that runs `application` for each socket, accepted."""

    async def accepting(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await application(scope, receive, send)

    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        accepting, ws=Socket, lifespan="off", log_config=None, ws_per_message_deflate=False, ws_max_size=KIB * KIB
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listener]))
    await until(lambda: server.started)
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
    try:
        async with connect(url, compression=None, proxy=None, **options) as client:
            yield client
    finally:
        server.should_exit = True
        await serving


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (event := await receive())["type"] == "websocket.receive":
        await send(event | {"type": "websocket.send"})


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
async def test_a_message_of_every_length_comes_and_goes_as_it_is(size: int) -> None:
    async with socket_to(echo) as client:
        for data in ("x" * size, b"\xff" * size):
            await client.send(data)
            assert await client.recv() == data


async def test_many_messages_stay_in_order_and_keep_their_kind() -> None:
    sent = [f"{number}ü" if number % 2 else str(number).encode() for number in range(2000)]
    async with socket_to(echo) as client:

        async def send() -> None:
            for data in sent:
                await client.send(data)

        sending = asyncio.create_task(send())
        assert [await client.recv() for _ in sent] == sent
        await sending


async def test_a_fragmented_message_is_one_event() -> None:
    async with socket_to(echo) as client:
        await client.send(["a", "b" * 200, "ü"])
        assert await client.recv() == "a" + "b" * 200 + "ü"


async def test_text_that_is_no_unicode_closes_with_1007() -> None:
    async with socket_to(echo) as client:
        await client.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1007


async def test_a_message_that_is_too_big_closes_with_1009() -> None:
    async with socket_to(echo) as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send(bytes(KIB * KIB + 1))
            await client.recv()
        assert client.close_code == 1009


async def test_an_application_that_does_not_read_makes_the_client_wait() -> None:
    go = asyncio.Event()

    async def late(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await go.wait()
        await echo(scope, receive, send)

    sent = 0
    async with socket_to(late) as client:

        async def flood() -> None:
            nonlocal sent
            for number in range(3000):
                await client.send(str(number) + "x" * 10_000)
                sent += 1

        flooding = asyncio.create_task(flood())
        last = -1
        while sent != last:
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 2500
        go.set()
        for number in range(3000):
            assert str(await client.recv()).startswith(f"{number}x")
        await flooding


async def test_a_ping_is_answered_while_messages_wait() -> None:
    go = asyncio.Event()

    async def late(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await go.wait()
        await echo(scope, receive, send)

    async with socket_to(late) as client:
        for _ in range(5):
            await client.send("waits")
        async with asyncio.timeout(2):
            await (await client.ping())
        go.set()
        assert await client.recv() == "waits"


async def test_a_client_that_does_not_read_makes_the_application_wait() -> None:
    sent = 0

    async def flood(scope: dict[str, Any], receive: Any, send: Any) -> None:
        nonlocal sent
        with contextlib.suppress(OSError):
            while sent < 5000:
                await send({"type": "websocket.send", "bytes": bytes(20_000)})
                sent += 1
                await asyncio.sleep(0)

    async with socket_to(flood, max_queue=1) as client:
        last = -1
        while sent != last:
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 2500
        client.transport.abort()


async def test_sending_after_the_client_left_is_an_oserror() -> None:
    ended = asyncio.get_running_loop().create_future()

    async def late(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.disconnect"
        try:
            while True:
                await send({"type": "websocket.send", "text": "still there?"})
                await asyncio.sleep(0)
        except OSError as error:
            ended.set_result(error)

    async with socket_to(late) as client:
        await client.close()
        async with asyncio.timeout(5):
            await ended


async def test_the_codes_of_a_close_go_both_ways() -> None:
    seen: list[dict[str, Any]] = []

    async def closes(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(await receive())
        await send({"type": "websocket.close", "code": 4408, "reason": "too slow"})

    async with socket_to(closes) as client:
        await client.send("one")
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (4408, "too slow")
    assert seen == [{"type": "websocket.receive", "text": "one"}]


async def test_a_cancelled_get_loses_no_event() -> None:
    inbox = Inbox(asyncio.get_running_loop())
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"number": 1})
    waiting.cancel()
    await asyncio.wait([waiting])
    inbox.put_nowait({"number": 2})
    assert [await inbox.get(), await inbox.get()] == [{"number": 1}, {"number": 2}]
