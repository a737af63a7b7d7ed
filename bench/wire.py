"""The bench's own ends of a WebSocket: fixed frames and a count of what came, so that neither end is what is measured.

The handshake is websockets'; afterwards only the lengths of frames are looked at.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from websockets.frames import Frame, Opcode

PAYLOAD = 640  # bytes of sound: 20 ms of 16 kHz, 16 bit, mono
SOUND = base64.b64encode(bytes(PAYLOAD)).decode()
MIME = "audio/pcm;rate=16000"
UP = json.dumps({"realtimeInput": {"audio": {"mimeType": MIME, "data": SOUND}}}).encode()
DOWN = json.dumps(
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}]}}}
).encode()
SETUP_COMPLETE = b'{"setupComplete": {}}'


def masked(text: bytes) -> bytes:
    """A client's text frame."""
    return Frame(Opcode.TEXT, text).serialize(mask=True)


def plain(data: bytes) -> bytes:
    """A server's binary frame."""
    return Frame(Opcode.BINARY, data).serialize(mask=False)


class Frames:
    """Cuts a stream of bytes into frames of up to 64 KiB: each as its opcode and the slice of its payload."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        data = self._rest + data if self._rest else data
        at, size = 0, len(data)
        while size - at >= 2:
            length, begin = data[at + 1] & 127, at + 2
            if length == 126:
                if size < at + 4:
                    break
                length, begin = int.from_bytes(data[at + 2 : at + 4]), at + 4
            if data[at + 1] & 128:
                begin += 4
            if size < begin + length:
                break
            yield data[at] & 15, data[begin : begin + length]
            at = begin + length
        self._rest = data[at:]
