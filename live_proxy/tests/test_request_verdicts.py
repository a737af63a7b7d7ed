"""What each refusal of the HTTP tiers means: status and body to kind, action and scope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live_proxy.errors import Action, ErrorKind, Scope
from live_proxy.verdicts import request_failure

K, A, S = ErrorKind, Action, Scope
Expected = tuple[ErrorKind, Action, Scope | None]


def body(status: int, message: str, name: str = "", details: Any = ()) -> str:
    return json.dumps({"error": {"code": status, "message": message, "status": name, "details": list(details)}})


KEY_INVALID = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
NO_PROJECT = "Request trace id: 1, Project 'projects/x' not found or deleted."
GONE = "models/gemini-x is not found for API version v1beta, or is not supported for generateContent."
PUBLISHER = "Publisher Model `projects/p/locations/l/publishers/google/models/m` was not found"
TABLE: list[tuple[str, int, str, Expected]] = [
    (
        "bad key, by its words",
        400,
        body(400, "API key not valid. Please pass a valid API key."),
        (K.API_KEY, A.SKIP, S.PLATFORM),
    ),
    (
        "bad key, by its detail",
        400,
        body(400, "Bad.", "INVALID_ARGUMENT", KEY_INVALID),
        (K.API_KEY, A.SKIP, S.PLATFORM),
    ),
    ("no key", 403, body(403, "Method doesn't allow unregistered callers."), (K.API_KEY, A.SKIP, S.PLATFORM)),
    ("location", 400, body(400, "User location is not supported for the API use."), (K.LOCATION, A.SKIP, S.PLATFORM)),
    (
        "free tier",
        400,
        body(400, "Not available in your country.", "FAILED_PRECONDITION"),
        (K.PRECONDITION, A.SKIP, S.PLATFORM),
    ),
    ("our translation", 400, body(400, 'Unknown name "x": Cannot find field.'), (K.INVALID_ARGUMENT, A.SKIP, S.MODEL)),
    (
        "anything invalid",
        400,
        body(400, "Request contains an invalid argument."),
        (K.INVALID_ARGUMENT, A.SKIP, S.MODEL),
    ),
    ("thinking", 400, body(400, "Thinking level must be specified for this model."), (K.CONFIGURATION, A.ADAPT, None)),
    (
        "key as bearer, old token",
        401,
        body(401, "Request had invalid credentials."),
        (K.UNAUTHENTICATED, A.REAUTH, None),
    ),
    ("permission", 403, body(403, "Permission denied.", "PERMISSION_DENIED"), (K.PERMISSION, A.SKIP, S.PLATFORM)),
    (
        "API not enabled",
        403,
        body(403, "API has not been used in project 1 before"),
        (K.API_DISABLED, A.SKIP, S.PLATFORM),
    ),
    ("no billing", 403, body(403, "This API method requires billing to be enabled."), (K.BILLING, A.SKIP, S.PLATFORM)),
    ("leaked key", 403, body(403, "Your API key was reported as leaked."), (K.API_KEY, A.SKIP, S.PLATFORM)),
    (
        "restricted key",
        403,
        body(403, "Requests to this API method are blocked.", "API_KEY_SERVICE_BLOCKED"),
        (K.API_KEY, A.SKIP, S.PLATFORM),
    ),
    ("strange project", 403, body(403, "Permission denied on x.", "CONSUMER_INVALID"), (K.PROJECT, A.SKIP, S.PLATFORM)),
    ("project", 404, body(404, NO_PROJECT), (K.PROJECT, A.SKIP, S.PLATFORM)),
    ("Developer model", 404, body(404, GONE, "NOT_FOUND"), (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL)),
    ("Vertex model", 404, body(404, PUBLISHER, "NOT_FOUND"), (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL)),
    ("entity", 404, body(404, "Requested entity was not found.", "NOT_FOUND"), (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL)),
    ("a page that knows no such path", 404, "<html>Error 404</html>", (K.ENDPOINT_NOT_FOUND, A.SKIP, S.ENDPOINT)),
    ("method", 405, "", (K.HANDSHAKE, A.SKIP, S.ENDPOINT)),
    ("request time-out", 408, "", (K.UNAVAILABLE, A.RETRY, None)),
    ("quota", 429, body(429, "You exceeded your current quota.", "RESOURCE_EXHAUSTED"), (K.QUOTA, A.SKIP, S.MODEL)),
    ("quota, in a list", 429, f"[{body(429, 'Resource exhausted.')}]", (K.QUOTA, A.SKIP, S.MODEL)),
    ("internal", 500, body(500, "An internal error has occurred."), (K.UNAVAILABLE, A.RETRY, None)),
    ("gateway", 502, "<html>", (K.UNAVAILABLE, A.RETRY, None)),
    ("overloaded", 503, body(503, "The model is overloaded."), (K.UNAVAILABLE, A.RETRY, None)),
    ("deadline", 504, body(504, "Deadline expired."), (K.UNAVAILABLE, A.RETRY, None)),
    ("redirect", 302, "", (K.HANDSHAKE, A.SKIP, S.ENDPOINT)),
    ("nothing known", 418, "", (K.HANDSHAKE, A.SKIP, S.ENDPOINT)),
]


@pytest.mark.parametrize(("status", "text", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_a_refused_request_means(status: int, text: str, expected: Expected) -> None:
    failure = request_failure(status, text)
    assert (failure.kind, failure.verdict.action, failure.verdict.scope) == expected
    assert failure.http_status == status


def test_how_long_quota_asks_to_wait() -> None:
    retry = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}]
    assert request_failure(429, body(429, "x", "", retry)).verdict.retry_after == 22.0
    assert request_failure(429, "", retry_after="7").verdict.retry_after == 7.0
