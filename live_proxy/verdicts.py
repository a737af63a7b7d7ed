"""What an upstream failure means: close codes, refused handshakes and network errors to verdicts. Pure.

Google overloads 1007 and 1008 and cuts reasons at 123 bytes, so lower-cased pieces of the reason are matched
first, and the code only decides where no piece is known. Each row states one fact about the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from live_proxy.errors import Action, ErrorKind, Failure, Scope, Verdict

RETRY = Verdict(Action.RETRY)
REAUTH = Verdict(Action.REAUTH)
ADAPT = Verdict(Action.ADAPT)
RESUME = Verdict(Action.RESUME)
FRESH = Verdict(Action.FRESH)
GIVE_UP = Verdict(Action.GIVE_UP)
SKIP_MODEL = Verdict(Action.SKIP, Scope.MODEL)
SKIP_ENDPOINT = Verdict(Action.SKIP, Scope.ENDPOINT)
SKIP_HOST = Verdict(Action.SKIP, Scope.HOST)
SKIP_PLATFORM = Verdict(Action.SKIP, Scope.PLATFORM)
SKIP_TRANSPORT = Verdict(Action.SKIP, Scope.TRANSPORT)


@dataclass(frozen=True, slots=True)
class Row:
    """`pieces` must all be in the reason. `early` is the verdict before set-up was complete, `late` after it."""

    pieces: tuple[str, ...]
    kind: ErrorKind
    early: Verdict
    late: Verdict

    def verdict_is(self, action: Action) -> bool:
        return self.early.action is action


def _row(*pieces: str, kind: ErrorKind, early: Verdict, late: Verdict | None = None) -> Row:
    return Row(pieces, kind, early, late or early)


# Order matters: the first row whose pieces are all present decides.
REASONS: tuple[Row, ...] = (
    _row("api key not valid", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("api_key_invalid", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("api key not found", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("api keys are not supported", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("requests to this api", "are blocked", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("ip address restriction", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("api key expired", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("reported as leaked", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("api_key_service_blocked", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("unregistered callers", kind=ErrorKind.API_KEY, early=SKIP_PLATFORM),
    _row("malformed auth token", kind=ErrorKind.UNAUTHENTICATED, early=REAUTH),
    _row("token has been used too many times", kind=ErrorKind.UNAUTHENTICATED, early=REAUTH),
    _row("invalid authentication credentials", kind=ErrorKind.UNAUTHENTICATED, early=REAUTH),
    _row("unauthenticated", kind=ErrorKind.UNAUTHENTICATED, early=REAUTH),
    _row("location is not supported", kind=ErrorKind.LOCATION, early=SKIP_PLATFORM),
    _row("project 'projects/", kind=ErrorKind.PROJECT, early=SKIP_PLATFORM),
    _row("consumer_invalid", kind=ErrorKind.PROJECT, early=SKIP_PLATFORM),
    _row("has not been used in project", kind=ErrorKind.API_DISABLED, early=SKIP_PLATFORM),
    _row("service_disabled", kind=ErrorKind.API_DISABLED, early=SKIP_PLATFORM),
    _row("requires billing to be enabled", kind=ErrorKind.BILLING, early=SKIP_PLATFORM),
    _row("billing_disabled", kind=ErrorKind.BILLING, early=SKIP_PLATFORM),
    _row("quota project", kind=ErrorKind.PERMISSION, early=SKIP_PLATFORM),
    _row("permission denied", kind=ErrorKind.PERMISSION, early=SKIP_PLATFORM),
    _row("permission_denied", kind=ErrorKind.PERMISSION, early=SKIP_PLATFORM),
    _row("permission '", kind=ErrorKind.PERMISSION, early=SKIP_PLATFORM),
    _row("resource_exhausted", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("resource has been exhausted", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("credits are depleted", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("exceeded your current quota", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("maximum concurrent", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("quota exceeded", kind=ErrorKind.QUOTA, early=SKIP_MODEL),
    _row("response modalities", kind=ErrorKind.MODALITY, early=ADAPT),
    _row("extract voices from a non-audio", kind=ErrorKind.MODALITY, early=ADAPT),
    _row("thinking level must be specified", kind=ErrorKind.CONFIGURATION, early=ADAPT),
    _row("unsupported language code", kind=ErrorKind.CONFIGURATION, early=ADAPT),
    _row("invalid session handle", kind=ErrorKind.HANDLE, early=FRESH),
    _row("bidigeneratecontent session", "not found", kind=ErrorKind.HANDLE, early=FRESH),
    _row("session history not found", kind=ErrorKind.HANDLE, early=FRESH),
    _row("session not found", kind=ErrorKind.HANDLE, early=FRESH),
    _row("requested entity was not found", kind=ErrorKind.HANDLE, early=FRESH),
    _row("publisher model", kind=ErrorKind.MODEL_NOT_FOUND, early=SKIP_MODEL),
    _row("not supported for bidigeneratecontent", kind=ErrorKind.MODEL_NOT_FOUND, early=SKIP_MODEL),
    _row("models/", "is not found", kind=ErrorKind.MODEL_NOT_FOUND, early=SKIP_MODEL),
    _row("is not found for api version", kind=ErrorKind.MODEL_NOT_FOUND, early=SKIP_MODEL),
    _row("operation is not implemented", kind=ErrorKind.UNSUPPORTED_OPERATION, early=SKIP_MODEL, late=RESUME),
    _row("media_chunks is deprecated", kind=ErrorKind.INVALID_ARGUMENT, early=GIVE_UP),
    _row("unknown name", kind=ErrorKind.INVALID_ARGUMENT, early=GIVE_UP),
    _row("invalid value at", kind=ErrorKind.INVALID_ARGUMENT, early=GIVE_UP),
    _row("invalid json payload", kind=ErrorKind.INVALID_ARGUMENT, early=GIVE_UP),
    _row("* bidigeneratecontentrequest", kind=ErrorKind.INVALID_ARGUMENT, early=GIVE_UP),
    _row("request contains an invalid argument", kind=ErrorKind.INVALID_ARGUMENT, early=SKIP_MODEL, late=FRESH),
    _row("precondition check failed", kind=ErrorKind.PRECONDITION, early=SKIP_MODEL, late=FRESH),
    _row("safety", kind=ErrorKind.SAFETY, early=GIVE_UP),
    _row("deadline expired", kind=ErrorKind.DEADLINE, early=RETRY, late=RESUME),
    _row("deadline_exceeded", kind=ErrorKind.DEADLINE, early=RETRY, late=RESUME),
    _row("currently unavailable", kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
    _row("overloaded", kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
    _row("internal error", kind=ErrorKind.INTERNAL, early=RETRY, late=RESUME),
)
# The code alone, where the reason says nothing known.
CODES: Mapping[int, Row] = {
    1000: _row(kind=ErrorKind.SESSION_LIMIT, early=RETRY, late=RESUME),
    1001: _row(kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
    1005: _row(kind=ErrorKind.NETWORK, early=RETRY, late=RESUME),
    1006: _row(kind=ErrorKind.NETWORK, early=RETRY, late=RESUME),
    1007: _row(kind=ErrorKind.INVALID_ARGUMENT, early=SKIP_MODEL, late=FRESH),
    1008: _row(kind=ErrorKind.UNKNOWN, early=SKIP_MODEL, late=RESUME),
    1009: _row(kind=ErrorKind.TOO_BIG, early=GIVE_UP),
    1011: _row(kind=ErrorKind.INTERNAL, early=RETRY, late=RESUME),
    1012: _row(kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
    1013: _row(kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
    1014: _row(kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME),
}
ABOUT_THE_PLATFORM = (
    ErrorKind.API_KEY,
    ErrorKind.LOCATION,
    ErrorKind.PROJECT,
    ErrorKind.API_DISABLED,
    ErrorKind.BILLING,
)
UNKNOWN = _row(kind=ErrorKind.UNKNOWN, early=SKIP_MODEL, late=RESUME)


def reason_row(reason: str) -> Row | None:
    text = reason.lower()
    return next((row for row in REASONS if all(piece in text for piece in row.pieces)), None)


def close_failure(code: int | None, reason: str, *, set_up: bool, sent_by_us: bool = False) -> Failure:
    """The failure behind a closed upstream socket. `code` None means that no close frame was received."""
    if sent_by_us:
        # Our own library closes with 1011 when a pong is missing: a network fault, not Google's word.
        verdict = RESUME if set_up else RETRY
        return Failure(verdict, ErrorKind.PING_TIMEOUT, code=code, reason=reason)
    code = code or 1006
    row = reason_row(reason) or CODES.get(code, UNKNOWN)
    return Failure(row.late if set_up else row.early, row.kind, code=code, reason=reason)


def http_failure(status: int, body: str, *, retry_after: str | None = None) -> Failure:
    """The failure behind a refused WebSocket handshake. `body` is what came with it, possibly Google's JSON error."""
    row = reason_row(body)
    wait = retry_delay(body, retry_after)

    def failure(kind: ErrorKind, verdict: Verdict) -> Failure:
        return Failure(verdict, kind, http_status=status, reason=first_sentence(body))

    if status == 401:
        return failure(ErrorKind.UNAUTHENTICATED, REAUTH)
    if row and row.kind in ABOUT_THE_PLATFORM:
        return failure(row.kind, row.early)
    if status == 403:
        return failure(ErrorKind.PERMISSION, SKIP_PLATFORM)
    if status == 404:
        return failure(ErrorKind.ENDPOINT_NOT_FOUND, SKIP_ENDPOINT)
    if status == 429:
        return failure(ErrorKind.QUOTA, Verdict(Action.SKIP, Scope.MODEL, wait))
    if status in (500, 502, 503, 504):
        return failure(ErrorKind.UNAVAILABLE, Verdict(Action.RETRY, None, wait))
    return failure(ErrorKind.HANDSHAKE, SKIP_ENDPOINT)


def request_failure(status: int, body: str, *, retry_after: str | None = None) -> Failure:
    """The failure behind a refused request of the HTTP tiers (facts: 400 for a bad key, lists around errors)."""
    row = reason_row(body)
    wait = retry_delay(body, retry_after)

    def failure(kind: ErrorKind, verdict: Verdict) -> Failure:
        return Failure(verdict, kind, http_status=status, reason=first_sentence(body))

    if status == 401:
        return failure(ErrorKind.UNAUTHENTICATED, REAUTH)
    if row and row.kind in ABOUT_THE_PLATFORM:
        return failure(row.kind, row.early)
    if status == 403:
        return failure(ErrorKind.PERMISSION, SKIP_PLATFORM)
    if status == 404:
        missing = row is not None or '"NOT_FOUND"' in body  # else a page that knows no such path
        return (
            failure(ErrorKind.MODEL_NOT_FOUND, SKIP_MODEL)
            if missing
            else failure(ErrorKind.ENDPOINT_NOT_FOUND, SKIP_ENDPOINT)
        )
    if status == 429:
        return failure(ErrorKind.QUOTA, Verdict(Action.SKIP, Scope.MODEL, wait))
    if status == 400:
        if row and row.verdict_is(Action.ADAPT):
            return failure(row.kind, row.early)
        if "FAILED_PRECONDITION" in body:
            return failure(ErrorKind.PRECONDITION, SKIP_PLATFORM)
        # What one model or tier calls invalid another may take: the set-up was made for Live.
        return failure(ErrorKind.INVALID_ARGUMENT, SKIP_MODEL)
    if status in (408, 500, 502, 503, 504):
        return failure(ErrorKind.UNAVAILABLE, Verdict(Action.RETRY, None, wait))
    return failure(ErrorKind.HANDSHAKE, SKIP_ENDPOINT)


NETWORK: Mapping[ErrorKind, Verdict] = {
    ErrorKind.DNS: SKIP_HOST,
    ErrorKind.TLS: SKIP_HOST,
    ErrorKind.CONNECT: SKIP_HOST,
    ErrorKind.CONNECT_TIMEOUT: SKIP_MODEL,
    ErrorKind.SETUP_TIMEOUT: SKIP_MODEL,
    ErrorKind.SEND_TIMEOUT: RESUME,
    ErrorKind.HANDSHAKE: SKIP_ENDPOINT,
    ErrorKind.CREDENTIALS: SKIP_PLATFORM,
    ErrorKind.NETWORK: RETRY,
    ErrorKind.INVALID_ARGUMENT: SKIP_MODEL,
    ErrorKind.BAD_MESSAGE: SKIP_MODEL,
    ErrorKind.TOO_BIG: SKIP_MODEL,
    ErrorKind.NO_OUTPUT: SKIP_MODEL,
    ErrorKind.STALL: SKIP_MODEL,
    ErrorKind.EMPTY_TURN: SKIP_MODEL,
}


def local_failure(kind: ErrorKind, reason: str = "") -> Failure:
    """A failure that this side saw: no close code and no status came with it."""
    return Failure(NETWORK[kind], kind, reason=reason)


def retry_delay(body: str, header: str | None) -> float | None:
    """Seconds that upstream asks to wait: Retry-After in seconds, or RetryInfo's `retryDelay` in the body."""
    if header and re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return float(header)
    found = re.search(r'"retryDelay"\s*:\s*"([0-9]{1,9}(?:\.[0-9]{1,9})?)s"', body)
    return float(found[1]) if found else None


def first_sentence(body: str) -> str:
    """Google's `error.message` where the body has one, else the body, on one line and cut."""
    found = re.search(r'"message"\s*:\s*"((?:[^"\\]|\\.){1,300})', body)
    return " ".join((found[1] if found else body).split())[:300]


def error_body_failure(message: Mapping[str, Any], *, set_up: bool) -> Failure | None:
    """Some failures arrive as a message, `{"error": {...}}` or `{"code": …, "message": …}`, before the close."""
    error = message.get("error", message)
    if not isinstance(error, Mapping) or not isinstance(error.get("message"), str):
        return None
    code = error.get("code")
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    row = reason_row(error["message"]) or reason_row(str(error.get("status"))) or _status_row(code)
    return Failure(
        row.late if set_up else row.early,
        row.kind,
        reason=error["message"][:300],
        http_status=code if code is not None and 100 <= code <= 599 else None,
    )


def _status_row(code: int | None) -> Row:
    """What the number of an error that came as a message says, where its words say nothing known."""
    if code == 401:
        return _row(kind=ErrorKind.UNAUTHENTICATED, early=REAUTH)
    if code == 403:
        return _row(kind=ErrorKind.PERMISSION, early=SKIP_PLATFORM)
    if code == 400:
        return CODES[1007]
    if code == 404:
        return _row(kind=ErrorKind.MODEL_NOT_FOUND, early=SKIP_MODEL)
    if code == 429:
        return _row(kind=ErrorKind.QUOTA, early=SKIP_MODEL)
    if code in (500, 502, 503, 504):
        return _row(kind=ErrorKind.UNAVAILABLE, early=RETRY, late=RESUME)
    return CODES.get(code or 0, UNKNOWN)
