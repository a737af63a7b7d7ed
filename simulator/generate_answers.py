"""Lays out one answer of the HTTP tiers as the chunks that carry it. Pure: it decides order, not time or faults."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from simulator.generate_paths import GeneratePath
from simulator.generate_rules import Asked
from simulator.replies import THOUGHT, pieces, reply_to_speech, reply_to_text, reply_to_tools

Chunk = dict[str, Any]
MAX_CALLS = 16


def chunks(asked: Asked, path: GeneratePath, *, thoughts: bool) -> Iterator[Chunk]:
    """Every chunk of a whole answer; the last one has its finishReason."""
    frame = _Frame(asked, path)
    called = [] if asked.responses else [name for name in asked.functions if _names(asked.text, name)][:MAX_CALLS]
    if thoughts or asked.thoughts:
        yield frame.of({"text": THOUGHT, "thought": True}, tokens=0)
    if called:
        parts = [{"functionCall": {"name": name, "args": {}}} for name in called]
        parts[0]["thoughtSignature"] = "c2ltdWxhdG9y"  # type: ignore[assignment]
        yield frame.of(*parts, tokens=8, finish="STOP")
        return
    said = pieces(reply(asked))
    for at, piece in enumerate(said):
        yield frame.of({"text": piece}, tokens=len(piece) // 4 + 1, finish="STOP" if at == len(said) - 1 else "")


def empty(asked: Asked, path: GeneratePath, finish: str = "STOP") -> Chunk:
    return _Frame(asked, path).of(tokens=0, finish=finish)


def blocked(asked: Asked, path: GeneratePath) -> Chunk:
    chunk = _Frame(asked, path).of(tokens=0)
    del chunk["candidates"]
    return chunk | {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}


def with_unknown_fields(chunk: Chunk) -> Chunk:
    """The same chunk as a newer service might send it."""
    return {
        **chunk,
        "futureField": {"nested": [1, {"deep": None}]},
        "usageMetadata": {**chunk["usageMetadata"], "x": 1},
    }


def joined(parts: list[Chunk]) -> Chunk:
    """All chunks of an answer as the one that `generateContent` gives."""
    last = parts[-1]
    if "candidates" not in last:
        return last
    said = [part for chunk in parts for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
    words = "".join(part["text"] for part in said if "text" in part and not part.get("thought"))
    whole = [part for part in said if "text" not in part or part.get("thought")]
    if words:
        whole.append({"text": words})
    return last | {"candidates": [last["candidates"][0] | {"content": {"parts": whole, "role": "model"}}]}


def reply(asked: Asked) -> str:
    if asked.responses:
        return reply_to_tools(asked.responses)
    if asked.seconds is not None:
        return reply_to_speech(asked.seconds)
    return reply_to_text(asked.text, asked.earlier, asked.instructions)


class _Frame:
    """What the chunks of one answer share."""

    def __init__(self, asked: Asked, path: GeneratePath) -> None:
        self._asked = asked
        self._path = path
        self._id = uuid.uuid4().hex[:22]
        self._said = 0

    def of(self, *parts: Chunk, tokens: int, finish: str = "") -> Chunk:
        self._said += tokens
        candidate: Chunk = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
        if not parts:
            candidate = {"content": {"role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        prompt = self._asked.prompt_tokens
        usage: Chunk = {
            "promptTokenCount": prompt,
            "candidatesTokenCount": self._said,
            "totalTokenCount": prompt + self._said,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        }
        if self._path.endpoint.is_vertex:
            usage["trafficType"] = "ON_DEMAND"
        return {
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": f"{self._path.model} (simulator)",
            "responseId": self._id,
        }


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.:-]){re.escape(name)}(?![\w:-])", text) is not None
