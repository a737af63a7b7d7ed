"""The bare relay, as a process: `python -m bench.relay PORT UPSTREAM_PORT`.

What anybody would write with `websockets` on the loop that the service uses: messages are copied both ways, unread.
"""

from __future__ import annotations

import asyncio
import logging
import sys

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def copy(source: ClientConnection | ServerConnection, sink: ClientConnection | ServerConnection) -> None:
    try:
        while True:
            await sink.send(await source.recv())
    except ConnectionClosed:
        await sink.close()


async def main(port: int, upstream: int) -> None:
    async def relay(client: ServerConnection) -> None:
        async with connect(f"ws://127.0.0.1:{upstream}/", compression=None, proxy=None) as above:
            await asyncio.gather(copy(client, above), copy(above, client))

    async with serve(relay, "127.0.0.1", port, compression=None):
        await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable()
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
