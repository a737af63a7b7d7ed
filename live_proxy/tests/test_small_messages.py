"""Messages that are too big for the Python SDK, in pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live_proxy.edge.small_messages import LEFT_OUT, MAX_MESSAGE, small_messages


def pieces(message: dict[str, Any]) -> list[dict[str, Any]]:
    made = small_messages(json.dumps(message).encode())
    assert all(len(piece) < MAX_MESSAGE for piece in made)
    return [json.loads(piece) for piece in made]


def parts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        part for message in messages for part in message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
    ]


def content(*made: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"serverContent": {"modelTurn": {"role": "model", "parts": list(made)}, **more}}


def test_sound_is_cut_where_base64_may_be() -> None:
    sound = "QUJD" * 1_000_000
    blob = {"mimeType": "audio/pcm;rate=24000", "data": sound}
    cut = parts(pieces(content({"inlineData": blob})))
    assert len(cut) > 3
    assert all(len(part["inlineData"]["data"]) % 4 == 0 for part in cut)
    assert "".join(part["inlineData"]["data"] for part in cut) == sound
    assert {part["inlineData"]["mimeType"] for part in cut} == {"audio/pcm;rate=24000"}


@pytest.mark.parametrize("letter", ["x", "ü", "🎤", "\x00"])
def test_text_keeps_every_character(letter: str) -> None:
    text = letter * 600_000
    assert "".join(part["text"] for part in parts(pieces(content({"text": text})))) == text


def test_what_stands_beside_comes_last() -> None:
    message = content({"text": "x" * 2_000_000}, {"text": "end"}, turnComplete=True) | {"usageMetadata": {"n": 1}}
    made = pieces(message)
    assert made[-1] == {"serverContent": {"turnComplete": True}, "usageMetadata": {"n": 1}}
    assert parts(made)[-1] == {"text": "end"}


def test_what_cannot_be_cut_is_said_to_be_missing() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "A" * 2_000_000}}
    assert parts(pieces(content(picture, {"text": "a picture"}))) == [{"text": LEFT_OUT}, {"text": "a picture"}]


@pytest.mark.parametrize("odd", [b"x" * 2_000_000, b'{"a": "' + b"x" * 2_000_000 + b'"}', b'{"serverContent": []}'])
def test_what_is_no_answer_is_left_out(odd: bytes) -> None:
    assert small_messages(odd) == []
