"""The upstream of the bench, as a process: `python -m bench.echo PORT`.

Answers a set-up with `setupComplete` and each frame of sound with one of the same size, as Google does in binary.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.http11 import Request
from websockets.server import ServerProtocol

from bench.wire import DOWN, SETUP_COMPLETE, Frames, plain

ANSWER = plain(DOWN)
LONG = 400  # characters; what is shorter is no frame of sound


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._handshake: ServerProtocol | None = ServerProtocol()
        self._frames = Frames()
        self._set_up = False

    def data_received(self, data: bytes) -> None:
        if self._handshake is not None:
            self._shake_hands(self._handshake, data)
            return
        out = []
        for opcode, payload in self._frames.feed(data):
            if opcode == 8:
                self._transport.close()
            elif opcode in (1, 2) and not self._set_up:
                self._set_up = True
                out.append(plain(SETUP_COMPLETE))
            elif opcode in (1, 2) and len(payload) > LONG:
                out.append(ANSWER)
        if out:
            self._transport.write(b"".join(out))

    def _shake_hands(self, handshake: ServerProtocol, data: bytes) -> None:
        handshake.receive_data(data)
        for request in handshake.events_received():
            assert isinstance(request, Request)
            handshake.send_response(handshake.accept(request))
            self._transport.write(b"".join(handshake.data_to_send()))
            self._handshake = None


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
