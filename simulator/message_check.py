"""Reads one client message as strictly as Google does, and returns it with camelCase keys. Pure.

It knows the shape of messages (message_fields), not their meaning or their order.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import cache
from typing import Any

from simulator.endpoints import Platform
from simulator.message_fields import ENUMS, ONLY_DEVELOPER, ONLY_VERTEX, TYPES
from simulator.refusals import invalid

_INT = re.compile(r"-?\d+")
_DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")


@cache
def snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


@cache
def _known(type_name: str, platform: Platform) -> dict[str, tuple[str, str]]:
    """Both spellings of every field → (camelCase name, kind)."""
    known: dict[str, tuple[str, str]] = {}
    hidden = ONLY_DEVELOPER if platform == "vertex" else ONLY_VERTEX
    for name, kind in TYPES[type_name].items():
        if (type_name, name) not in hidden:
            known[name] = known[snake(name)] = (name, kind)
    return known


def decode_base64(data: str) -> bytes:
    """Both alphabets, with or without padding; anything else is an error rather than silently dropped."""
    text = data.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error


def read_object(raw: bytes, type_name: str, platform: Platform) -> dict[str, Any]:
    """One JSON object of a type of `message_fields`, with canonical keys and blobs decoded to bytes; raises Refused
    where Google would refuse it."""
    try:
        message = json.loads(raw)
    except (ValueError, RecursionError):
        raise invalid("Invalid JSON payload received. Unexpected token.") from None
    if not isinstance(message, dict):
        raise invalid("Invalid JSON payload received. Expected an object.")
    return _check_object(message, type_name, "", platform, 0)


def read_message(raw: bytes, platform: Platform) -> dict[str, Any]:
    """One client message of a socket; raises Refused where Google would close."""
    checked = read_object(raw, "ClientMessage", platform)
    if len(checked) > 1:
        second = list(checked)[1]
        raise invalid(
            f"Invalid value at '{snake(second)}' (oneof), oneof field 'message_type' is already set. "
            f"Cannot set '{second}'"
        )
    if not checked:
        raise invalid()
    return checked


def _check_object(value: Any, type_name: str, path: str, platform: Platform, depth: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"Invalid value at '{path}' (type.googleapis.com/{type_name}), {_shown(value)}")
    if depth > 100:
        raise invalid("Invalid JSON payload received. Message too deep.")
    known = _known(type_name, platform)
    checked: dict[str, Any] = {}
    for key, item in value.items():
        if key not in known:
            if type_name == "Schema" and key in ("$ref", "$defs"):
                checked[key] = item
                continue
            at = f" at '{path}'" if path else ""
            raise invalid(f'Invalid JSON payload received. Unknown name "{key}"{at}: Cannot find field.')
        name, kind = known[key]
        if item is not None:
            inner = f"{path}.{snake(name)}" if path else snake(name)
            checked[name] = _check(item, kind, inner, platform, depth + 1)
    return checked


def _check(value: Any, kind: str, path: str, platform: Platform, depth: int) -> Any:
    if kind.endswith("[]"):
        # A single object where a list belongs is an error on the real wire too.
        if not isinstance(value, list):
            raise invalid(f"Invalid value at '{path}' (repeated), {_shown(value)}")
        return [_check(item, kind[:-2], f"{path}[{at}]", platform, depth) for at, item in enumerate(value)]
    if kind.endswith("{}"):
        if not isinstance(value, dict):
            raise invalid(f"Invalid value at '{path}' (map), {_shown(value)}")
        return {key: _check(item, kind[:-2], f"{path}[{key}]", platform, depth) for key, item in value.items()}
    if kind in ENUMS:
        if not isinstance(value, str) or (value not in ENUMS[kind] and not value.endswith("UNSPECIFIED")):
            raise invalid(f"Invalid value at '{path}' (type.googleapis.com/{kind}), {_shown(value)}")
        return value
    if kind in TYPES:
        return _check_object(value, kind, path, platform, depth)
    return _check_scalar(value, kind, path)


def _check_scalar(value: Any, kind: str, path: str) -> Any:
    match kind:
        case "free":
            return value
        case "string" if isinstance(value, str):
            return value
        case "bool" if isinstance(value, bool):
            return value
        case "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "int" if isinstance(value, float) and value.is_integer():
            return int(value)
        case "int" if isinstance(value, str) and _INT.fullmatch(value):
            return int(value)
        case "duration" if isinstance(value, str) and _DURATION.fullmatch(value):
            return value
        case "bytes" if isinstance(value, str):
            try:
                return decode_base64(value)
            except ValueError:
                raise invalid(
                    f"Invalid value at '{path}' (TYPE_BYTES), Base64 decoding failed for {_shown(value[:24])}"
                ) from None
    raise invalid(f"Invalid value at '{path}' (TYPE_{kind.upper()}), {_shown(value)}")


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]
