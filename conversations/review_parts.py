"""Puts the parts and the usage of a message into words: pure, and safe with whatever upstream sent."""

import json
from dataclasses import dataclass
from typing import Any

LONGEST_PART = 20_000

_LABELS = {
    "functionCall": "Function call",
    "functionResponse": "Function response",
    "executableCode": "Code",
    "codeExecutionResult": "Result of code",
    "inlineData": "Media",
    "fileData": "File",
}


@dataclass(frozen=True, slots=True)
class Part:
    """`label` says what it is, `content` is the JSON of the part."""

    label: str
    content: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one turn; `total` covers what the other two leave out."""

    prompt: int | None
    output: int | None
    total: int | None


def parts_of(parts: Any) -> list[Part]:
    """Everything but plain text, which the message shows already."""
    return [part for each in (parts if isinstance(parts, list) else []) if (part := _part(each))]


def _part(part: Any) -> Part | None:
    if not isinstance(part, dict):
        return Part("Part", _pretty(part))
    for key, label in _LABELS.items():
        content = part.get(key)
        if content is None:
            continue
        named = content.get("name") or content.get("mimeType") if isinstance(content, dict) else None
        return Part(f"{label}: {named}" if isinstance(named, str) else label, _pretty(content))
    if part.get("thought"):
        text = part.get("text")
        return Part("Thought", text if isinstance(text, str) else _pretty(part))
    return None if set(part) <= {"text"} else Part("Part", _pretty(part))


def _pretty(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_PART else f"{text[:LONGEST_PART]} …"


def tokens_of(usage: Any) -> Tokens | None:
    """The figures of `Message.usage`, or None when upstream gave none."""
    figures = usage if isinstance(usage, dict) else {}
    counted = [figures.get(key) if isinstance(figures.get(key), int) else None for key in ("prompt", "output", "total")]
    return Tokens(*counted) if any(each is not None for each in counted) else None
