"""Whole messages as bytes for the wire: one unfragmented frame without extensions (RFC 6455, section 5.2).

`websockets` frames everything else. What it does for any frame costs more than relaying a frame of sound may.
"""

from __future__ import annotations

import secrets
from struct import Struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled part for this machine
    from websockets.utils import apply_mask

TEXT = 0x81
BINARY = 0x82
MASKED = 0x80
KEY = 4  # bytes of a masking key
KEYS = 1024  # keys fetched from the system at once

_short = Struct("!BB").pack
_medium = Struct("!BBH").pack
_long = Struct("!BBQ").pack


def _header(kind: int, length: int, mask: int) -> bytes:
    if length < 126:
        return _short(kind, mask | length)
    if length < 65536:
        return _medium(kind, mask | 126, length)
    return _long(kind, mask | 127, length)


def server_frame(data: str | bytes) -> bytes:
    """A message as a server sends it."""
    if isinstance(data, str):
        data, kind = data.encode(), TEXT
    else:
        kind = BINARY
    return _header(kind, len(data), 0) + data


class ClientFrames:
    """Messages as a client sends them: each masked with a key of its own, which nobody can foresee."""

    def __init__(self) -> None:
        self._keys = b""
        self._next = 0

    def frame(self, data: str | bytes) -> bytes:
        if isinstance(data, str):
            data, kind = data.encode(), TEXT
        else:
            kind = BINARY
        at = self._next
        if at == len(self._keys):
            self._keys, at = secrets.token_bytes(KEY * KEYS), 0
        self._next = at + KEY
        key = self._keys[at : at + KEY]
        return _header(kind, len(data), MASKED) + key + apply_mask(data, key)
