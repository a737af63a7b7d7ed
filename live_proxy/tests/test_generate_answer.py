"""What an answer of the HTTP tiers becomes on the Live wire."""

from __future__ import annotations

import pytest

from live_proxy.edge.generate_answer import Answer
from live_proxy.protocol.codec import JsonObject

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def answer() -> Answer:
    ids = iter(f"call-{number}" for number in range(9))
    return Answer(new_id=lambda: next(ids))


def chunk(*parts: JsonObject, finish: str | None = None, **more: object) -> JsonObject:
    candidate: JsonObject = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **more}


def said(*parts: JsonObject) -> JsonObject:
    return {"serverContent": {"modelTurn": {"role": "model", "parts": list(parts)}}}


def test_text_streams_and_the_turn_ends_as_a_live_turn_does() -> None:
    reading = answer()
    messages = [
        *reading.chunk(chunk({"text": "Hel"}, usageMetadata={"totalTokenCount": 3})),
        *reading.chunk(chunk({"text": "lo"}, finish="STOP", usageMetadata=USAGE)),
        *reading.end(),
    ]
    assert messages == [
        said({"text": "Hel"}),
        said({"text": "lo"}),
        {"serverContent": {"generationComplete": True}},
        {"serverContent": {"turnComplete": True}, "usageMetadata": USAGE},
    ]
    assert reading.finished
    assert reading.parts == [{"text": "Hello"}]


def test_a_stream_without_a_last_word_is_not_finished() -> None:
    reading = answer()
    reading.chunk(chunk({"text": "Hel"}))
    assert not reading.finished


def test_thoughts_pass_and_are_not_repeated() -> None:
    reading = answer()
    thought = {"text": "hm", "thought": True}
    assert reading.chunk(chunk(thought, {"text": "yes"})) == [said(thought, {"text": "yes"})]
    assert reading.parts == [{"text": "yes"}]


def test_calls_get_ids_and_wait_for_the_client() -> None:
    reading = answer()
    signed = {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"}
    given = {"functionCall": {"name": "g", "id": "theirs"}}
    messages = reading.chunk(chunk({"text": "I look."}, signed, given, finish="STOP", usageMetadata=USAGE))
    assert messages == [said({"text": "I look."})]
    assert reading.end() == [
        {
            "toolCall": {
                "functionCalls": [
                    {"name": "f", "args": {"x": 1}, "id": "call-0"},
                    {"name": "g", "args": {}, "id": "theirs"},
                ]
            },
            "usageMetadata": USAGE,
        }
    ], "the turn goes on"
    assert [call_id for call_id, _ in reading.calls] == ["call-0", "theirs"]
    # The model wants its signature back with the call; ids are Live's own.
    assert reading.parts == [{"text": "I look."}, signed, {"functionCall": {"name": "g"}}]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("SAFETY", "GENERATED_CONTENT_SAFETY"),
        ("PROHIBITED_CONTENT", "GENERATED_CONTENT_PROHIBITED"),
        ("MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("RECITATION", "GENERATED_OTHER"),
        ("SOMETHING_NEW", "GENERATED_OTHER"),
    ],
)
def test_an_answer_that_was_stopped_says_why(finish: str, reason: str) -> None:
    reading = answer()
    reading.chunk(chunk(finish=finish))
    assert reading.end()[-1] == {"serverContent": {"turnComplete": True, "turnCompleteReason": reason}}


@pytest.mark.parametrize(
    ("block", "reason"),
    [("PROHIBITED_CONTENT", "PROHIBITED_INPUT_CONTENT"), ("OTHER", "INPUT_OTHER"), ("BLOCKLIST",) * 2],
)
def test_a_blocked_prompt_is_a_turn_that_ends(block: str, reason: str) -> None:
    reading = answer()
    assert reading.chunk({"promptFeedback": {"blockReason": block}}) == []
    assert reading.finished
    assert reading.end()[-1]["serverContent"]["turnCompleteReason"] == reason


def test_an_interruption_ends_the_turn_without_generation_complete() -> None:
    reading = answer()
    reading.chunk(chunk({"text": "Once upon"}, usageMetadata=USAGE))
    assert reading.interruption() == [
        {"serverContent": {"interrupted": True}},
        {"serverContent": {"turnComplete": True}, "usageMetadata": USAGE},
    ]


def test_sources_stand_beside_the_words() -> None:
    data = chunk({"text": "as they say"})
    data["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["q"]}
    (message,) = answer().chunk(data)
    assert message["serverContent"].keys() == {"modelTurn", "groundingMetadata"}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"candidates": []},
        {"candidates": [7]},
        {"candidates": [{"content": 1}]},
        {"candidates": [{"content": {"parts": [1]}}]},
    ],
)
def test_odd_chunks_say_nothing(odd: JsonObject) -> None:
    assert answer().chunk(odd) == []
