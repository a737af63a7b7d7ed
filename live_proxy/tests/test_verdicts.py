"""What upstream's closes, refused handshakes and error messages mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.errors import Action, ErrorKind, Failure, Scope, Verdict
from live_proxy.protocol.reasons import MAX_REASON
from live_proxy.tests.strategies import quickly, values
from live_proxy.verdicts import (
    NETWORK,
    close_failure,
    error_body_failure,
    first_sentence,
    http_failure,
    local_failure,
    retry_delay,
)

K = ErrorKind
MODEL, ENDPOINT, HOST, PLATFORM = Scope.MODEL, Scope.ENDPOINT, Scope.HOST, Scope.PLATFORM
RETRY, REAUTH, ADAPT, RESUME, FRESH, GIVE_UP = (
    Action.RETRY,
    Action.REAUTH,
    Action.ADAPT,
    Action.RESUME,
    Action.FRESH,
    Action.GIVE_UP,
)
Outcome = Action | Scope  # a scope stands for "skip it"

# code, reason, kind, before set-up, after it
CLOSES: list[tuple[int | None, str, ErrorKind, Outcome, Outcome]] = [
    (1007, "API key not valid. Please pass a valid API key.", K.API_KEY, PLATFORM, PLATFORM),
    (1007, "API Key not found. Please pass a valid API key.", K.API_KEY, PLATFORM, PLATFORM),
    (1008, "API keys are not supported by this API. Expected OAuth2 access token", K.API_KEY, PLATFORM, PLATFORM),
    (1008, "Your API key was reported as leaked. Please use another API key.", K.API_KEY, PLATFORM, PLATFORM),
    (1008, "Requests to this API generativelanguage method are blocked.", K.API_KEY, PLATFORM, PLATFORM),
    (1008, "This API method requires billing to be enabled.", K.BILLING, PLATFORM, PLATFORM),
    (
        1008,
        "Vertex AI API has not been used in project 5 before or it is disabled.",
        K.API_DISABLED,
        PLATFORM,
        PLATFORM,
    ),
    (1008, "The API requires a quota project, which is not set by default.", K.PERMISSION, PLATFORM, PLATFORM),
    (1011, "Your prepayment credits are depleted. Please go to AI Studio", K.QUOTA, MODEL, MODEL),
    (1007, "Missing or malformed auth token", K.UNAUTHENTICATED, REAUTH, REAUTH),
    (1007, "User location is not supported for the API use.", K.LOCATION, PLATFORM, PLATFORM),
    (
        1007,
        "The requested combination of response modalities (TEXT) is not supported by the model. "
        "models/gemini-3.1-flash-live-preview",
        K.MODALITY,
        ADAPT,
        ADAPT,
    ),
    (1007, "Cannot extract voices from a non-audio request.", K.MODALITY, ADAPT, ADAPT),
    (1007, "Thinking level must be specified for this model.", K.CONFIGURATION, ADAPT, ADAPT),
    (1007, "Unsupported language code 'ar-XA' for model models/gemini-x", K.CONFIGURATION, ADAPT, ADAPT),
    (
        1007,
        "realtime_input.media_chunks is deprecated. Use audio, video, or text instead",
        K.INVALID_ARGUMENT,
        GIVE_UP,
        GIVE_UP,
    ),
    (
        1007,
        "* BidiGenerateContentRequest.setup.tools[0].function_declarations[3].parameters.properties[colour].enum: "
        "only allowed for STRING type",
        K.INVALID_ARGUMENT,
        GIVE_UP,
        GIVE_UP,
    ),
    (1007, "Unknown name \"speechConfig\" at 'setup': Cannot find field.", K.INVALID_ARGUMENT, GIVE_UP, GIVE_UP),
    (1007, "Invalid JSON payload received. Unexpected token.", K.INVALID_ARGUMENT, GIVE_UP, GIVE_UP),
    (1007, "Invalid value at 'setup.safety_settings[0].category'", K.INVALID_ARGUMENT, GIVE_UP, GIVE_UP),
    (1007, "Request contains an invalid argument.", K.INVALID_ARGUMENT, MODEL, FRESH),
    (1007, "Precondition check failed.", K.PRECONDITION, MODEL, FRESH),
    (1007, "Invalid session handle", K.HANDLE, FRESH, FRESH),
    (
        1008,
        "models/gemini-x is not found for API version v1alpha, or is not supported for bidiGenerateContent. Call "
        "ListModels to see the list of available models.",
        K.MODEL_NOT_FOUND,
        MODEL,
        MODEL,
    ),
    (
        1008,
        "Publisher Model `projects/some-project-with-a-name/locations/global/publishers/google/models/"
        "gemini-live-2.5-flash-preview-native-audio` was not found or your project does not have access to it.",
        K.MODEL_NOT_FOUND,
        MODEL,
        MODEL,
    ),
    (
        1008,
        "Request trace id: 5f0e7d3c2b1a, Project 'projects/ project-xyz ' not found or deleted.",
        K.PROJECT,
        PLATFORM,
        PLATFORM,
    ),
    (
        1008,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        "other form of API consumer identity to call this API.",
        K.API_KEY,
        PLATFORM,
        PLATFORM,
    ),
    (1008, "BidiGenerateContent session not found", K.HANDLE, FRESH, FRESH),
    (1008, "BidiGenerateContent session history not found", K.HANDLE, FRESH, FRESH),
    (1008, "Requested entity was not found.", K.HANDLE, FRESH, FRESH),
    (1008, "Operation is not implemented, or supported, or enabled.", K.UNSUPPORTED_OPERATION, MODEL, RESUME),
    (1011, "Internal error encountered.", K.INTERNAL, RETRY, RESUME),
    (1011, "Internal error occurred.", K.INTERNAL, RETRY, RESUME),
    (1011, "The service is currently unavailable.", K.UNAVAILABLE, RETRY, RESUME),
    (1011, "Deadline expired before operation could complete.", K.DEADLINE, RETRY, RESUME),
    (1011, "RPC::DEADLINE_EXCEEDED", K.DEADLINE, RETRY, RESUME),
    (
        1011,
        "Request trace id: 0123456789abcdef, [ORIGINAL ERROR] generic::resource_exhausted: RESOURCE_EXHAUSTED: "
        "Maximum concurrent sessions exceeded for this project",
        K.QUOTA,
        MODEL,
        MODEL,
    ),
    (
        1011,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the documentation.",
        K.QUOTA,
        MODEL,
        MODEL,
    ),
    (1011, "Token has been used too many times", K.UNAUTHENTICATED, REAUTH, REAUTH),
    (1008, "Permission 'aiplatform.endpoints.predict' denied on resource", K.PERMISSION, PLATFORM, PLATFORM),
    (1008, "The prompt was blocked for safety", K.SAFETY, GIVE_UP, GIVE_UP),
    # The number alone.
    (1000, "", K.SESSION_LIMIT, RETRY, RESUME),
    (1001, "", K.UNAVAILABLE, RETRY, RESUME),
    (1006, "", K.NETWORK, RETRY, RESUME),
    (None, "", K.NETWORK, RETRY, RESUME),
    (1007, "words that nobody has seen", K.INVALID_ARGUMENT, MODEL, FRESH),
    (1008, "words that nobody has seen", K.UNKNOWN, MODEL, RESUME),
    (1009, "", K.TOO_BIG, GIVE_UP, GIVE_UP),
    (1011, "", K.INTERNAL, RETRY, RESUME),
    (1012, "", K.UNAVAILABLE, RETRY, RESUME),
    (1013, "", K.UNAVAILABLE, RETRY, RESUME),
    (3999, "", K.UNKNOWN, MODEL, RESUME),
]


def says(failure: Failure) -> tuple[ErrorKind, Outcome | None]:
    verdict = failure.verdict
    assert (verdict.action is Action.SKIP) == (verdict.scope is not None)
    return failure.kind, verdict.scope if verdict.action is Action.SKIP else verdict.action


@pytest.mark.parametrize(
    ("code", "reason", "kind", "early", "late"), CLOSES, ids=[f"{row[0]} {row[1][:40]}" for row in CLOSES]
)
def test_a_close_means_this_before_and_after_set_up(
    code: int | None, reason: str, kind: ErrorKind, early: Outcome, late: Outcome
) -> None:
    cut = reason.encode()[:MAX_REASON].decode()
    for spelling in dict.fromkeys([reason, cut, reason.upper(), cut.lower()]):
        before = close_failure(code, spelling, set_up=False)
        after = close_failure(code, spelling, set_up=True)
        assert says(before) == (kind, early)
        assert says(after) == (kind, late)
        assert (before.code, before.reason, before.http_status) == (code or 1006, spelling, None)


def test_a_close_of_our_own_for_a_missing_pong_is_a_network_fault() -> None:
    for set_up, action in ((False, RETRY), (True, RESUME)):
        failure = close_failure(1011, "keepalive ping timeout", set_up=set_up, sent_by_us=True)
        assert says(failure) == (K.PING_TIMEOUT, action)


def google(status: int, message: str, name: str, *details: dict[str, Any]) -> str:
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return json.dumps({"error": error}, indent=2)


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22.5s"}
BAD_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
NO_PROJECT = "Project 'projects/x' not found or deleted."

HANDSHAKES: list[tuple[int, str, str | None, ErrorKind, Outcome, float | None]] = [
    (401, google(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"), None)
    + (K.UNAUTHENTICATED, REAUTH, None),
    (401, "", None, K.UNAUTHENTICATED, REAUTH, None),
    (403, google(403, "Permission denied on resource", "PERMISSION_DENIED"), None, K.PERMISSION, PLATFORM, None),
    (403, "<html>Forbidden</html>", None, K.PERMISSION, PLATFORM, None),
    (403, google(403, NO_PROJECT, "PERMISSION_DENIED"), None, K.PROJECT, PLATFORM, None),
    (404, "<html>Not Found</html>", None, K.ENDPOINT_NOT_FOUND, ENDPOINT, None),
    (429, "", None, K.QUOTA, MODEL, None),
    (429, "", "7", K.QUOTA, MODEL, 7.0),
    (429, "", " 12 ", K.QUOTA, MODEL, 12.0),
    (429, "", "Wed, 21 Oct 2026 07:28:00 GMT", K.QUOTA, MODEL, None),
    (429, "", "²", K.QUOTA, MODEL, None),
    (429, google(429, "Quota exceeded", "RESOURCE_EXHAUSTED", RETRY_INFO), None, K.QUOTA, MODEL, 22.5),
    (429, google(429, "Quota exceeded", "RESOURCE_EXHAUSTED", RETRY_INFO), "3", K.QUOTA, MODEL, 3.0),
    (500, "", None, K.UNAVAILABLE, RETRY, None),
    (502, "<html>Bad Gateway</html>", None, K.UNAVAILABLE, RETRY, None),
    (503, google(503, "The service is currently unavailable.", "UNAVAILABLE"), "1", K.UNAVAILABLE, RETRY, 1.0),
    (504, "", None, K.UNAVAILABLE, RETRY, None),
    (301, "", None, K.HANDSHAKE, ENDPOINT, None),
    (302, "<html>Moved</html>", None, K.HANDSHAKE, ENDPOINT, None),
    (400, google(400, "API key not valid.", "INVALID_ARGUMENT", BAD_KEY), None, K.API_KEY, PLATFORM, None),
    (400, google(400, "Schlüssel ungültig", "INVALID_ARGUMENT", BAD_KEY), None, K.API_KEY, PLATFORM, None),
    (400, google(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"), None)
    + (K.LOCATION, PLATFORM, None),
    (400, "", None, K.HANDSHAKE, ENDPOINT, None),
    (200, "", None, K.HANDSHAKE, ENDPOINT, None),
]


@pytest.mark.parametrize(("status", "body", "header", "kind", "outcome", "wait"), HANDSHAKES)
def test_a_refused_handshake_means(
    status: int, body: str, header: str | None, kind: ErrorKind, outcome: Outcome, wait: float | None
) -> None:
    failure = http_failure(status, body, retry_after=header)
    assert says(failure) == (kind, outcome)
    assert failure.verdict.retry_after == wait
    assert (failure.http_status, failure.code) == (status, None)


@pytest.mark.parametrize(
    ("message", "kind", "early", "late"),
    [
        ({"error": {"code": 503, "message": "Try later", "status": "UNAVAILABLE"}}, K.UNAVAILABLE, RETRY, RESUME),
        ({"error": {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED"}}, K.QUOTA, MODEL, MODEL),
        ({"error": {"code": 429, "message": "Slow down"}}, K.QUOTA, MODEL, MODEL),
        ({"error": {"code": 401, "message": "No"}}, K.UNAUTHENTICATED, REAUTH, REAUTH),
        ({"error": {"code": 403, "message": "No"}}, K.PERMISSION, PLATFORM, PLATFORM),
        ({"code": 1011, "message": "Internal error encountered."}, K.INTERNAL, RETRY, RESUME),
        ({"code": 1011, "message": "Sorry"}, K.INTERNAL, RETRY, RESUME),
        ({"message": "Sorry"}, K.UNKNOWN, MODEL, RESUME),
        ({"error": {"code": True, "message": "Sorry"}}, K.UNKNOWN, MODEL, RESUME),
    ],
)
def test_an_error_that_comes_as_a_message_means(
    message: dict[str, Any], kind: ErrorKind, early: Outcome, late: Outcome
) -> None:
    for set_up, outcome in ((False, early), (True, late)):
        failure = error_body_failure(message, set_up=set_up)
        assert failure is not None
        assert says(failure) == (kind, outcome)
        assert failure.http_status is None or 100 <= failure.http_status <= 599


@pytest.mark.parametrize(
    "message", [{}, {"error": "no"}, {"error": {"code": 5}}, {"message": 5}, {"serverContent": {}}]
)
def test_other_messages_are_no_errors(message: dict[str, Any]) -> None:
    assert error_body_failure(message, set_up=True) is None


def test_failures_that_this_side_saw_have_verdicts_of_their_own() -> None:
    assert says(local_failure(K.DNS)) == (K.DNS, HOST)
    assert says(local_failure(K.SETUP_TIMEOUT, "late")) == (K.SETUP_TIMEOUT, MODEL)
    assert says(local_failure(K.CREDENTIALS)) == (K.CREDENTIALS, PLATFORM)
    assert says(local_failure(K.SEND_TIMEOUT)) == (K.SEND_TIMEOUT, RESUME)
    for kind in NETWORK:
        assert local_failure(kind, "why").describe() == f"{kind}: why"


def test_the_sentence_for_the_record_is_googles_own_on_one_line() -> None:
    assert first_sentence(google(400, "Not\tgood at all", "X")) == "Not\\tgood at all"
    assert first_sentence("<html>\n  <b>No</b>\n</html>") == "<html> <b>No</b> </html>"
    assert len(first_sentence("x" * 5000)) == 300


@quickly(60)
@given(code=st.none() | st.integers(), text=st.text(), set_up=st.booleans(), by_us=st.booleans())
def test_any_close_is_a_failure(code: int | None, text: str, set_up: bool, by_us: bool) -> None:
    failure = close_failure(code, text, set_up=set_up, sent_by_us=by_us)
    assert isinstance(failure.verdict, Verdict)
    says(failure)
    failure.describe()


@quickly(60)
@given(status=st.integers(100, 599), body=st.text(), header=st.none() | st.text())
def test_any_refused_handshake_is_a_failure(status: int, body: str, header: str | None) -> None:
    says(http_failure(status, body, retry_after=header))


@quickly(40)
@given(message=st.dictionaries(st.sampled_from(["error", "code", "message", "status"]), values()), set_up=st.booleans())
def test_any_message_may_be_asked_whether_it_is_an_error(message: dict[str, Any], set_up: bool) -> None:
    for body in (message, {"error": message}):
        failure = error_body_failure(body, set_up=set_up)
        assert failure is None or says(failure)


@quickly(40)
@given(digits=st.from_regex(r"\A\d{1,400}(\.\d{1,400})?\Z"))
def test_a_wait_is_a_finite_number_of_seconds(digits: str) -> None:
    for delay in (retry_delay("", digits), retry_delay(f'{{"retryDelay": "{digits}s"}}', None)):
        assert delay is None or 0 <= delay < 1e9 + 1
