"""websockets' client connection with a short way for whole messages. What is unusual goes the library's own way."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Opcode
from websockets.protocol import OPEN

from live_proxy.outgoing import ClientFrames


class Connection(ClientConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frames = ClientFrames()

    def send_now(self, data: str | bytes) -> bool:
        """Write one message if that takes no waiting; `send` is for when it does or the connection has ended."""
        if self.paused or self.protocol.state is not OPEN or self.transport.is_closing():
            return False
        self.transport.write(self._frames.frame(data))
        return True

    async def receive(self) -> str | bytes:
        """`recv`, for one reader at a time."""
        messages = self.recv_messages
        queue = messages.frames
        try:
            frame = await queue.get(not messages.closed)
        except EOFError:
            return await self.recv()
        if frame.fin:
            try:
                data = str(frame.data, "utf-8") if frame.opcode is Opcode.TEXT else bytes(frame.data)
            except UnicodeDecodeError:
                pass
            else:
                messages.maybe_resume()
                return data
        queue.put_back([frame])
        return await self.recv()
