"""What is written down of a conversation, script by script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.drafts import MAX_PARTS, MAX_TEXT, Draft
from live_proxy.edge.history import MAX_BYTES, Past
from live_proxy.protocol.events import ModelText
from live_proxy.tests.strategies import quickly
from live_proxy.tests.transcribing import (
    END,
    INTERRUPTED,
    LOWER,
    SERVING,
    SOUND,
    START,
    Script,
    call,
    content,
    heard,
    spoken,
    text,
    usage,
)
from live_proxy.transcript import MAX_PAST, Transcript


@pytest.fixture
def script() -> Script:
    return Script()


def test_a_typed_turn(script: Script) -> None:
    asked = script.typed("Hi", client_id="c-1")
    assert asked.client_id == "c-1"
    assert script.record == [("user", "text", "Hi", "complete"), ("model", "text", "", "pending")]
    script.says(text("Hel"), text("lo"), content(generationComplete=True), {**END, **usage(7)})
    assert script.record == [("user", "text", "Hi", "complete"), ("model", "text", "Hello", "complete")]
    answer = script.message(1)
    assert answer.serving == SERVING
    assert answer.usage["total"] == 7
    assert answer.completed_at is not None
    assert not script.transcript.turns


def test_a_spoken_turn_that_is_transcribed_later_than_it_is_answered(script: Script) -> None:
    script.says(SOUND, spoken("Good "), heard("How are"), spoken("day"), heard(" you?"), END)
    assert script.record == [("user", "audio", "How are you?", "complete"), ("model", "audio", "Good day", "complete")]


def test_a_spoken_turn_without_transcription_has_no_empty_message(script: Script) -> None:
    script.says(SOUND, END, SOUND, END)
    assert [role for role, *_ in script.record] == ["model", "model"]
    assert [draft.position for draft in script.drafts.values()] == [1, 3]


def test_a_spoken_turn_that_the_model_chose_not_to_answer(script: Script) -> None:
    script.says(heard("Hm"), {**END, **usage(3)})
    assert script.record == [("user", "audio", "Hm", "complete"), ("model", "text", "", "no_reply")]
    script.says(heard("Well"), END)
    assert script.record[2:] == [("user", "audio", "Well", "complete")]


def test_the_usage_beside_the_first_word_is_counted(script: Script) -> None:
    script.says({**SOUND, **usage(5)}, {**END, **usage(2)})
    assert script.message(0).usage["total"] == 7


def test_thoughts_are_folded_and_stand_beside_the_text(script: Script) -> None:
    script.typed("Hi")
    script.says(text("Hm, ", thought=True), text("well", thought=True), text("Hello"), text("again", thought=True), END)
    answer = script.message(1)
    assert answer.text == "Hello"
    assert answer.parts == [{"thought": True, "text": "Hm, wellagain"}]


def test_other_parts_and_sources_are_kept(script: Script) -> None:
    code = {"executableCode": {"code": "1"}}
    script.typed("Hi")
    script.says(content(modelTurn={"parts": [code, {"text": "a"}]}, groundingMetadata={"x": 1}), END)
    assert script.message(1).parts == [code, {"groundingMetadata": {"x": 1}}]


def test_a_round_of_tools(script: Script) -> None:
    script.typed("Weather?")
    script.says(text("Let me see."), call("weather"))
    script.tool_answered({"id": "weather", "response": {"output": "sun"}})
    assert script.record[1:] == [
        ("model", "text", "Let me see.", "complete"),
        ("tool", "text", "", "complete"),
        ("model", "text", "", "pending"),
    ]
    script.says(text("Sun."), {**END, **usage(9)})
    assert script.record[3] == ("model", "text", "Sun.", "complete")
    assert script.message(1).parts[0]["functionCall"]["name"] == "weather"
    assert script.message(2).parts[0]["functionResponse"]["id"] == "weather"
    assert script.message(3).usage["total"] == 9


def test_an_answer_to_a_tool_after_the_turn_has_ended_opens_a_turn(script: Script) -> None:
    script.tool_answered({"id": "late"})
    script.says(text("Oh."), END)
    assert [role for role, *_ in script.record] == ["tool", "model"]


def test_a_person_who_speaks_into_an_answer(script: Script) -> None:
    script.says(heard("Tell me"), SOUND, spoken("Once upon"), INTERRUPTED, END)
    script.says(heard("Stop"), SOUND, spoken("All right"), END)
    assert script.record == [
        ("user", "audio", "Tell me", "complete"),
        ("model", "audio", "Once upon", "interrupted"),
        ("user", "audio", "Stop", "complete"),
        ("model", "audio", "All right", "complete"),
    ]


CUT_OFF = [
    ("user", "text", "One", "complete"),
    ("model", "text", "Once", "interrupted"),
    ("user", "text", "Two", "complete"),
    ("model", "text", "Twice", "complete"),
]


@pytest.mark.parametrize(
    "told", [[INTERRUPTED, END], [content(interrupted=True, turnComplete=True)], [END, INTERRUPTED], [INTERRUPTED]]
)
def test_a_message_typed_into_an_answer(script: Script, told: list[dict[str, Any]]) -> None:
    script.typed("One")
    script.says(text("Once"))
    script.typed("Two")
    assert len(script.transcript.turns) == 2
    script.says(*told, text("Twice"), END)
    expected = [*CUT_OFF]
    if told[0] == END:  # the answer was over when the message crossed it
        expected[1] = ("model", "text", "Once", "complete")
    assert script.record == expected
    assert not script.transcript.turns


@pytest.mark.parametrize("told", [[INTERRUPTED, END], [INTERRUPTED], []])
def test_a_message_typed_before_an_answer_has_begun(script: Script, told: list[dict[str, Any]]) -> None:
    script.typed("One")
    script.typed("Two")
    assert script.record[1] == ("model", "text", "", "interrupted")
    script.says(*told, text("Twice"), {**END, **usage(4)})
    assert script.record[2:] == [("user", "text", "Two", "complete"), ("model", "text", "Twice", "complete")]
    assert script.message(3).usage["total"] == 4
    assert script.empty_turns == 0
    assert not script.transcript.turns
    script.typed("Three")
    script.says(text("Thrice"), END)
    assert script.record[5] == ("model", "text", "Thrice", "complete")


def test_two_messages_typed_into_one_answer(script: Script) -> None:
    script.typed("One")
    script.says(text("Once"))
    script.typed("Two")
    script.typed("Three")
    script.says(INTERRUPTED, END)  # of the first
    script.says(INTERRUPTED, END)  # of the second, before a word
    script.says(text("Thrice"), END)
    assert [status for role, _, _, status in script.record if role == "model"] == [
        "interrupted",
        "interrupted",
        "complete",
    ]
    assert script.empty_turns == 0
    assert not script.transcript.turns


def test_a_new_upstream_owes_no_old_ends(script: Script) -> None:
    script.typed("One")
    script.typed("Two")
    script.transcript.upstream_changed()
    script.says(INTERRUPTED, text("Twice"), END)
    assert script.record[3] == ("model", "text", "Twice", "complete")


def test_a_turn_that_ends_for_a_reason_is_not_empty(script: Script) -> None:
    script.typed("Hi")
    script.says(content(turnComplete=True, turnCompleteReason="PROHIBITED_INPUT_CONTENT"))
    assert script.record[1] == ("model", "text", "", "failed")
    assert script.message(1).parts == [{"turnCompleteReason": "PROHIBITED_INPUT_CONTENT"}]
    assert script.empty_turns == 0


def test_a_typed_message_without_a_word_in_return_is_empty(script: Script) -> None:
    script.typed("Hi")
    script.says(text("Hm", thought=True), END)
    assert script.empty_turns == 1


def test_an_answer_given_in_several_parts_is_one(script: Script) -> None:
    script.typed("Think")
    script.says(text("First."), content(turnComplete=True, interactionStatus="IN_PROGRESS"))
    script.says(text(" Second."), content(turnComplete=True, interactionStatus="IDLE"))
    assert script.record[1:] == [("model", "text", "First. Second.", "complete")]


def test_the_usage_of_several_attempts_adds_up_under_the_last_that_served(script: Script) -> None:
    script.typed("Hi")
    script.says(text("Hm", thought=True), usage(5))
    script.serving = LOWER
    script.transcript.served_by(LOWER)
    assert [draft.serving for draft in script.write()] == [LOWER]
    script.says(text("Hello"), {**END, **usage(6)})
    answer = script.message(1)
    assert (answer.usage["total"], answer.serving) == (11, LOWER)


def test_speech_beside_a_typed_message_is_a_message_of_its_own(script: Script) -> None:
    script.typed("Look at this")
    script.says(heard("and tell"), heard(" me"), SOUND, END)
    assert sorted(script.record) == sorted(
        [
            ("user", "text", "Look at this", "complete"),
            ("user", "audio", "and tell me", "complete"),
            ("model", "audio", "", "complete"),
        ]
    )


def test_history_ends_where_the_open_turn_begins(script: Script) -> None:
    transcript = script.transcript
    transcript.seeded("user", "Earlier", [], START)
    transcript.seeded("model", "Yes", [], START)
    script.typed("One")
    assert [past.text for past in transcript.history()] == ["Earlier", "Yes"]
    script.says(text("Once"))
    script.typed("Two")
    assert [past.text for past in transcript.history()] == ["Earlier", "Yes"]
    script.says(INTERRUPTED, END)
    assert [past.text for past in transcript.history()] == ["Earlier", "Yes", "One", "Once"]
    transcript.close_turn("failed", START)
    assert [past.text for past in transcript.history()] == ["Earlier", "Yes", "One", "Once", "Two"]


def test_what_came_before_the_session_counts_as_history() -> None:
    past = [Past("user", "a", 3), Past("model", "b", 4)]
    transcript = Transcript(next_position=5, new_id=lambda: UUID(int=9), past=past)
    draft = transcript.typed("c", [], START)
    assert draft.position == 5
    assert transcript.history() == past[:2]


def test_every_draft_that_changed_is_handed_over_once(script: Script) -> None:
    script.transcript.typed("Hi", [], START)
    assert script.transcript.has_dirty is True
    assert [draft.text for draft in script.transcript.take_dirty()] == ["Hi"]
    assert (script.transcript.take_dirty(), script.transcript.has_dirty) == ([], False)
    script.transcript.awaits_answer(START)
    for piece in ("Hel", "lo"):
        script.transcript.apply(ModelText(piece), SERVING, START)
    (answer,) = script.transcript.take_dirty()
    assert answer.text == "Hello"


def test_nothing_grows_without_bound(script: Script) -> None:
    draft = script.typed("x" * (MAX_TEXT + 5), parts=[{"n": n} for n in range(MAX_PARTS + 5)])
    assert (len(draft.text), len(draft.parts)) == (MAX_TEXT, MAX_PARTS)
    script.says(text("y" * MAX_TEXT), text("more"), text("t" * MAX_TEXT, thought=True), text("t", thought=True))
    script.says(*(call("f") for _ in range(MAX_PARTS + 5)))
    answer = script.message(1)
    assert (len(answer.text), len(answer.parts)) == (MAX_TEXT, MAX_PARTS)
    assert len(answer.parts[0]["text"]) == MAX_TEXT
    script.says(END)
    for _ in range(2 * MAX_PAST + 5):
        script.transcript.seeded("user", "again", [], START)
    assert len(script.transcript.past) <= 2 * MAX_PAST
    script.typed("Hi")
    assert len(script.transcript.past) <= MAX_PAST + 1


def test_no_more_is_kept_of_the_past_than_can_be_told(script: Script) -> None:
    transcript = script.transcript
    for _ in range(100):
        script.typed("x" * 200_000)
        script.says(text("y" * 200_000), END)
    assert transcript.past == []
    for at in range(20):
        script.typed(f"{at:02}" + "x" * 9_998)
        script.says(text("y"), END)
    assert sum(len(past.text) for past in transcript.past) <= MAX_BYTES
    assert [past.text[:2] for past in transcript.past if past.role == "user"] == [f"{at:02}" for at in range(8, 20)]


def test_an_open_turn_keeps_what_came_before_it_and_ends_the_history_behind_it(script: Script) -> None:
    transcript = script.transcript
    transcript.seeded("user", "Before", [], START)
    script.typed("One")
    for _ in range(20):
        transcript.seeded("user", "x" * 100_000, [], START)
    assert [past.text for past in transcript.history()] == ["Before"]
    assert sum(len(past.text) for past in transcript.past) <= 2 * MAX_BYTES
    script.says(text("Once"), END)
    assert [len(past.text) for past in transcript.history()] == [100_000]


@quickly(60)
@given(st.text(max_size=30), st.lists(st.integers(0, 30), max_size=6), st.booleans())
def test_text_gives_the_same_messages_however_it_is_cut(answer: str, cuts: list[int], aloud: bool) -> None:
    at = sorted({0, len(answer), *(min(cut, len(answer)) for cut in cuts)})
    pieces = [answer[a:b] for a, b in zip(at, at[1:], strict=False)]
    records = []
    for told in ([answer], pieces):
        script = Script()
        script.typed("Hi")
        script.says(*((spoken if aloud else text)(piece) for piece in told), END)
        records.append([(*row, draft.parts) for row, draft in zip(script.record, _sorted(script), strict=True)])
    assert records[0] == records[1]


def _sorted(script: Script) -> list[Draft]:
    return sorted(script.drafts.values(), key=lambda draft: draft.position)


def test_what_is_asked_again_is_history_once_it_is_answered() -> None:
    transcript = Transcript(next_position=1, new_id=lambda: UUID(int=1))
    asked = transcript.typed("my name is Bo", [], START)
    transcript.awaits_answer(START)
    transcript.close_turn("failed", START)
    transcript.asked_again(asked.position, START)
    transcript.awaits_answer(START)
    assert transcript.history() == []
    transcript.apply(ModelText("Hello Bo", thought=False), SERVING, START)
    transcript.close_turn("complete", START)
    assert [(past.role, past.text) for past in transcript.history()] == [
        ("user", "my name is Bo"),
        ("model", "Hello Bo"),
    ]
