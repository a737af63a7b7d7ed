"""What a client sends, in one spelling: which message it is, and its keys in camelCase.

Clients mix snake_case and camelCase freely, and both are right. Keys inside the user's own data (`args`,
`response`, `properties`, `labels` and the like) are never touched.
"""

from __future__ import annotations

from typing import Any, Literal

from live_proxy.close_codes import CloseCode
from live_proxy.errors import ClientFault
from live_proxy.protocol.codec import JsonObject

Kind = Literal["setup", "clientContent", "realtimeInput", "toolResponse", "contextUpdate"]
KINDS: tuple[Kind, ...] = ("setup", "clientContent", "realtimeInput", "toolResponse", "contextUpdate")
USER_DATA = frozenset(
    {"args", "response", "properties", "labels", "parametersJsonSchema", "responseJsonSchema"}
    | {"default", "example", "defs", "$defs", "headers", "partMetadata"}
)
PROXY_KEY = "proxy"


def camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest) if rest and head else key


def normalise(value: Any) -> Any:
    """`value` with every key in camelCase outside user data. Values are shared, not copied, where unchanged."""
    if type(value) is dict:
        result = {}
        for key, item in value.items():
            name = camel(key)
            result[name] = item if name in USER_DATA else normalise(item)
        return result
    if type(value) is list:
        return [normalise(item) for item in value]
    return value


def client_message(message: JsonObject) -> tuple[Kind, JsonObject, JsonObject]:
    """The kind of a decoded client message, the message itself in camelCase without our own key, and what stood
    under our own key (`{}` where there is none).

    Raises `ClientFault` where the message has no known field, more than one, or a field that is no object.
    """
    normal = normalise(message)
    ours = normal.pop(PROXY_KEY, None)
    kinds = [kind for kind in KINDS if kind in normal]
    if len(kinds) != 1 or len(normal) != 1:
        unknown = sorted(key for key in normal if key not in KINDS)
        named = f": {', '.join(unknown)[:60]}" if unknown and all(map(str.isidentifier, unknown)) else ""
        raise ClientFault(CloseCode.BAD_MESSAGE, f"A message must have exactly one of {', '.join(KINDS)}{named}.")
    kind = kinds[0]
    if not isinstance(normal[kind], dict):
        raise ClientFault(CloseCode.BAD_MESSAGE, f"{kind} must be an object.")
    return kind, normal, ours if isinstance(ours, dict) else {}
