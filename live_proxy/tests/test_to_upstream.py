"""A client's control message on its way up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.edge.to_upstream import from_media_chunks, to_upstream, turns_of
from live_proxy.protocol.client import KINDS, Kind
from live_proxy.tests.strategies import quickly, values

PCM = {"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}
JPEG = {"mimeType": "image/jpeg", "data": "/9j/"}


def typed(*turns: Any, **fields: Any) -> dict[str, Any]:
    return {"clientContent": {"turns": list(turns), **fields}}


def turn(*texts: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text} for text in texts]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("typed_as_realtime", [True, False])
def test_most_messages_go_up_as_they_are(kind: Kind, typed_as_realtime: bool) -> None:
    message: dict[str, Any] = {kind: {"turns": [], "unknown": 1}}
    (sent,) = to_upstream(kind, message, typed_as_realtime=typed_as_realtime)
    assert sent is message


def test_a_list_of_media_becomes_a_message_for_each() -> None:
    chunks: list[dict[str, Any]] = [PCM, JPEG, {"data": "AAAA"}, {"mimeType": "text/plain", "data": "x"}]
    chunks.append({"mimeType": 5})
    assert from_media_chunks(chunks) == [{"realtimeInput": {"audio": PCM}}, {"realtimeInput": {"video": JPEG}}]


def test_a_question_becomes_realtime_text_where_the_model_hears_no_other() -> None:
    message = typed(turn("a", "b"), turn("c"), turnComplete=True)
    assert to_upstream("clientContent", message, typed_as_realtime=True) == [{"realtimeInput": {"text": "c"}}]
    assert to_upstream("clientContent", message, typed_as_realtime=False) == [message]


@pytest.mark.parametrize(
    "message",
    [
        typed(turn("a")),
        typed(turn("a"), turnComplete=False),
        typed({"role": "user", "parts": [{"text": "a"}, {"inlineData": JPEG}]}, turnComplete=True),
        typed(turnComplete=True),
    ],
)
def test_what_is_no_question_in_words_stays_content(message: dict[str, Any]) -> None:
    assert to_upstream("clientContent", message, typed_as_realtime=True) == [message]


def test_turns_are_read_whatever_was_left_out() -> None:
    assert turns_of({}) == []
    assert turns_of({"turns": {"parts": [{"text": "a"}, "x"]}}) == [{"role": "user", "parts": [{"text": "a"}]}]
    assert turns_of({"turns": [{"role": "model"}, "x", {"parts": "x"}]}) == [{"role": "model", "parts": []}]


@quickly(80)
@given(
    st.dictionaries(st.sampled_from(["turns", "turnComplete", "mediaChunks", "audio"]), values(), max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["role", "parts", "mimeType"]), values(st.just("text"))), max_size=3),
    st.booleans(),
)
def test_nothing_makes_it_raise_or_changes_what_came(
    body: dict[str, Any], items: list[dict[str, Any]], realtime: bool
) -> None:
    for inner in (body, {**body, "turns": items, "turnComplete": True}, {**body, "mediaChunks": items}):
        for kind in KINDS:
            message: dict[str, Any] = {kind: inner}
            before = copy.deepcopy(message)
            to_upstream(kind, message, typed_as_realtime=realtime)
            assert message == before
