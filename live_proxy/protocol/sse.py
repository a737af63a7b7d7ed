"""Server-sent events as Google sends them: `data:` lines, an empty line after each event. Pure and bounded."""

from __future__ import annotations

MAX_EVENT = 8 * 1024 * 1024


class EventTooBig(ValueError):
    """One event is larger than any honest one."""


class EventReader:
    """Bytes in, whole payloads out."""

    def __init__(self, *, max_event: int = MAX_EVENT) -> None:
        self._max = max_event
        self._buffer = bytearray()
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The payloads that `piece` completes. Raises `EventTooBig`."""
        self._buffer += piece
        payloads = []
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            if line:
                self._line(line)
            elif self._data:
                payloads.append(self._take())
        if len(self._buffer) + self._size > self._max:
            raise EventTooBig
        return payloads

    def end(self) -> bytes | None:
        """What a stream leaves that ends without its last empty line."""
        if self._buffer:
            self._line(bytes(self._buffer).removesuffix(b"\r"))
            self._buffer.clear()
        return self._take() if self._data else None

    def _line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            self._size += len(line)

    def _take(self) -> bytes:
        payload = b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        return payload
