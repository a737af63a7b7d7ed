"""Scenarios in which Google refuses with an HTTP status: the handshake of a socket, a request, or both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.refusals import HttpRefusal
from simulator.scenarios.scenario import Scenario

DOMAIN = "googleapis.com"
HTML_404 = "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>The requested URL was not found on this server."
HTML_502 = "<html><head><title>502 Server Error</title></head><body>The server encountered a temporary error</body>"


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def error_info(reason: str, service: str = "aiplatform.googleapis.com") -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": DOMAIN,
        "metadata": {"service": service, "consumer": "projects/demo-project"},
    }


NO_LIVE = HttpRefusal(404, "Requested entity was not found.")
QUOTA = HttpRefusal(429, "Resource has been exhausted (e.g. check quota).", (retry_info("7s"),), {"Retry-After": "7"})
QUOTA_SILENT = HttpRefusal(429, "Resource has been exhausted (e.g. check quota).")
AWAY = HttpRefusal(503, "The service is currently unavailable.")
DENIED = HttpRefusal(
    403,
    "Permission 'aiplatform.endpoints.predict' denied on resource "
    "'//aiplatform.googleapis.com/projects/demo-project/locations/us-central1' (or it may not exist).",
    (error_info("IAM_PERMISSION_DENIED"),),
)
BAD_TOKEN = HttpRefusal(401, "Request had invalid authentication credentials.", (error_info("ACCESS_TOKEN_EXPIRED"),))
API_DISABLED = HttpRefusal(
    403,
    "Vertex AI API has not been used in project demo-project before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=demo-project then "
    "retry.",
    (error_info("SERVICE_DISABLED"),),
)
BILLING_DISABLED = HttpRefusal(
    403,
    "This API method requires billing to be enabled. Please enable billing on project #demo-project.",
    (error_info("BILLING_DISABLED"),),
)
CONSUMER_INVALID = HttpRefusal(
    403, "Permission denied on resource project demo-project.", (error_info("CONSUMER_INVALID"),)
)
SCOPES = HttpRefusal(
    403, "Request had insufficient authentication scopes.", (error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),)
)
QUOTA_PROJECT = HttpRefusal(
    403,
    "Caller does not have required permission to use project demo-project. Grant the caller the "
    "roles/serviceusage.serviceUsageConsumer role.",
    (error_info("USER_PROJECT_DENIED"),),
)
KEY_BLOCKED = HttpRefusal(
    403,
    "Requests to this API generativelanguage.googleapis.com method are blocked.",
    (error_info("API_KEY_SERVICE_BLOCKED", "generativelanguage.googleapis.com"),),
)
KEY_LEAKED = HttpRefusal(403, "Your API key was reported as leaked. Please use another API key.")
BAD_KEY = HttpRefusal(
    400,
    "API key not valid. Please pass a valid API key.",
    (error_info("API_KEY_INVALID", "generativelanguage.googleapis.com"),),
)
LOCATION = HttpRefusal(400, "User location is not supported for the API use.", status_name="FAILED_PRECONDITION")
INVALID = HttpRefusal(400, "Request contains an invalid argument.")
INTERNAL = HttpRefusal(500, "An internal error has occurred.")
GATEWAY = HttpRefusal(502, "", page=HTML_502)
TIMED_OUT = HttpRefusal(504, "Deadline expired before operation could complete.")
ELSEWHERE = HttpRefusal(302, "", headers={"Location": "http://127.0.0.1:9/elsewhere"}, page="Moved")

_HANDSHAKES: tuple[tuple[str, str, HttpRefusal], ...] = (
    ("no_live_access", "404 at the handshake; requests work.", NO_LIVE),
    ("no_such_page", "404 at the handshake, as a web page.", HttpRefusal(404, "", page=HTML_404)),
    ("unauthorized", "401 at the handshake, whatever the credential.", BAD_TOKEN),
    ("permission_denied", "403 at the handshake.", DENIED),
    ("quota", "429 at the handshake, with Retry-After and RetryInfo.", QUOTA),
    ("quota_without_delay", "429 at the handshake that names no time.", QUOTA_SILENT),
    ("unavailable", "503 at the handshake.", AWAY),
    ("server_error", "500 at the handshake.", INTERNAL),
    ("bad_gateway", "502 at the handshake, as a web page.", GATEWAY),
    ("gateway_timeout", "504 at the handshake.", TIMED_OUT),
    ("bad_request", "400 at the handshake.", INVALID),
    ("redirect", "302 at the handshake, to another host.", ELSEWHERE),
    ("not_a_socket", "200 and a web page at the handshake.", HttpRefusal(200, "", page="<html>Hello</html>")),
)
_EVERYTHING: tuple[tuple[str, str, HttpRefusal], ...] = (
    ("nothing_works", "Everything is answered with 503.", AWAY),
    ("account_denied", "Everything gets 403: the account lacks the role.", DENIED),
    ("api_disabled", "Everything gets 403: the API is not enabled.", API_DISABLED),
    ("billing_disabled", "Everything gets 403: the project has no billing.", BILLING_DISABLED),
    ("project_unknown", "Everything gets 403: no such project.", CONSUMER_INVALID),
    ("scopes_missing", "Everything gets 403: the token lacks the scope.", SCOPES),
    ("quota_project_denied", "Everything gets 403: the quota project may not be used.", QUOTA_PROJECT),
    ("key_blocked", "Everything gets 403: the key is restricted to other APIs.", KEY_BLOCKED),
    ("key_leaked", "Everything gets 403: the key was reported as leaked.", KEY_LEAKED),
    ("key_invalid", "Everything gets 400: the key is not valid.", BAD_KEY),
    ("location_refused", "Everything gets 400: the location is not supported.", LOCATION),
    ("token_refused", "Everything gets 401.", BAD_TOKEN),
    ("quota_everywhere", "Everything gets 429 with RetryInfo.", QUOTA),
    ("redirected", "Everything is redirected to another host.", ELSEWHERE),
)
_REQUESTS: tuple[tuple[str, str, HttpRefusal], ...] = (
    ("http_unavailable", "requests get 503.", AWAY),
    ("http_quota", "requests get 429 with RetryInfo.", QUOTA),
    ("http_quota_without_delay", "requests get 429 that names no time.", QUOTA_SILENT),
    ("http_not_found", "requests get 404.", NO_LIVE),
    ("http_no_such_page", "requests get 404, as a web page.", HttpRefusal(404, "", page=HTML_404)),
    ("http_unauthorized", "requests get 401.", BAD_TOKEN),
    ("http_permission_denied", "requests get 403.", DENIED),
    ("http_bad_key", "requests get 400 for the key.", BAD_KEY),
    ("http_location", "requests get 400 for the location.", LOCATION),
    ("http_invalid_argument", "requests get 400 for the request.", INVALID),
    ("http_server_error", "requests get 500.", INTERNAL),
    ("http_bad_gateway", "requests get 502, as a web page.", GATEWAY),
    ("http_timed_out", "requests get 504.", TIMED_OUT),
    ("http_redirect", "requests are redirected to another host.", ELSEWHERE),
)


def refused() -> Iterator[Scenario]:
    for name, what, refusal in _HANDSHAKES:
        yield Scenario(name, what, handshake=refusal)
    yield Scenario("never_accepts", "TCP is accepted, the handshake is never answered.", handshake="hang")
    yield Scenario("no_http", "The handshake is answered with bytes that are no HTTP.", handshake="garbage")
    for name, what, refusal in _EVERYTHING:
        yield Scenario(name, what, handshake=refusal, http=refusal)
    for name, what, refusal in _REQUESTS:
        yield Scenario(name, f"No Live socket; {what}", handshake=NO_LIVE, http=refusal)
    yield Scenario("http_hang", "No Live socket; requests are never answered.", NO_LIVE, http="hang")
    yield Scenario("rest_only", "No Live socket; the SDK is refused, plain REST works.", NO_LIVE, http="not_for_sdk")
