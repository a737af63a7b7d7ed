"""Scenarios in which something is answered, but oddly: a setup, a turn, a stream, or the end of a connection's life."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.refusals import DEADLINE_EXPIRED, INVALID_ARGUMENT, Abort, Close
from simulator.scenarios.refused import NO_LIVE
from simulator.scenarios.scenario import Scenario

LIFE_ENDED = Close(1011, DEADLINE_EXPIRED)
_ERROR = b'{"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}}'
_TRUNCATED = b'{\n  "serverContent": {\n    "modelTurn": {\n      "par'
_HTML = b"<html><title>Error 500</title></html>\xff\xfe"
_WRONG_TYPES = (
    b'{"serverContent": {"modelTurn": {"parts": "none"}, "turnComplete": "maybe", "outputTranscription": [7]},'
    b' "usageMetadata": 3, "toolCall": {"functionCalls": "no"}, "goAway": 5}'
)
_EARLY = b'{"serverContent": {"modelTurn": {"parts": [{"text": "before the simulator is set up"}]}}}'


def setups() -> Iterator[Scenario]:
    yield Scenario("normal", "Everything works.")
    yield Scenario("not_found", "1008 for every model, in the words of the platform.", at_setup="model_not_found")
    yield Scenario(
        "publisher_model_not_found", "1008 in Vertex's words, cut at 123 bytes.", at_setup="publisher_model_not_found"
    )
    yield Scenario(
        "never_setup", "The socket is accepted, pings are answered, setupComplete never comes.", at_setup="silence"
    )
    yield Scenario("only_pings", "The socket is accepted; after that only pings come.", at_setup="pings")
    yield Scenario("error_at_setup", "An error message instead of setupComplete, and no close.", at_setup=_ERROR)
    yield Scenario("content_before_setup", "Content instead of setupComplete.", at_setup=_EARLY)
    yield Scenario("garbage_at_setup", "A message that is no JSON instead of setupComplete.", at_setup=_HTML)
    yield Scenario(
        "handle_refused",
        "1007 for every handle; sessions without one work.",
        on_resume=Close(1007, "Invalid session handle"),
    )
    yield Scenario(
        "resumed_dies",
        "A resumed session is set up, then closed with 1007; sessions without a handle work.",
        after_resume=Close(1007, INVALID_ARGUMENT),
    )


def turns() -> Iterator[Scenario]:
    yield Scenario("stall", "Two chunks, then silence.", mid_turn="silence")
    yield Scenario("freeze", "Two chunks, then silence, and no more pongs.", mid_turn="freeze")
    yield Scenario("slow_message", "A message that trickles in, byte by byte, and never ends.", mid_turn="drip")
    for name, what, garbage in (
        ("truncated_json", "A message that breaks off", _TRUNCATED),
        ("not_json", "A message that is no JSON", _HTML),
        ("empty_message", "A message without a byte", b""),
        ("wrong_types", "Known keys with values of the wrong types", _WRONG_TYPES),
        ("error_mid_turn", "An error message", _ERROR),
    ):
        yield Scenario(name, f"{what} after the second chunk; the answer goes on.", mid_turn=garbage)
    yield Scenario("empty_turn", "generationComplete and turnComplete without any content.", turn="empty")
    yield Scenario("no_output", "The turn is taken and never answered.", turn="ignored")
    yield Scenario("blocked", "The turn ends with PROHIBITED_INPUT_CONTENT and no content.", turn="blocked")
    yield Scenario("big_message", "One message of 2 MiB within the answer.", turn="big")
    yield Scenario("huge_message", "One message of 20 MiB within the answer.", turn="huge")
    yield Scenario("flood", "64 MiB of audio messages, as fast as the socket takes them.", turn="flood")
    yield Scenario("slow_drip", "One chunk a second.", slow_drip=True)
    yield Scenario(
        "unknown_fields", "Unknown fields, messages and enum values in otherwise normal answers.", unknown_fields=True
    )
    yield Scenario("text_frames", "Answers in text frames instead of binary ones.", text_frames=True)
    yield Scenario("thoughts", "Thought parts come before the answer, asked for or not.", thoughts=True)
    yield Scenario("extended_thinking", "Two turns IN_PROGRESS, then the answer and IDLE.", extended=True)
    yield Scenario("tool_call", "Every turn calls the first declared function.", calls="always")
    yield Scenario("tool_call_cancelled", "The same, and the call is cancelled at once.", calls="cancelled")
    yield Scenario("tool_call_without_id", "The same, without an id.", calls="without_id")
    yield Scenario(
        "interrupted_after_complete", "An interruption is told after the turnComplete it caused.", complete_first=True
    )
    yield Scenario(
        "interrupted_after_generation",
        "turnComplete waits after generationComplete, so that the turn can be interrupted in between.",
        hold=True,
    )
    yield Scenario("late_transcription", "The input's transcription comes after turnComplete.", late_transcription=True)


def lives() -> Iterator[Scenario]:
    yield Scenario("go_away", "goAway soon after the setup, then 1011.", go_away="after_setup")
    yield Scenario("go_away_after_turn", "goAway after the first turn, then 1011.", go_away="after_turn")
    yield Scenario(
        "go_away_then_cut",
        "goAway after the first turn, then TCP is cut.",
        go_away="after_turn",
        go_away_ending=Abort(),
    )
    yield Scenario("session_idle_close", "1000 a moment after the first turn.", after_turn=Close(1000))
    yield Scenario("life_ends", "1011 a moment after the first turn, without goAway.", after_turn=LIFE_ENDED)
    yield Scenario(
        "unresumable_while_busy", "Tells in each turn that it cannot be resumed now.", unresumable_while_busy=True
    )


def requests() -> Iterator[Scenario]:
    yield Scenario("http_empty", "No Live socket; answers without a word.", NO_LIVE, http_turn="empty")
    yield Scenario("http_blocked", "No Live socket; every prompt is blocked.", NO_LIVE, http_turn="blocked")
    yield Scenario("http_safety_stop", "No Live socket; answers stop for SAFETY.", NO_LIVE, http_turn="SAFETY")
    yield Scenario("http_max_tokens", "No Live socket; answers stop at MAX_TOKENS.", NO_LIVE, http_turn="MAX_TOKENS")
    yield Scenario("http_recitation", "No Live socket; answers stop for RECITATION.", NO_LIVE, http_turn="RECITATION")
    yield Scenario("http_malformed_call", "No Live socket; a malformed call.", NO_LIVE, http_turn="malformed_call")
    yield Scenario("http_thoughts", "No Live socket; thoughts come before the answer.", NO_LIVE, thoughts=True)
    yield Scenario("http_unknown_fields", "No Live socket; unknown fields in answers.", NO_LIVE, unknown_fields=True)
    yield Scenario("http_slow_drip", "No Live socket; one chunk a second.", NO_LIVE, http_slow_drip=True)
    for name, what, broken in (
        ("http_error_mid_stream", "an error event in mid-answer.", _ERROR),
        ("http_cut_mid_stream", "TCP is cut in mid-answer.", "cut"),
        ("http_stall", "two chunks, then silence.", "silence"),
        ("http_bad_json", "an event that is no JSON.", b'{"candidates": ['),
        ("http_wrong_types", "an event with values of the wrong types.", b'{"candidates": 5, "usageMetadata": "x"}'),
    ):
        yield Scenario(name, f"No Live socket; {what}", NO_LIVE, http_mid_stream=broken)  # type: ignore[arg-type]
