"""JSON of one Live API message: decode within bounds, encode compactly."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

MAX_DEPTH = 64
JsonObject = dict[str, Any]

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The bytes are not one JSON object within bounds. The text says why, without quoting them."""


def decode(data: str | bytes) -> JsonObject:
    """One JSON object. Raises `NotJson`.

    A browser escapes half of a surrogate pair as `\\ud83d`, which is valid JSON and not valid Unicode: such a
    half becomes U+FFFD instead of costing the user the message.
    """
    try:
        message = _decoder.decode(data)
    except msgspec.DecodeError:
        message = _decode_leniently(data)
    except (RecursionError, UnicodeError):
        raise NotJson("The message is nested too deeply or is not valid Unicode.") from None
    if type(message) is not dict:
        raise NotJson("The message is not a JSON object.")
    if _too_deep(message):
        raise NotJson(f"The message is nested more than {MAX_DEPTH} levels deep.")
    return message


def encode(message: JsonObject) -> bytes:
    return _encoder.encode(message)


def _decode_leniently(data: str | bytes) -> Any:
    try:
        # Decoded here: `json` would guess other encodings than UTF-8.
        text = data if isinstance(data, str) else data.decode()
        if "\\u" not in text:
            raise NotJson("The message is not valid JSON.")
        return _mend(json.loads(text, parse_constant=_refuse_constant, parse_float=_finite))
    except (ValueError, RecursionError):
        raise NotJson("The message is not valid JSON.") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mend(key): _mend(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item) for item in value]
    return value


def _too_deep(message: Any) -> bool:
    level = [message]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for value in level
            for child in (value.values() if type(value) is dict else value)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True
