"""The short way to and from upstream, next to the library's own."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection

from live_proxy.tests.upstreams import websocket_server
from live_proxy.transports.connection import Connection


async def dialled(base: str) -> Connection:
    url = base.replace("http", "ws", 1)
    connection = await connect(url, create_connection=Connection, compression=None, proxy=None)
    assert isinstance(connection, Connection)
    return connection


async def test_fragments_and_whole_messages_come_in_order() -> None:
    async def says(server: ServerConnection) -> None:
        await server.send("one")
        await server.send(["t", "w", "o ü"])
        await server.send(b"three")
        await server.send([b"fo", b"ur"])
        await server.wait_closed()

    async with websocket_server(says) as base:
        connection = await dialled(base)
        assert [await connection.receive() for _ in range(4)] == ["one", "two ü", b"three", b"four"]
        await connection.close()


async def test_a_cancelled_receive_loses_nothing() -> None:
    go = asyncio.Event()

    async def says(server: ServerConnection) -> None:
        await go.wait()
        for number in range(50):
            await server.send(str(number))
        await server.wait_closed()

    async with websocket_server(says) as base:
        connection = await dialled(base)
        waiting = asyncio.create_task(connection.receive())
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.wait([waiting])
        go.set()
        assert [await connection.receive() for _ in range(50)] == [str(number) for number in range(50)]
        await connection.close()


async def test_both_ways_of_sending_keep_the_order() -> None:
    got: list[str | bytes] = []

    async def says(server: ServerConnection) -> None:
        async for message in server:
            got.append(message)

    sent = [f"{number}" + "x" * 20_000 for number in range(500)]
    async with websocket_server(says) as base:
        connection = await dialled(base)
        waited = 0
        for data in sent:
            if not connection.send_now(data):
                waited += 1
                await connection.send(data)
        await connection.close()
    assert got == sent and waited


async def test_a_ping_is_answered_while_nobody_receives() -> None:
    answered = asyncio.get_running_loop().create_future()

    async def says(server: ServerConnection) -> None:
        for _ in range(5):
            await server.send("waits")
        await (await server.ping())
        answered.set_result(None)
        await server.wait_closed()

    async with websocket_server(says) as base:
        connection = await dialled(base)
        async with asyncio.timeout(5):
            await answered
        assert [await connection.receive() for _ in range(5)] == ["waits"] * 5
        await connection.close()


async def test_after_the_end_nothing_is_written() -> None:
    async def says(server: ServerConnection) -> None:
        await server.close(1001)

    async with websocket_server(says) as base:
        connection = await dialled(base)
        await connection.wait_closed()
        assert not connection.send_now("anybody?")
