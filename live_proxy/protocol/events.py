"""One server message as a list of typed events. Fields are not exclusive: every one is looked at, in the order
in which they take effect (content first, then what closes the turn). Unknown fields are left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from live_proxy.protocol.codec import JsonObject

_INT64 = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class SetupComplete:
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class ModelText:
    text: str
    thought: bool = False


@dataclass(frozen=True, slots=True)
class ModelMedia:
    mime_type: str
    base64_length: int


@dataclass(frozen=True, slots=True)
class ModelPart:
    """Any other part: `executableCode`, `codeExecutionResult`, `fileData` …"""

    part: JsonObject


@dataclass(frozen=True, slots=True)
class InputTranscription:
    text: str


@dataclass(frozen=True, slots=True)
class OutputTranscription:
    text: str


@dataclass(frozen=True, slots=True)
class Grounding:
    metadata: JsonObject


@dataclass(frozen=True, slots=True)
class GenerationComplete:
    pass


@dataclass(frozen=True, slots=True)
class Interrupted:
    pass


@dataclass(frozen=True, slots=True)
class TurnComplete:
    """`in_progress`: an extended-thinking model goes on after this one."""

    reason: str = ""
    in_progress: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    calls: list[JsonObject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToolCallCancellation:
    ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Usage:
    """Canonical token counts, see `canonical_usage`."""

    counts: JsonObject


@dataclass(frozen=True, slots=True)
class GoAway:
    """Seconds until upstream closes; 0 where it did not say."""

    time_left: float


@dataclass(frozen=True, slots=True)
class ResumptionUpdate:
    handle: str
    resumable: bool


Event = (
    SetupComplete
    | ModelText
    | ModelMedia
    | ModelPart
    | InputTranscription
    | OutputTranscription
    | Grounding
    | GenerationComplete
    | Interrupted
    | TurnComplete
    | ToolCall
    | ToolCallCancellation
    | Usage
    | GoAway
    | ResumptionUpdate
)


def server_events(message: JsonObject) -> list[Event]:
    """Everything that a decoded server message says. Never raises: a field of the wrong type is skipped."""
    events: list[Event] = []
    if isinstance(setup := message.get("setupComplete"), dict):
        events.append(SetupComplete(_text(setup.get("sessionId"))))
    if isinstance(content := message.get("serverContent"), dict):
        _content_events(content, events)
    if isinstance(call := message.get("toolCall"), dict):
        events.append(ToolCall([c for c in _list(call.get("functionCalls")) if isinstance(c, dict)]))
    if isinstance(cancelled := message.get("toolCallCancellation"), dict):
        events.append(ToolCallCancellation([i for i in _list(cancelled.get("ids")) if isinstance(i, str)]))
    # After the content that it counts: the first piece of an answer may open the turn.
    if isinstance(usage := message.get("usageMetadata"), dict):
        events.append(Usage(canonical_usage(usage)))
    if isinstance(update := message.get("sessionResumptionUpdate"), dict):
        events.append(ResumptionUpdate(_text(update.get("newHandle")), update.get("resumable") is True))
    if isinstance(go_away := message.get("goAway"), dict):
        events.append(GoAway(seconds(go_away.get("timeLeft"))))
    return events


def _content_events(content: JsonObject, events: list[Event]) -> None:
    if text := _transcription(content.get("inputTranscription")):
        events.append(InputTranscription(text))
    if isinstance(turn := content.get("modelTurn"), dict):
        for part in _list(turn.get("parts")):
            if isinstance(part, dict):
                events.append(_part_event(part))
    if text := _transcription(content.get("outputTranscription")):
        events.append(OutputTranscription(text))
    if isinstance(grounding := content.get("groundingMetadata"), dict) and grounding:
        events.append(Grounding(grounding))
    if content.get("generationComplete") is True:
        events.append(GenerationComplete())
    if content.get("interrupted") is True:
        events.append(Interrupted())
    if content.get("turnComplete") is True:
        in_progress = content.get("interactionStatus") == "IN_PROGRESS"
        events.append(TurnComplete(_text(content.get("turnCompleteReason")), in_progress))


def _part_event(part: JsonObject) -> Event:
    if isinstance(text := part.get("text"), str):
        return ModelText(text, part.get("thought") is True)
    if isinstance(blob := part.get("inlineData"), dict):
        return ModelMedia(_text(blob.get("mimeType")), len(_text(blob.get("data"))))
    return ModelPart(part)


def _transcription(value: Any) -> str:
    return _text(value.get("text")) if isinstance(value, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def seconds(duration: Any) -> float:
    """A protobuf duration such as `"9.5s"`; 0.0 for anything else."""
    if isinstance(duration, str) and duration.endswith("s"):
        try:
            return max(0.0, float(duration[:-1]))
        except ValueError:
            return 0.0
    return 0.0


def canonical_usage(usage: JsonObject) -> JsonObject:
    """`{prompt, output, thoughts, tool, cached, total, by_modality, raw}` from either platform's spelling."""
    by_modality: dict[str, dict[str, int]] = {}
    for side, keys in (
        ("prompt", ("promptTokensDetails",)),
        ("output", ("responseTokensDetails", "candidatesTokensDetails")),
    ):
        for detail in (d for key in keys for d in _list(usage.get(key)) if isinstance(d, dict)):
            modality = _text(detail.get("modality")).lower() or "unknown"
            counts = by_modality.setdefault(side, {})
            counts[modality] = counts.get(modality, 0) + _count(detail, "tokenCount")
    return {
        "prompt": _count(usage, "promptTokenCount"),
        "output": _count(usage, "responseTokenCount", "candidatesTokenCount"),
        "thoughts": _count(usage, "thoughtsTokenCount"),
        "tool": _count(usage, "toolUsePromptTokenCount"),
        "cached": _count(usage, "cachedContentTokenCount"),
        "total": _count(usage, "totalTokenCount"),
        "by_modality": by_modality,
        "raw": usage,
    }


def _count(source: JsonObject, *keys: str) -> int:
    """The first of `keys` that holds a number; int64 may arrive as a string."""
    for key in keys:
        value = source.get(key)
        if isinstance(value, str) and _INT64.fullmatch(value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0


def add_usage(total: JsonObject, more: JsonObject) -> JsonObject:
    """Two canonical counts as one: a turn may take several attempts. `raw` becomes the list of all of them."""
    if not total:
        return more
    by_modality = {side: dict(counts) for side, counts in total["by_modality"].items()}
    for side, counts in more["by_modality"].items():
        into = by_modality.setdefault(side, {})
        for modality, count in counts.items():
            into[modality] = into.get(modality, 0) + count
    raws = [raw for usage in (total, more) for raw in (usage["raw"] if type(usage["raw"]) is list else [usage["raw"]])]
    sums = {key: total[key] + more[key] for key in ("prompt", "output", "thoughts", "tool", "cached", "total")}
    return {**sums, "by_modality": by_modality, "raw": raws}
