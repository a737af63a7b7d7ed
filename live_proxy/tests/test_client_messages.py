"""A client's message in one spelling."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.close_codes import CloseCode
from live_proxy.errors import ClientFault
from live_proxy.protocol.client import KINDS, camel, client_message, normalise
from live_proxy.tests.strategies import quickly, values


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("setup", "setup"),
        ("realtime_input", "realtimeInput"),
        ("realtimeInput", "realtimeInput"),
        ("start_of_speech_sensitivity", "startOfSpeechSensitivity"),
        ("audio_bitrate_bps", "audioBitrateBps"),
        ("_private", "_private"),
        ("", ""),
    ],
)
def test_keys_in_camel_case(key: str, name: str) -> None:
    assert camel(key) == name


def test_both_spellings_give_the_same_message() -> None:
    snake = {
        "setup": {
            "generation_config": {"response_modalities": ["AUDIO"], "speechConfig": {"voice_config": {"voice": "x_y"}}},
            "realtimeInputConfig": {"automatic_activity_detection": {"prefix_padding_ms": 20}},
            "tools": [{"function_declarations": [{"name": "my_tool"}]}],
        }
    }
    kind, message, ours = client_message(snake)
    assert (kind, ours) == ("setup", {})
    assert message == {
        "setup": {
            "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": {"voiceConfig": {"voice": "x_y"}}},
            "realtimeInputConfig": {"automaticActivityDetection": {"prefixPaddingMs": 20}},
            "tools": [{"functionDeclarations": [{"name": "my_tool"}]}],
        }
    }
    assert client_message(message)[1] == message


@pytest.mark.parametrize(
    "key",
    ["args", "response", "properties", "labels", "parameters_json_schema", "responseJsonSchema"]
    + ["default", "example", "defs", "$defs", "headers", "part_metadata"],
)
def test_the_users_own_keys_are_not_touched(key: str) -> None:
    data = {"my_key": [{"other_key": 1}], "my_type": {"any_of": []}}
    _, message, _ = client_message({"tool_response": {"function_responses": [{"id": "1", key: data}]}})
    (answer,) = message["toolResponse"]["functionResponses"]
    assert answer[camel(key)] is data


def test_definitions_keep_the_names_that_references_use() -> None:
    schema = {"type": "OBJECT", "$defs": {"my_type": {"type": "STRING"}}, "items": {"$ref": "#/$defs/my_type"}}
    tools = [{"function_declarations": [{"name": "f", "parameters": schema}]}]
    _, message, _ = client_message({"setup": {"tools": tools}})
    assert message["setup"]["tools"][0]["functionDeclarations"][0]["parameters"] == schema


def test_our_own_key_is_taken_out() -> None:
    kind, message, ours = client_message({"client_content": {"turns": []}, "proxy": {"id": "1"}})
    assert (kind, message, ours) == ("clientContent", {"clientContent": {"turns": []}}, {"id": "1"})
    assert client_message({"setup": {}, "proxy": "text"})[2] == {}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"proxy": {}},
        {"unknown": {}},
        {"setup": {}, "clientContent": {}},
        {"setup": {}, "unknown": {}},
        {"setup": []},
        {"setup": None},
        {"realtimeInput": "text"},
        {"serverContent": {}},
        {'"><script>': 1},
    ],
)
def test_a_message_has_exactly_one_known_field_that_is_an_object(message: dict[str, Any]) -> None:
    before = copy.deepcopy(message)
    with pytest.raises(ClientFault) as fault:
        client_message(message)
    assert fault.value.code == CloseCode.BAD_MESSAGE
    assert "script" not in fault.value.sentence
    assert message == before


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ClientFault, match="contextUpdate: unknownField"):
        client_message({"unknown_field": {}})


@quickly(60)
@given(st.dictionaries(st.sampled_from(["proxy", "set_up", "client_content", *KINDS]), values(), max_size=3))
def test_any_object_is_a_message_or_a_fault(message: dict[str, Any]) -> None:
    before = copy.deepcopy(message)
    try:
        kind, normal, ours = client_message(message)
    except ClientFault:
        pass
    else:
        assert list(normal) == [kind]
        assert isinstance(normal[kind], dict)
        assert isinstance(ours, dict)
    assert message == before


@quickly(40)
@given(values(st.sampled_from(["a_b", "aB", "args", "x_y_z"])))
def test_one_spelling_stays_one_spelling(value: Any) -> None:
    once = normalise(value)
    assert normalise(once) == once
