"""What a client sees of upstream's messages."""

from __future__ import annotations

import copy
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.catalogue import Platform
from live_proxy.edge.requested import Requested
from live_proxy.edge.to_client import OURS, ClientView
from live_proxy.edge.tool_ids import ToolIds
from live_proxy.protocol.events import ModelText, OutputTranscription, server_events
from live_proxy.tests.strategies import quickly, values

AUDIO = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "AAAA"}}


def view(*, heard: bool = False, said: bool = False, platform: Platform = "developer") -> ClientView:
    ids = count(1)
    asked = Requested({}, "", "AUDIO", input_transcription=heard, output_transcription=said, platform=platform)
    return ClientView(asked, ToolIds(lambda: f"made-{next(ids)}"))


def content(**fields: Any) -> dict[str, Any]:
    return {"serverContent": fields}


def parts(*items: Any, **fields: Any) -> dict[str, Any]:
    return content(modelTurn={"role": "model", "parts": list(items)}, **fields)


@pytest.mark.parametrize(
    "message",
    [
        {},
        content(),
        content(turnComplete=True),
        parts({"text": "a"}, somethingNew={"x": 1}),
        {"toolCall": {"functionCalls": [{"id": "1", "name": "f"}]}},
        {"usageMetadata": {"promptTokenCount": 1, "responseTokenCount": 2}},
        {"somethingNew": {"x": 1}},
    ],
)
def test_a_message_that_needs_no_change_comes_back_as_the_same_object(message: dict[str, Any]) -> None:
    assert view().see(message) is message


@pytest.mark.parametrize("key", OURS)
def test_what_the_proxy_handles_itself_is_never_shown(key: str) -> None:
    assert view().see({key: {"x": 1}}) is None
    assert view().see({key: {}, "usageMetadata": {}}) == {"usageMetadata": {}}


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_transcriptions_are_shown_as_they_were_asked_for(heard: bool, said: bool) -> None:
    every = {
        "inputTranscription": {"text": "a"},
        "interimInputTranscription": {"text": "b"},
        "outputTranscription": {"text": "c"},
    }
    shown = {key: value for key, value in every.items() if (said if key.startswith("output") else heard)}
    client = view(heard=heard, said=said)
    assert client.see(content(**every)) == (content(**shown) if shown else None)
    assert client.see(content(**every, turnComplete=True)) == content(**shown, turnComplete=True)
    assert client.see({**content(**every), "usageMetadata": {}}) == (
        {**content(**shown), "usageMetadata": {}} if shown else {"usageMetadata": {}}
    )


def test_usage_is_spelled_for_the_clients_platform() -> None:
    developer = {"promptTokenCount": 1, "responseTokenCount": 2, "responseTokensDetails": [], "other": 3}
    vertex = {"promptTokenCount": 1, "candidatesTokenCount": 2, "candidatesTokensDetails": [], "other": 3}
    for usage in ({**vertex, "trafficType": "ON_DEMAND"}, developer):
        assert view().see({"usageMetadata": usage}) == {"usageMetadata": developer}
    for usage in ({**developer, "serviceTier": "x"}, vertex):
        assert view(platform="vertex").see({"usageMetadata": usage}) == {"usageMetadata": vertex}


def test_tool_calls_without_an_id_get_one() -> None:
    calls = [{"name": "f"}, {"name": "g", "id": "theirs"}, {"name": "h", "id": "", "args": {"x": 1}}]
    assert view().see({"toolCall": {"functionCalls": calls, "new": 1}}) == {
        "toolCall": {
            "functionCalls": [
                {"name": "f", "id": "made-1"},
                {"name": "g", "id": "theirs"},
                {"name": "h", "id": "made-2", "args": {"x": 1}},
            ],
            "new": 1,
        }
    }


# --- a client that asked for text of a model that speaks ----------------------------------------------------------


def test_the_voice_arrives_as_text() -> None:
    client = view()
    assert client.see(parts(AUDIO), text_from_audio=True) is None
    assert client.see(content(outputTranscription={"text": "Hel"}), text_from_audio=True) == parts({"text": "Hel"})
    assert client.see(parts(AUDIO, outputTranscription={"text": "lo"}), text_from_audio=True) == parts({"text": "lo"})
    assert client.see(content(outputTranscription={"finished": True}), text_from_audio=True) is None
    assert client.see(content(turnComplete=True), text_from_audio=True) == content(turnComplete=True)
    thought = {"text": "Hm", "thought": True}
    assert client.see(parts(thought, AUDIO, outputTranscription={"text": "a"}), text_from_audio=True) == parts(
        thought, {"text": "a"}
    )


def test_a_client_that_asked_for_the_transcription_too_gets_both() -> None:
    message = content(outputTranscription={"text": "a"})
    assert view(said=True).see(message, text_from_audio=True) == {
        "serverContent": {"outputTranscription": {"text": "a"}, **parts({"text": "a"})["serverContent"]}
    }


def test_a_thought_needs_no_change() -> None:
    message = parts({"text": "Hm", "thought": True})
    assert view().see(message, text_from_audio=True) is message


def test_unknown_keys_beside_the_parts_survive() -> None:
    message = content(modelTurn={"role": "model", "parts": [AUDIO], "new": 1}, outputTranscription={"text": "a"}, x=2)
    assert view().see(message, text_from_audio=True) == content(
        modelTurn={"role": "model", "parts": [{"text": "a"}], "new": 1}, x=2
    )


@pytest.mark.parametrize("odd", [5, "text", {"a": 1}, None, True])
def test_parts_of_a_wrong_type_hurt_nobody(odd: Any) -> None:
    assert view().see(content(modelTurn={"parts": odd}), text_from_audio=True) is None
    assert view().see(content(modelTurn=odd, outputTranscription=odd), text_from_audio=True) is None


# --- anything at all ----------------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    "serverContent modelTurn parts text inlineData outputTranscription inputTranscription turnComplete toolCall"
    " functionCalls id usageMetadata candidatesTokenCount trafficType goAway setupComplete".split()
)
MESSAGES = st.dictionaries(KEYS, values(KEYS), max_size=4)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "modelTurn": st.fixed_dictionaries(
            {"parts": st.lists(st.sampled_from([AUDIO, {"text": "t"}, {"new": 1}, "x"]), max_size=3)}
        ),
        "outputTranscription": st.fixed_dictionaries({"text": st.text(max_size=3)}),
        "inputTranscription": st.just({"text": "i"}),
        "turnComplete": st.just(True),
        "somethingNew": values(),
    },
)


@quickly(100)
@given(MESSAGES, CONTENTS, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["vertex", "developer"]))
def test_any_message_keeps_to_the_rules(
    message: dict[str, Any], inner: dict[str, Any], heard: bool, said: bool, as_text: bool, platform: Platform
) -> None:
    for body in (message, {**message, "serverContent": inner, "somethingNew": 1}, {"serverContent": message}):
        before = copy.deepcopy(body)
        seen = view(heard=heard, said=said, platform=platform).see(body, text_from_audio=as_text)
        assert body == before
        if seen is None:
            assert "somethingNew" not in body
            continue
        assert not set(OURS) & seen.keys()
        assert seen.get("somethingNew") == body.get("somethingNew")
        if isinstance(body.get("serverContent"), dict) and "somethingNew" in body["serverContent"]:
            assert seen["serverContent"]["somethingNew"] == body["serverContent"]["somethingNew"]
        if (
            as_text
            and isinstance(shown := seen.get("serverContent"), dict)
            and isinstance(shown.get("modelTurn"), dict)
        ):
            assert not any("inlineData" in part for part in shown["modelTurn"]["parts"] if isinstance(part, dict))


@quickly(60)
@given(st.lists(CONTENTS, max_size=8))
def test_text_made_of_voice_is_complete_and_in_order(inners: list[dict[str, Any]]) -> None:
    client = view()
    told = []
    for inner in inners:
        seen = client.see({"serverContent": inner}, text_from_audio=True)
        told += [event.text for event in server_events(seen or {}) if isinstance(event, ModelText)]
    spoken = [
        event.text
        for inner in inners
        for event in server_events({"serverContent": inner})
        if isinstance(event, ModelText | OutputTranscription)
    ]
    assert told == spoken
