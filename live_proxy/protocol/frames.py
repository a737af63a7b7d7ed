"""A frame as it crosses the proxy: bytes first, JSON only when somebody must look inside.

*Media* frames carry one piece of sound or picture and nothing else; they are recognised by a scan of their
head and tail and are never decoded. In doubt a frame is *control*.
"""

from __future__ import annotations

import re

from live_proxy.protocol.codec import JsonObject, decode, encode

_WS = r"[ \t\n\r]{0,64}"
_STRING = r'"[ !#-\[\]-~]{0,120}"'
_MIME = rf'"mime(?:Type|_type)"{_WS}:{_WS}{_STRING}'

_CLIENT_HEAD = (
    rf'{_WS}\{{{_WS}"realtime(?:Input|_input)"{_WS}:{_WS}\{{{_WS}"(?:audio|video)"{_WS}:{_WS}\{{{_WS}'
    rf'(?P<mime>{_MIME}{_WS},{_WS})?"data"{_WS}:{_WS}"'
)
_CLIENT_TAIL = rf'"{_WS}(?P<mime>,{_WS}{_MIME}{_WS})?\}}{_WS}\}}{_WS}\}}{_WS}\Z'
_ROLE = rf'"role"{_WS}:{_WS}"model"'
_SERVER_HEAD = (
    rf'{_WS}\{{{_WS}"serverContent"{_WS}:{_WS}\{{{_WS}"modelTurn"{_WS}:{_WS}\{{{_WS}(?P<role>{_ROLE}{_WS},{_WS})?'
    rf'"parts"{_WS}:{_WS}\[{_WS}\{{{_WS}"inlineData"{_WS}:{_WS}\{{{_WS}'
    rf'(?P<mime>{_MIME}{_WS},{_WS})?"data"{_WS}:{_WS}"'
)
_SERVER_TAIL = (
    rf'"{_WS}(?P<mime>,{_WS}{_MIME}{_WS})?\}}{_WS}\}}{_WS}\]{_WS}(?P<role>,{_WS}{_ROLE}{_WS})?'
    rf"\}}{_WS}\}}{_WS}\}}{_WS}\Z"
)
MAX_TAIL = 1024


def client_media(data: str | bytes) -> int:
    """The number of base64 characters of a client's lone audio or video piece, 0 if the frame is anything else."""
    return _client_bytes(data) if isinstance(data, bytes) else _client_text(data)


def server_media(data: str | bytes) -> int:
    """The number of base64 characters of a server's lone `inlineData` part, 0 if the frame is anything else."""
    return _server_bytes(data) if isinstance(data, bytes) else _server_text(data)


# The base64 alphabet has neither quote nor backslash, so the first quote after `data` must end the piece. With a
# backslash or a character beyond ASCII in the frame, or anything but the expected tail, it is decoded like any
# other. That the piece is base64 is for the other side to judge.


class _Scan[T: (str, bytes)]:
    """The scan of one side's frames in one type of data.

    Frames of one stream differ in the piece alone, so what stood around the last piece is tried first. That gives
    the patterns' own answer: where they end depends on nothing beyond their last quote.
    """

    def __init__(self, head: re.Pattern[T], tail: re.Pattern[T], quote: T, backslash: T) -> None:
        self._head: re.Pattern[T] = head
        self._tail: re.Pattern[T] = tail
        self._quote: T = quote
        self._backslash: T = backslash
        self._around: tuple[T, T] | None = None

    def __call__(self, data: T) -> int:
        if not data.isascii() or self._backslash in data:
            return 0
        if (around := self._around) is not None:
            before, after = around
            if data.startswith(before) and data.endswith(after):
                begin, end = len(before), len(data) - len(after)
                if begin < end == data.find(self._quote, begin):
                    return end - begin
        return self._match(data)

    def _match(self, data: T) -> int:
        start = self._head.match(data)
        if start is None:
            return 0
        begin = start.end()
        end = data.find(self._quote, begin)
        if end <= begin or len(data) - end > MAX_TAIL:
            return 0
        rest = self._tail.match(data, end)
        if rest is None or _twice(start, rest):
            return 0
        self._around = (data[:begin], data[end:])
        return end - begin


def _twice[T: (str, bytes)](start: re.Match[T], rest: re.Match[T]) -> bool:
    """Whether a key stands on both sides of the piece."""
    if not start.lastindex or not rest.lastindex:
        return False
    return any(start[name] and rest[name] for name in rest.re.groupindex)


_client_text = _Scan(re.compile(_CLIENT_HEAD), re.compile(_CLIENT_TAIL), '"', "\\")
_client_bytes = _Scan(re.compile(_CLIENT_HEAD.encode()), re.compile(_CLIENT_TAIL.encode()), b'"', b"\\")
_server_text = _Scan(re.compile(_SERVER_HEAD), re.compile(_SERVER_TAIL), '"', "\\")
_server_bytes = _Scan(re.compile(_SERVER_HEAD.encode()), re.compile(_SERVER_TAIL.encode()), b'"', b"\\")


class Frame:
    """One message in one direction. `data` is what travels (text or binary, as it came), `media` the number of
    base64 characters of a media frame and 0 for control; `message` decodes on first use and raises `NotJson`."""

    __slots__ = ("_message", "data", "media")

    def __init__(self, data: str | bytes, media: int = 0, message: JsonObject | None = None) -> None:
        self.data = data
        self.media = media
        self._message = message

    @property
    def message(self) -> JsonObject:
        if self._message is None:
            self._message = decode(self.data)
        return self._message

    @classmethod
    def from_client(cls, data: str | bytes) -> Frame:
        return cls(data, client_media(data))

    @classmethod
    def from_server(cls, data: str | bytes) -> Frame:
        return cls(data, server_media(data))

    @classmethod
    def of(cls, message: JsonObject) -> Frame:
        """A control frame of our own making, as text: what both SDKs send."""
        return cls(encode(message).decode(), 0, message)
