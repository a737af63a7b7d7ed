"""Takes out of a server's message what has a known name and the wrong type: SDKs fall over it. Pure.

Unknown names are kept, whatever they hold: a newer service may know them, and so may its client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_proxy.protocol.codec import JsonObject

MESSAGE: Mapping[str, type] = dict.fromkeys(
    (
        "serverContent",
        "toolCall",
        "toolCallCancellation",
        "usageMetadata",
        "voiceActivity",
        "voiceActivityDetectionSignal",
    ),
    dict,
)
CONTENT: Mapping[str, type] = dict.fromkeys(
    (
        "modelTurn",
        "inputTranscription",
        "outputTranscription",
        "interimInputTranscription",
        "groundingMetadata",
        "urlContextMetadata",
    ),
    dict,
) | dict.fromkeys(("turnComplete", "interrupted", "generationComplete", "waitingForInput"), bool)
LISTS = (("serverContent", "modelTurn", "parts"), ("toolCall", "functionCalls"), ("toolCallCancellation", "ids"))


def well_formed(message: JsonObject) -> JsonObject:
    """`message` itself where nothing is wrong with it."""
    kept = _typed(message, MESSAGE)
    if isinstance(content := kept.get("serverContent"), dict):
        typed = _typed(content, CONTENT)
        if typed is not content:
            kept = _with(kept, "serverContent", typed)
    for path in LISTS:
        kept = _listed(kept, path)
    return kept


def _typed(value: JsonObject, types: Mapping[str, type]) -> JsonObject:
    # null is how JSON leaves a field out.
    wrong = [key for key, item in value.items() if key in types and item is not None and type(item) is not types[key]]
    return {key: item for key, item in value.items() if key not in wrong} if wrong else value


def _listed(value: Any, path: tuple[str, ...]) -> Any:
    """`value` without the list at `path` where that is none, and without entries that are no objects (or ids)."""
    key, *rest = path
    if not isinstance(value, dict) or value.get(key) is None:
        return value
    if rest:
        inner = _listed(value[key], tuple(rest))
        return value if inner is value[key] else _with(value, key, inner)
    found = value[key]
    of = str if key == "ids" else dict
    good = [item for item in found if isinstance(item, of)] if isinstance(found, list) else []
    return value if good == found else _with(value, key, good)


def _with(value: JsonObject, key: str, item: Any) -> JsonObject:
    """`value` with `item` in it, or without the key where nothing is left of the item."""
    return {**value, key: item} if item else {name: other for name, other in value.items() if name != key}
