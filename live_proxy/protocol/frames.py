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
_CLIENT = (re.compile(_CLIENT_HEAD), re.compile(_CLIENT_TAIL))
_SERVER = (re.compile(_SERVER_HEAD), re.compile(_SERVER_TAIL))
_CLIENT_BYTES = (re.compile(_CLIENT_HEAD.encode()), re.compile(_CLIENT_TAIL.encode()))
_SERVER_BYTES = (re.compile(_SERVER_HEAD.encode()), re.compile(_SERVER_TAIL.encode()))
MAX_TAIL = 1024


def client_media(data: str | bytes) -> int:
    """The number of base64 characters of a client's lone audio or video piece, 0 if the frame is anything else."""
    if isinstance(data, bytes):
        return _scan_bytes(data, *_CLIENT_BYTES)
    return _scan_text(data, *_CLIENT)


def server_media(data: str | bytes) -> int:
    """The number of base64 characters of a server's lone `inlineData` part, 0 if the frame is anything else."""
    if isinstance(data, bytes):
        return _scan_bytes(data, *_SERVER_BYTES)
    return _scan_text(data, *_SERVER)


# The base64 alphabet has neither quote nor backslash, so the first quote after `data` must end the piece. With a
# backslash or a character beyond ASCII in the frame, or anything but the expected tail, it is decoded like any
# other. That the piece is base64 is for the other side to judge.


def _scan_bytes(data: bytes, head: re.Pattern[bytes], tail: re.Pattern[bytes]) -> int:
    start = head.match(data)
    if start is None:
        return 0
    begin = start.end()
    end = data.find(b'"', begin)
    if end <= begin or len(data) - end > MAX_TAIL or not data.isascii() or b"\\" in data:
        return 0
    rest = tail.match(data, end)
    return 0 if rest is None or _twice(start, rest) else end - begin


def _scan_text(data: str, head: re.Pattern[str], tail: re.Pattern[str]) -> int:
    start = head.match(data)
    if start is None:
        return 0
    begin = start.end()
    end = data.find('"', begin)
    if end <= begin or len(data) - end > MAX_TAIL or not data.isascii() or "\\" in data:
        return 0
    rest = tail.match(data, end)
    return 0 if rest is None or _twice(start, rest) else end - begin


def _twice[T: (str, bytes)](start: re.Match[T], rest: re.Match[T]) -> bool:
    """Whether a key stands on both sides of the piece."""
    if not start.lastindex or not rest.lastindex:
        return False
    return any(start[name] and rest[name] for name in rest.re.groupindex)


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
