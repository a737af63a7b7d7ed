"""The socket of a program that speaks through Google's SDK: Google's frames, Google's sizes, Google's closes."""

from __future__ import annotations

from live_proxy.client_port import ClientPort
from live_proxy.edge.google_words import close_of
from live_proxy.edge.small_messages import MAX_MESSAGE, small_messages
from live_proxy.protocol.codec import JsonObject, encode


class ProgramPort(ClientPort):
    """Google sends JSON in binary frames, and code that decodes them must not break here."""

    async def send(self, data: str | bytes) -> None:
        if type(data) is str:
            data = data.encode()
        if len(data) < MAX_MESSAGE:
            await super().send(data)
            return
        assert isinstance(data, bytes)
        for piece in small_messages(data):
            await super().send(piece)

    async def send_json(self, message: JsonObject) -> None:
        await self.send(encode(message))

    async def close(self, code: int, reason: str = "") -> None:
        await super().close(*close_of(code, reason))
