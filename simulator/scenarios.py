"""The named ways in which a connection can go. Data: what happens at which stage, and a line that says so.

The code that acts on a scenario is where that stage is; nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.refusals import DEADLINE_EXPIRED, INVALID_ARGUMENT, Abort, Close, Ending, HttpRefusal

_RETRY = ({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"},)
_INTERNAL = Close(1011, "Internal error encountered.")
_EXHAUSTED = (
    "Request trace id: 4be1d0c7a9f2, [ORIGINAL ERROR] generic::resource_exhausted: RESOURCE_EXHAUSTED: "
    "Maximum concurrent sessions exceeded for this project."
)


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    what: str
    handshake: HttpRefusal | Literal["hang"] | None = None
    """Instead of accepting the socket."""
    at_setup: Ending | Literal["silence", "model_not_found", "publisher_model_not_found"] | None = None
    """Instead of setupComplete."""
    after_setup: Close | None = None
    mid_turn: Ending | Literal["silence"] | bytes | None = None
    """After the second chunk of an answer; bytes are sent once, and the answer goes on."""
    turn: Literal["normal", "empty", "ignored", "blocked", "flood", "big"] = "normal"
    after_turn: Close | None = None
    go_away: Literal["after_setup", "after_turn"] | None = None
    hold: bool = False
    """Wait between generationComplete and turnComplete, as Google does while the client is still playing."""
    complete_first: bool = False
    thoughts: bool = False
    extended: bool = False
    unknown_fields: bool = False
    slow_drip: bool = False
    text_frames: bool = False
    http: HttpRefusal | Literal["hang", "not_for_sdk"] | None = None
    """Instead of answering a request of the HTTP tiers."""
    http_turn: Literal["normal", "empty", "blocked", "safety", "malformed_call"] = "normal"
    http_mid_stream: Literal["cut", "silence"] | bytes | None = None
    """After the second chunk of a streamed answer; bytes are one event."""


_NO_LIVE = HttpRefusal(404, "Requested entity was not found.")
_QUOTA = HttpRefusal(429, "Resource has been exhausted (e.g. check quota).", _RETRY, {"Retry-After": "7"})
_AWAY = HttpRefusal(503, "The service is currently unavailable.")
_DENIED = HttpRefusal(403, "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist).")
_BAD_TOKEN = HttpRefusal(401, "Request had invalid authentication credentials.")
_BROKEN_STREAM = (
    b'{"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}}'
)

_ALL = (
    Scenario("normal", "Everything works."),
    # Refused at the handshake.
    Scenario("no_live_access", "404 at the handshake; requests work.", handshake=_NO_LIVE),
    Scenario(
        "unauthorized",
        "401 at the handshake, whatever the credential.",
        handshake=HttpRefusal(401, "Request had invalid authentication credentials."),
    ),
    Scenario(
        "permission_denied",
        "403 at the handshake.",
        handshake=HttpRefusal(
            403, "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist)."
        ),
    ),
    Scenario(
        "quota",
        "429 at the handshake, with Retry-After and RetryInfo.",
        handshake=HttpRefusal(429, "Resource has been exhausted (e.g. check quota).", _RETRY, {"Retry-After": "7"}),
    ),
    Scenario(
        "unavailable",
        "503 at the handshake.",
        handshake=HttpRefusal(503, "The service is currently unavailable."),
    ),
    # No Live socket, and requests that fail too.
    Scenario("rest_only", "No Live socket; the SDK is refused, plain REST works.", _NO_LIVE, http="not_for_sdk"),
    Scenario("nothing_works", "Everything is answered with 503.", _AWAY, http=_AWAY),
    Scenario("http_unavailable", "No Live socket; requests get 503.", _NO_LIVE, http=_AWAY),
    Scenario("http_quota", "No Live socket; requests get 429 with RetryInfo.", _NO_LIVE, http=_QUOTA),
    Scenario("http_not_found", "No Live socket; requests get 404.", _NO_LIVE, http=_NO_LIVE),
    Scenario("http_unauthorized", "No Live socket; requests get 401.", _NO_LIVE, http=_BAD_TOKEN),
    Scenario("http_permission_denied", "No Live socket; requests get 403.", _NO_LIVE, http=_DENIED),
    Scenario("http_hang", "No Live socket; requests are never answered.", _NO_LIVE, http="hang"),
    Scenario("http_empty", "No Live socket; answers without a word.", _NO_LIVE, http_turn="empty"),
    Scenario("http_blocked", "No Live socket; every prompt is blocked.", _NO_LIVE, http_turn="blocked"),
    Scenario("http_safety_stop", "No Live socket; answers stop for SAFETY.", _NO_LIVE, http_turn="safety"),
    Scenario("http_malformed_call", "No Live socket; a malformed call.", _NO_LIVE, http_turn="malformed_call"),
    Scenario("http_thoughts", "No Live socket; thoughts come before the answer.", _NO_LIVE, thoughts=True),
    Scenario(
        "http_error_mid_stream",
        "No Live socket; an error event in mid-answer.",
        _NO_LIVE,
        http_mid_stream=_BROKEN_STREAM,
    ),
    Scenario("http_cut_mid_stream", "No Live socket; TCP is cut in mid-answer.", _NO_LIVE, http_mid_stream="cut"),
    Scenario("http_stall", "No Live socket; two chunks, then silence.", _NO_LIVE, http_mid_stream="silence"),
    Scenario(
        "http_bad_json", "No Live socket; an event that is no JSON.", _NO_LIVE, http_mid_stream=b'{"candidates": ['
    ),
    Scenario("never_accepts", "TCP is accepted, the handshake is never answered.", handshake="hang"),
    # Refused at the setup.
    Scenario("not_found", "1008 for every model, in the words of the platform.", at_setup="model_not_found"),
    Scenario(
        "publisher_model_not_found",
        "1008 in Vertex's words, cut at 123 bytes.",
        at_setup="publisher_model_not_found",
    ),
    Scenario("quota_close", "1011 RESOURCE_EXHAUSTED instead of setupComplete.", at_setup=Close(1011, _EXHAUSTED)),
    Scenario("internal", "1011 instead of setupComplete.", at_setup=_INTERNAL),
    Scenario("invalid_argument", "1007 instead of setupComplete.", at_setup=Close(1007, INVALID_ARGUMENT)),
    Scenario("precondition", "1007 instead of setupComplete.", at_setup=Close(1007, "Precondition check failed.")),
    Scenario(
        "location",
        "1007: the location is not supported.",
        at_setup=Close(1007, "User location is not supported for the API use."),
    ),
    Scenario(
        "never_setup", "The socket is accepted, pings are answered, setupComplete never comes.", at_setup="silence"
    ),
    Scenario("cut_before_setup", "TCP is cut instead of setupComplete.", at_setup=Abort()),
    Scenario("close_after_setup", "1011 right after setupComplete.", after_setup=_INTERNAL),
    # Broken in the middle of an answer.
    Scenario("internal_mid_turn", "1011 after the second chunk.", mid_turn=_INTERNAL),
    Scenario("cut_mid_turn", "TCP is cut after the second chunk.", mid_turn=Abort()),
    Scenario("clean_close_mid_turn", "1000 after the second chunk.", mid_turn=Close(1000)),
    Scenario("stall", "Two chunks, then silence.", mid_turn="silence"),
    Scenario(
        "truncated_json",
        "A message that breaks off after the second chunk; the answer goes on.",
        mid_turn=b'{\n  "serverContent": {\n    "modelTurn": {\n      "par',
    ),
    Scenario(
        "not_json",
        "A message that is no JSON after the second chunk; the answer goes on.",
        mid_turn=b"<html><title>Error 500</title></html>\xff\xfe",
    ),
    # Odd answers.
    Scenario("empty_turn", "generationComplete and turnComplete without any content.", turn="empty"),
    Scenario("no_output", "The turn is taken and never answered.", turn="ignored"),
    Scenario("blocked", "The turn ends with PROHIBITED_INPUT_CONTENT and no content.", turn="blocked"),
    Scenario("big_message", "One message of 2 MiB within the answer.", turn="big"),
    Scenario("flood", "64 MiB of audio messages, as fast as the socket takes them.", turn="flood"),
    Scenario("slow_drip", "One chunk a second.", slow_drip=True),
    Scenario(
        "unknown_fields", "Unknown fields, messages and enum values in otherwise normal answers.", unknown_fields=True
    ),
    Scenario("text_frames", "Answers in text frames instead of binary ones.", text_frames=True),
    Scenario("thoughts", "Thought parts come before the answer, asked for or not.", thoughts=True),
    Scenario("extended_thinking", "Two turns IN_PROGRESS, then the answer and IDLE.", extended=True),
    Scenario(
        "interrupted_after_complete", "An interruption is told after the turnComplete it caused.", complete_first=True
    ),
    Scenario(
        "interrupted_after_generation",
        "turnComplete waits after generationComplete, so that the turn can be interrupted in between.",
        hold=True,
    ),
    # The end of a connection's life.
    Scenario("go_away", "goAway soon after the setup, then 1011.", go_away="after_setup"),
    Scenario("go_away_after_turn", "goAway after the first turn, then 1011.", go_away="after_turn"),
    Scenario("session_idle_close", "1000 a moment after the first turn.", after_turn=Close(1000)),
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
LIFE_ENDED = Close(1011, DEADLINE_EXPIRED)


def scenario_named(name: str) -> Scenario:
    try:
        return SCENARIOS[name]
    except KeyError:
        raise ValueError(f"unknown scenario {name!r}; known: {', '.join(SCENARIOS)}") from None


def listing() -> list[dict[str, Any]]:
    return [{"name": scenario.name, "what": scenario.what} for scenario in _ALL]
