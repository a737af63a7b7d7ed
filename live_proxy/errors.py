"""What can go wrong, as data: every failure of the upstream side carries its own verdict.

Knows nothing of sockets, Django or the ladder. A transport raises `Failure` and nothing else; a client's
mistake is a `ClientFault`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What the ladder should do next."""

    RETRY = "retry"  # the same candidate again, after a short wait
    REAUTH = "reauth"  # the same candidate with a new token, once
    ADAPT = "adapt"  # the same candidate with a mended set-up, once
    RESUME = "resume"  # the same upstream session by its handle
    FRESH = "fresh"  # the same candidate without the handle, history replayed
    SKIP = "skip"  # nothing in `scope` is worth trying in this climb
    GIVE_UP = "give_up"  # no candidate can help


class Scope(StrEnum):
    """How much a `skip` rules out."""

    MODEL = "model"
    ENDPOINT = "endpoint"
    HOST = "host"
    PLATFORM = "platform"
    TRANSPORT = "transport"


class ErrorKind(StrEnum):
    """Why an attempt or a turn failed. The word is stored, shown and counted."""

    MODEL_NOT_FOUND = "model_not_found"
    ENDPOINT_NOT_FOUND = "endpoint_not_found"
    MODALITY = "modality"
    CONFIGURATION = "configuration"
    INVALID_ARGUMENT = "invalid_argument"
    PRECONDITION = "precondition"
    QUOTA = "quota"
    UNAUTHENTICATED = "unauthenticated"
    API_KEY = "api_key"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    PROJECT = "project"
    API_DISABLED = "api_disabled"
    BILLING = "billing"
    LOCATION = "location"
    SAFETY = "safety"
    HANDLE = "handle"
    UNSUPPORTED_OPERATION = "unsupported_operation"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    SESSION_LIMIT = "session_limit"
    DNS = "dns"
    TLS = "tls"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect_timeout"
    SETUP_TIMEOUT = "setup_timeout"
    SEND_TIMEOUT = "send_timeout"
    NO_OUTPUT = "no_output"
    STALL = "stall"
    EMPTY_TURN = "empty_turn"
    NETWORK = "network"
    PING_TIMEOUT = "ping_timeout"
    TOO_BIG = "too_big"
    BAD_MESSAGE = "bad_message"
    HANDSHAKE = "handshake"
    UNKNOWN = "unknown"
    BREAKER = "breaker"  # not tried: it failed a moment ago, for somebody
    RECOVERED = "recovered"  # why a session goes back up
    CLIENT_SOCKET_BLOCKED = "client_socket_blocked"
    NO_CANDIDATE = "no_candidate"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`scope` goes with `skip` only; `retry_after` is in seconds, where upstream named a time."""

    action: Action
    scope: Scope | None = None
    retry_after: float | None = None


class Failure(Exception):
    """An upstream attempt or session failed.

    `code` is a WebSocket close code, `http_status` a refused handshake or request, `reason` what upstream
    said (untrusted text for the record and the log, never for a client).
    """

    def __init__(
        self,
        verdict: Verdict,
        kind: ErrorKind,
        *,
        code: int | None = None,
        reason: str = "",
        http_status: int | None = None,
    ) -> None:
        super().__init__(f"{kind}: {reason}" if reason else str(kind))
        self.verdict = verdict
        self.kind = kind
        self.code = code
        self.reason = reason
        self.http_status = http_status

    def describe(self) -> str:
        """One line for log and record: the number upstream gave and its words."""
        number = f"HTTP {self.http_status}" if self.http_status else f"close {self.code}" if self.code else self.kind
        return f"{number}: {self.reason}" if self.reason else str(number)


class ClientFault(Exception):
    """The client broke the protocol. `sentence` is ours and safe to send; `code` is the close code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
