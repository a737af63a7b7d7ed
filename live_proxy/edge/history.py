"""Earlier turns for a new upstream: the newest that fit, whole turns only, as Live API contents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from live_proxy.protocol.codec import JsonObject

MAX_TOKENS = 32_000
BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4


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
    for item in reversed([p for p in past if p.role in ("user", "model") and p.text.strip()]):
        cost = len(item.text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE
        if cost > budget:
            break
        budget -= cost
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


def history_message(contents: list[JsonObject], *, complete: bool) -> JsonObject:
    """The `clientContent` that gives `contents`. `complete` only where `historyConfig` announced them."""
    return {"clientContent": {"turns": contents, "turnComplete": complete}}
