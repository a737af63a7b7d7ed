"""What a dialogue makes of Live client messages."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from live_proxy.edge.dialogue import MAX_SPEECH, Dialogue, Step, decoded, fitting, wav
from live_proxy.edge.history import MAX_TOKENS
from live_proxy.protocol.codec import JsonObject
from live_proxy.tests.strategies import quickly

PCM = base64.b64encode(b"\x01\x02" * 100).decode()


def typed(text: str, *, complete: bool = True) -> JsonObject:
    return {"clientContent": {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": complete}}


def sound(data: str = PCM, mime: str = "audio/pcm;rate=16000") -> JsonObject:
    return {"realtimeInput": {"audio": {"mimeType": mime, "data": data}}}


def said(text: str, role: str = "user") -> JsonObject:
    return {"role": role, "parts": [{"text": text}]}


def call(name: str = "f") -> tuple[list[JsonObject], list[tuple[str, JsonObject]]]:
    return [{"functionCall": {"name": name, "args": {}}}], [(f"id-{name}", {"name": name})]


def test_a_whole_typed_turn_asks_and_a_part_of_one_waits() -> None:
    dialogue = Dialogue({})
    assert dialogue.take(typed("one", complete=False)) == Step(cuts=True)
    assert dialogue.take(typed("two")) == Step(cuts=True, asks=True)
    assert dialogue.body() == {"contents": [said("one"), said("two")]}


def test_realtime_text_asks_as_typed_text_does() -> None:
    dialogue = Dialogue({"tools": []})
    assert dialogue.take({"realtimeInput": {"text": "hi"}}).asks
    assert dialogue.body() == {"contents": [said("hi")], "tools": []}


def test_every_request_carries_the_answers_so_far() -> None:
    dialogue = Dialogue({}, [said("before"), said("yes", "model")])
    dialogue.take(typed("now"))
    dialogue.answered([{"text": "well"}], [])
    dialogue.take(typed("and?"))
    assert [content["role"] for content in dialogue.body()["contents"]] == ["user", "model", "user", "model", "user"]


def test_a_picture_goes_with_the_next_turn_once() -> None:
    dialogue = Dialogue({})
    picture = {"mimeType": "image/jpeg", "data": "AAAA"}
    dialogue.take({"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": "BBBB"}}})
    dialogue.take({"realtimeInput": {"video": picture}})
    dialogue.take(typed("what is this?"))
    dialogue.take(typed("and?"))
    assert [content["parts"][0] for content in dialogue.body()["contents"]] == [
        {"inlineData": picture},
        {"text": "and?"},
    ]


def test_speech_is_asked_as_a_recording_when_its_end_is_marked() -> None:
    dialogue = Dialogue({})
    assert dialogue.take({"realtimeInput": {"activityStart": {}}}) == Step(cuts=True)
    assert dialogue.take(sound()) == Step()
    assert dialogue.take(sound()) == Step()
    assert dialogue.take({"realtimeInput": {"activityEnd": {}}}).asks
    blob = dialogue.body()["contents"][0]["parts"][0]["inlineData"]
    assert blob["mimeType"] == "audio/wav"
    assert base64.b64decode(blob["data"]) == wav(b"\x01\x02" * 200, 16_000)
    assert dialogue.take({"realtimeInput": {"audioStreamEnd": True}}) == Step(), "nothing was said since"


def test_speech_is_bounded_and_keeps_its_end() -> None:
    dialogue = Dialogue({})
    piece = base64.b64encode(b"\0" * 200_000).decode()
    for _ in range(15):
        dialogue.take(sound(piece))
    dialogue.take(sound())
    dialogue.take({"realtimeInput": {"audioStreamEnd": True}})
    recording = base64.b64decode(dialogue.body()["contents"][0]["parts"][0]["inlineData"]["data"])
    assert len(recording) == MAX_SPEECH + 44
    assert recording.endswith(b"\x01\x02" * 100)


def test_a_model_that_cannot_hear_is_not_asked() -> None:
    dialogue = Dialogue({}, hears=False)
    dialogue.take(sound())
    assert dialogue.take({"realtimeInput": {"audioStreamEnd": True}}) == Step()


def test_results_of_calls_ask_when_all_are_there_in_the_order_of_the_calls() -> None:
    dialogue = Dialogue({})
    dialogue.take(typed("do it"))
    one, two = call("one"), call("two")
    dialogue.answered([*one[0], *two[0]], [*one[1], *two[1]])
    answer = {"id": "id-two", "name": "two", "response": {"output": 2}, "scheduling": "SILENT"}
    assert dialogue.take({"toolResponse": {"functionResponses": [answer]}}) == Step()
    assert dialogue.take({"toolResponse": {"functionResponses": [{"name": "one", "response": {}}]}}) == Step(asks=True)
    assert dialogue.body()["contents"][-1] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "one", "response": {}}},
            {"functionResponse": {"name": "two", "response": {"output": 2}}},
        ],
    }


def test_new_input_cancels_calls_that_nobody_answered() -> None:
    dialogue = Dialogue({})
    dialogue.take(typed("do it"))
    parts, calls = call()
    dialogue.answered([{"text": "Let me see."}, *parts], calls)
    assert dialogue.take(typed("never mind")) == Step(cuts=True, asks=True, cancelled=("id-f",))
    assert dialogue.body()["contents"] == [said("do it"), said("Let me see.", "model"), said("never mind")]
    assert not dialogue.take({"toolResponse": {"functionResponses": [{"id": "id-f"}]}}).asks, "too late"


def test_instructions_may_change_in_mid_session() -> None:
    dialogue = Dialogue({"systemInstruction": {"parts": [{"text": "be brief"}]}})
    dialogue.take({"clientContent": {"turns": [{"role": "system", "parts": [{"text": "in French"}]}]}})
    assert dialogue.body()["systemInstruction"] == {"parts": [{"text": "be brief"}, {"text": "in French"}]}
    dialogue.take(
        {
            "contextUpdate": {
                "systemInstruction": {"parts": [{"text": "new"}]},
                "tools": {"tools": [{"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING"}]}]},
            }
        }
    )
    body = dialogue.body()
    assert body["systemInstruction"] == {"parts": [{"text": "new"}]}
    assert body["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
    assert body["contents"] == []


CONTENTS = st.lists(
    st.tuples(st.sampled_from(["user", "model"]), st.integers(1, 40_000)).map(
        lambda each: {"role": each[0], "parts": [{"text": "x" * each[1]}]}
    ),
    max_size=12,
)


@quickly(60)
@given(CONTENTS)
def test_what_fits_is_the_newest_whole_exchanges(contents: list[JsonObject]) -> None:
    kept = fitting(contents)
    assert kept == contents[len(contents) - len(kept) :]
    starts = [content for content in kept if content["role"] == "user"]
    if any(content["role"] == "user" for content in contents):
        assert kept[0]["role"] == "user"
        assert len(starts) == 1 or sum(len(str(c)) for c in kept) // 4 <= MAX_TOKENS + 20 * len(kept)


@given(st.binary(max_size=200))
def test_both_alphabets_of_base64_are_heard(data: bytes) -> None:
    assert decoded(base64.b64encode(data).decode()) == data
    assert decoded(base64.urlsafe_b64encode(data).decode().rstrip("=")) == data


def test_what_is_no_base64_is_silence() -> None:
    assert decoded("####") == b""


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda x: st.lists(x, max_size=3), max_leaves=5))
def test_odd_values_hurt_nobody(odd: Any) -> None:
    dialogue = Dialogue({})
    for message in (
        {"clientContent": {"turns": odd, "turnComplete": True}},
        {"realtimeInput": {"audio": odd, "video": odd, "text": odd}},
        {"toolResponse": {"functionResponses": odd}},
        {"contextUpdate": {"systemInstruction": odd, "tools": odd}},
    ):
        dialogue.take(message)
        dialogue.body()
