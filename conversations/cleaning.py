"""Makes text and JSON from outside safe to store: pure functions, no Django.

PostgreSQL refuses NUL in text and in JSON, lone surrogates cannot be encoded at all, and its JSON knows no
NaN. One such character in one message would make a whole batch of records unwritable.
"""

import math
import re
from typing import Any

REPLACEMENT = "\ufffd"
LARGEST_COUNT = 2_147_483_647  # what a PositiveIntegerField holds on PostgreSQL
LARGEST_JSON_INTEGER = 2**63 - 1
DEEPEST_JSON = 100

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean_text(value: str, size: int | None = None) -> str:
    """`value` with NUL and lone surrogates replaced by U+FFFD, cut to `size` characters when given."""
    cleaned = _UNSTORABLE.sub(REPLACEMENT, value)
    return cleaned if size is None else cleaned[:size]


def clean_count(value: int | None) -> int | None:
    """`value` moved into the range of the column, so that one absurd figure cannot spoil a batch."""
    return None if value is None else max(0, min(int(value), LARGEST_COUNT))


def clean_json(value: Any, _depth: int = 0) -> Any:
    """A copy of `value` that every database can store as JSON.

    Text and keys go through `clean_text`; NaN, infinities, values that JSON does not know and whatever is
    nested deeper than 100 levels become null; an integer beyond 64 bits becomes a float.
    """
    match value:
        case None | bool():
            return value
        case str():
            return clean_text(value)
        case int():
            return value if abs(value) <= LARGEST_JSON_INTEGER else _float_of(value)
        case float():
            return value if math.isfinite(value) else None
        case dict() if _depth < DEEPEST_JSON:
            return {clean_text(str(key)): clean_json(item, _depth + 1) for key, item in value.items()}
        case list() | tuple() if _depth < DEEPEST_JSON:
            return [clean_json(item, _depth + 1) for item in value]
        case _:
            return None


def _float_of(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
