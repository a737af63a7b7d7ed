from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from simulator.endpoints import Platform
from simulator.message_check import decode_base64, read_message, snake
from simulator.refusals import Refused, cut_reason


def read(message: Any, platform: Platform = "developer") -> dict[str, Any]:
    return read_message(json.dumps(message).encode(), platform)


def reason_of(message: Any, platform: Platform = "developer") -> str:
    with pytest.raises(Refused) as refused:
        read(message, platform)
    assert refused.value.close.code == 1007
    return refused.value.close.reason


def test_both_spellings_become_one() -> None:
    mixed = {"client_content": {"turns": [{"parts": [{"inline_data": {"mime_type": "a/b", "data": "AAA="}}]}]}}
    part = read(mixed)["clientContent"]["turns"][0]["parts"][0]
    assert part == {"inlineData": {"mimeType": "a/b", "data": b"\0\0"}}


def test_user_data_is_left_alone() -> None:
    tool = {"functionDeclarations": [{"name": "f", "parameters": {"properties": {"my_key": {"type": "string"}}}}]}
    setup = {"setup": {"tools": [tool], "labels": {"a_b": "c"}}}
    assert read(setup) == setup
    answer = {"toolResponse": {"functionResponses": [{"id": "1", "response": {"turn_complete": {"x_y": 1}}}]}}
    assert read({"tool_response": {"function_responses": answer["toolResponse"]["functionResponses"]}}) == answer


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"setup": {"x": 1}}, """Unknown name "x" at 'setup': Cannot find field."""),
        ({"setup": {"speechConfig": {}}}, """Unknown name "speechConfig" at 'setup': Cannot find field."""),
        ({"setup": {"generationConfig": {"temprature": 1}}}, "\"temprature\" at 'setup.generation_config'"),
        ({"hello": {}}, 'Unknown name "hello": Cannot find field.'),
        ({"setup": {"model": 5}}, "Invalid value at 'setup.model' (TYPE_STRING), 5"),
        ({"setup": {"generationConfig": {"responseModalities": ["SMELL"]}}}, "response_modalities[0]"),
        ({"setup": {"generationConfig": {"responseModalities": "AUDIO"}}}, "(repeated)"),
        ({"setup": {"explicitVadSignal": True}}, 'Unknown name "explicitVadSignal"'),
        ({"setup": {"sessionResumption": {"transparent": True}}}, 'Unknown name "transparent"'),
        ({"setup": {}, "clientContent": {}}, "oneof field 'message_type' is already set"),
        ({"realtimeInput": {"audio": {"data": "%%%"}}}, "Base64 decoding failed"),
        ({}, "Request contains an invalid argument."),
        ([], "Invalid JSON payload received."),
    ],
)
def test_refused(message: Any, reason: str) -> None:
    assert reason in reason_of(message)


def test_fields_of_one_platform() -> None:
    assert read({"setup": {"explicitVadSignal": True}}, "vertex")
    assert read({"setup": {"sessionResumption": {"transparent": True}}}, "vertex")
    response = {"toolResponse": {"functionResponses": [{"id": "1", "willContinue": False}]}}
    assert read(response)
    assert "willContinue" in reason_of(response, "vertex")


@pytest.mark.parametrize("raw", [b"", b"hello", b"{", b"\xff\xfe\x00", b"[" * 5000])
def test_not_json(raw: bytes) -> None:
    with pytest.raises(Refused):
        read_message(raw, "vertex")


def test_both_base64_alphabets() -> None:
    data = bytes(range(256))
    assert decode_base64(base64.b64encode(data).decode()) == data
    assert decode_base64(base64.urlsafe_b64encode(data).decode().rstrip("=")) == data
    with pytest.raises(ValueError, match="base64"):
        decode_base64("AA A")


def test_names_and_reasons() -> None:
    assert snake("generationConfig") == "generation_config"
    assert cut_reason("ä" * 100) == "ä" * 61
    assert cut_reason("\ud800") == "?"
    assert len(cut_reason("x" * 200)) == 123
