"""The forms in which Google says no: an HTTP status with a JSON body, or a WebSocket close with a short reason.

It knows the forms only, not when to use them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_REASON_BYTES = 123

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

INVALID_ARGUMENT = "Request contains an invalid argument."
DEADLINE_EXPIRED = "Deadline expired before operation could complete."


def cut_reason(reason: str, limit: int = MAX_REASON_BYTES) -> str:
    """The longest beginning of the reason that a close frame can carry, never ending inside a character."""
    return reason.encode("utf-8", "replace")[:limit].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends with a close frame."""

    code: int
    reason: str = ""

    @property
    def cut(self) -> str:
        return cut_reason(self.reason)


@dataclass(frozen=True, slots=True)
class Abort:
    """The TCP connection is torn down without a close frame; with `reset` by an RST instead of a FIN."""

    reset: bool = False


Ending = Close | Abort


@dataclass(frozen=True, slots=True)
class HttpRefusal:
    """The handshake (or an HTTP request) is answered with an error."""

    status: int
    message: str
    details: tuple[dict[str, Any], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    status_name: str = ""
    """Where it is not the usual one of the number."""
    page: str = ""
    """The whole body, where what answers is a web server and not the API."""

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "code": self.status,
            "message": self.message,
            "status": self.status_name or STATUS_NAMES.get(self.status, "UNKNOWN"),
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


class Refused(Exception):
    """A client message that ends the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.close = Close(code, reason)


def invalid(reason: str = INVALID_ARGUMENT) -> Refused:
    return Refused(1007, reason)
