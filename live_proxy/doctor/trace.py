"""What was said on one socket, written down as recordings are: `>` for what went up, `<` for what came, the length of
the record in bytes, a space, the message, a line feed. Nothing of a project or of credentials is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live_proxy.doctor.redaction import HIDDEN, Redactor
from live_proxy.transports.connection import Connection

MAX_RECORDS = 500
HIDDEN_KEYS = frozenset({"sessionId", "newHandle", "handle", "voiceConsentSignature"})
_PROJECT = re.compile(r"projects/[^/\s\"'`]+")
PROJECT_HIDDEN = "projects/REDACTED"


@dataclass(slots=True)
class Trace:
    """(from the client, message) in order."""

    records: list[tuple[bool, bytes]] = field(default_factory=list)

    def note(self, from_client: bool, data: str | bytes) -> None:
        if len(self.records) < MAX_RECORDS:
            self.records.append((from_client, data.encode() if isinstance(data, str) else bytes(data)))

    def connection(self) -> Callable[..., Connection]:
        """What makes a connection whose messages are noted here."""

        def make(*args: Any, **kwargs: Any) -> Connection:
            return _TracedConnection(self, *args, **kwargs)

        return make

    def written(self, redactor: Redactor) -> bytes:
        """The whole trace as a file holds it."""
        lines = []
        for from_client, data in self.records:
            payload = redacted(data, redactor)
            lines.append(b"%s%d %s\n" % (b">" if from_client else b"<", len(payload) + 1, payload))
        return b"".join(lines)


class _TracedConnection(Connection):
    def __init__(self, trace: Trace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._trace = trace

    async def send(self, message: Any, text: bool | None = None) -> None:
        self._trace.note(True, message)
        await super().send(message, text=text)

    async def recv(self, decode: bool | None = None) -> Any:
        message = await super().recv(decode=decode)
        self._trace.note(False, message)
        return message


def redacted(data: bytes, redactor: Redactor) -> bytes:
    """A message without names and secrets, in the layout it came in."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return _text(data.decode("utf-8", "replace"), redactor).encode()
    indent = 2 if data[:2] in (b"{\n", b"[\n") else None
    written = json.dumps(_value(message, redactor), indent=indent, ensure_ascii=False)
    return (written + ("\n" if data.endswith(b"\n") else "")).encode()


def _value(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if key in HIDDEN_KEYS and isinstance(item, str) else _value(item, redactor)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_value(item, redactor) for item in value]
    return _text(value, redactor) if isinstance(value, str) else value


def _text(text: str, redactor: Redactor) -> str:
    return redactor.text(_PROJECT.sub(PROJECT_HIDDEN, text))


def write(path: Path, content: bytes) -> None:
    """Write for this user alone. Raises `OSError`."""
    path.touch(mode=0o600)
    path.write_bytes(content)
