"""What a server message says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.protocol.events import (
    Event,
    GenerationComplete,
    GoAway,
    Grounding,
    InputTranscription,
    Interrupted,
    ModelMedia,
    ModelPart,
    ModelText,
    OutputTranscription,
    ResumptionUpdate,
    SetupComplete,
    ToolCall,
    ToolCallCancellation,
    TurnComplete,
    Usage,
    add_usage,
    canonical_usage,
    seconds,
    server_events,
)
from live_proxy.tests.strategies import quickly, values

CODE = {"executableCode": {"language": "PYTHON", "code": "1"}}
CALL = {"id": "1", "name": "f", "args": {"x": 1}}


def content(**fields: Any) -> dict[str, Any]:
    return {"serverContent": fields}


def parts(*items: Any) -> dict[str, Any]:
    return content(modelTurn={"role": "model", "parts": list(items)})


@pytest.mark.parametrize(
    ("message", "events"),
    [
        ({}, []),
        (content(), []),
        ({"setupComplete": {}}, [SetupComplete()]),
        ({"setupComplete": {"sessionId": "abc"}}, [SetupComplete("abc")]),
        (parts({"text": "a"}), [ModelText("a")]),
        (parts({"text": "a", "thought": True}), [ModelText("a", thought=True)]),
        (parts({"inlineData": {"mimeType": "audio/pcm", "data": "AAAA"}}), [ModelMedia("audio/pcm", 4)]),
        (parts({"text": "a"}, CODE, {"text": "b"}), [ModelText("a"), ModelPart(CODE), ModelText("b")]),
        (content(inputTranscription={"text": "a"}), [InputTranscription("a")]),
        (content(inputTranscription={"finished": True}), []),
        (content(interimInputTranscription={"text": "a"}), []),
        (content(outputTranscription={"text": " b", "finished": False}), [OutputTranscription(" b")]),
        (content(groundingMetadata={"x": 1}), [Grounding({"x": 1})]),
        (content(groundingMetadata={}), []),
        (content(generationComplete=True), [GenerationComplete()]),
        (content(interrupted=True), [Interrupted()]),
        (content(turnComplete=True), [TurnComplete()]),
        (content(turnComplete=False, interrupted=False, generationComplete=False), []),
        (content(turnComplete=True, turnCompleteReason="BLOCKLIST"), [TurnComplete("BLOCKLIST")]),
        (content(turnComplete=True, interactionStatus="IN_PROGRESS"), [TurnComplete(in_progress=True)]),
        (content(turnComplete=True, interactionStatus="IDLE"), [TurnComplete()]),
        (content(waitingForInput=True, urlContextMetadata={"x": 1}), []),
        ({"toolCall": {"functionCalls": [CALL]}}, [ToolCall([CALL])]),
        ({"toolCallCancellation": {"ids": ["1", "2"]}}, [ToolCallCancellation(["1", "2"])]),
        ({"goAway": {"timeLeft": "9.5s"}}, [GoAway(9.5)]),
        ({"goAway": {}}, [GoAway(0.0)]),
        ({"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}}, [ResumptionUpdate("h", True)]),
        ({"sessionResumptionUpdate": {}}, [ResumptionUpdate("", False)]),
        ({"voiceActivity": {"type": "ACTIVITY_START"}}, []),
        ({"somethingNew": {"x": 1}}, []),
    ],
)
def test_every_field_has_its_event(message: dict[str, Any], events: list[Event]) -> None:
    assert server_events(message) == events


def test_all_fields_of_one_message_in_the_order_in_which_they_take_effect() -> None:
    usage = {"totalTokenCount": 7}
    message = {
        "usageMetadata": usage,
        "goAway": {"timeLeft": "1s"},
        "serverContent": {
            "turnComplete": True,
            "interrupted": True,
            "generationComplete": True,
            "outputTranscription": {"text": "out"},
            "modelTurn": {"parts": [{"text": "t"}, {"inlineData": {"mimeType": "audio/pcm", "data": "AA"}}]},
            "inputTranscription": {"text": "in"},
        },
        "toolCall": {"functionCalls": [CALL]},
        "setupComplete": {},
    }
    assert server_events(message) == [
        SetupComplete(),
        InputTranscription("in"),
        ModelText("t"),
        ModelMedia("audio/pcm", 2),
        OutputTranscription("out"),
        GenerationComplete(),
        Interrupted(),
        TurnComplete(),
        ToolCall([CALL]),
        Usage(canonical_usage(usage)),
        GoAway(1.0),
    ]


def test_items_of_a_wrong_type_are_left_out() -> None:
    assert server_events(parts("x", 5, None, {"text": "a"})) == [ModelText("a")]
    assert server_events({"toolCall": {"functionCalls": ["x", CALL]}}) == [ToolCall([CALL])]
    assert server_events({"toolCallCancellation": {"ids": [1, "2"]}}) == [ToolCallCancellation(["2"])]
    assert server_events(content(turnComplete="true", interrupted=1)) == []


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("10s", 10.0), ("9.5s", 9.5), ("0s", 0.0), ("-3s", 0.0), ("10", 0.0), ("xs", 0.0), ("nans", 0.0), ("s", 0.0)]
    + [(10, 0.0), (None, 0.0), ("²s", 0.0)],
)
def test_a_duration_in_seconds(duration: Any, expected: float) -> None:
    assert seconds(duration) == expected


# --- usage --------------------------------------------------------------------------------------------------------

DEVELOPER = {
    "promptTokenCount": 10,
    "responseTokenCount": "20",
    "thoughtsTokenCount": 3,
    "toolUsePromptTokenCount": 4,
    "cachedContentTokenCount": 5,
    "totalTokenCount": 42,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4}, {"modality": "AUDIO", "tokenCount": 6}],
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 15}, {"modality": "AUDIO", "tokenCount": 5}],
}
VERTEX = {key.replace("response", "candidates"): value for key, value in DEVELOPER.items()}


def test_both_platforms_spelling_gives_the_same_usage() -> None:
    usage = canonical_usage(DEVELOPER)
    assert usage == {
        "prompt": 10,
        "output": 20,
        "thoughts": 3,
        "tool": 4,
        "cached": 5,
        "total": 42,
        "by_modality": {"prompt": {"text": 4, "audio": 6}, "output": {"audio": 20}},
        "raw": DEVELOPER,
    }
    assert canonical_usage(VERTEX) == {**usage, "raw": VERTEX}


@pytest.mark.parametrize("odd", ["²", "", "-1", "1.5", "9" * 5000, True, None, [], {}, 2.5])
def test_a_count_that_is_no_number_counts_nothing(odd: Any) -> None:
    usage = canonical_usage({"promptTokenCount": odd, "promptTokensDetails": [{"tokenCount": odd}, odd]})
    assert usage["prompt"] == 0
    assert usage["by_modality"] == {"prompt": {"unknown": 0}}


def test_the_usage_of_several_attempts_adds_up() -> None:
    one, two = canonical_usage(DEVELOPER), canonical_usage({**VERTEX, "promptTokensDetails": []})
    assert add_usage({}, one) is one
    total = add_usage(add_usage(one, two), one)
    assert {key: total[key] for key in ("prompt", "output", "thoughts", "tool", "cached", "total")} == {
        "prompt": 30,
        "output": 60,
        "thoughts": 9,
        "tool": 12,
        "cached": 15,
        "total": 126,
    }
    assert total["by_modality"] == {"prompt": {"text": 8, "audio": 12}, "output": {"audio": 60}}
    assert total["raw"] == [DEVELOPER, two["raw"], DEVELOPER]
    assert one == canonical_usage(DEVELOPER), "what was added is not changed"


# --- anything at all ----------------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    "setupComplete sessionId serverContent modelTurn parts text thought inlineData mimeType data interrupted"
    " turnComplete turnCompleteReason generationComplete inputTranscription outputTranscription groundingMetadata"
    " toolCall functionCalls toolCallCancellation ids usageMetadata promptTokenCount promptTokensDetails modality"
    " tokenCount goAway timeLeft sessionResumptionUpdate newHandle resumable".split()
)


@quickly(100)
@given(st.dictionaries(KEYS, values(KEYS), max_size=4))
def test_no_message_makes_it_raise(message: dict[str, Any]) -> None:
    wrapped = [message, {"serverContent": message}, {"usageMetadata": message}, {"goAway": message}]
    for body in [*wrapped, {"serverContent": {"modelTurn": {"parts": [message]}}}, {"toolCall": message}]:
        for event in server_events(body):
            if isinstance(event, Usage):
                add_usage(add_usage({}, event.counts), event.counts)


@quickly(60)
@given(st.dictionaries(st.sampled_from([*DEVELOPER, *VERTEX]), values(st.sampled_from(["modality", "tokenCount"]))))
def test_no_usage_makes_it_raise(usage: dict[str, Any]) -> None:
    canonical = canonical_usage(usage)
    assert all(isinstance(canonical[key], int) for key in ("prompt", "output", "thoughts", "tool", "cached", "total"))
