"""Earlier turns for a new upstream: the newest that fit, whole turns only, as Live API contents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from live_proxy.protocol.codec import JsonObject

MAX_TOKENS = 32_000
BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
MAX_BYTES = MAX_TOKENS * BYTES_PER_TOKEN


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier message, oldest first in a list. `text` of an interrupted answer is what was heard of it."""

    role: str
    text: str
    position: int = 0


def history_contents(past: Iterable[Past], *, max_tokens: int = MAX_TOKENS) -> list[JsonObject]:
    """Contents (`{role, parts}`), oldest first, that together stay under `max_tokens` (estimated from UTF-8
    bytes). Starts with a user's turn; neighbours of one role are joined; tool calls are left out, since their
    answers are bound to the session that asked."""
    kept: list[Past] = []
    budget = max_tokens
    for item in reversed([p for p in past if _counts(p)]):
        budget -= _cost(item)
        if budget < 0:
            break
        kept.append(item)
    kept.reverse()
    while kept and kept[0].role != "user":
        kept.pop(0)
    contents: list[JsonObject] = []
    for item in kept:
        if contents and contents[-1]["role"] == item.role:
            contents[-1]["parts"].append({"text": item.text})
        else:
            contents.append({"role": item.role, "parts": [{"text": item.text}]})
    return contents


def first_that_fits(past: Sequence[Past], *, max_tokens: int = MAX_TOKENS) -> int:
    """Where in `past` those begin that `history_contents` has room for. What stands before them it never takes, nor
    will it when more has been said."""
    budget = max_tokens
    for index in reversed(range(len(past))):
        budget -= _cost(past[index]) if _counts(past[index]) else 0
        if budget < 0:
            return index + 1
    return 0


def _counts(item: Past) -> bool:
    return item.role in ("user", "model") and bool(item.text.strip())


def _cost(item: Past) -> int:
    """In tokens."""
    return len(item.text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE


def history_message(contents: list[JsonObject], *, complete: bool) -> JsonObject:
    """The `clientContent` that gives `contents`. `complete` only where `historyConfig` announced them."""
    return {"clientContent": {"turns": contents, "turnComplete": complete}}
