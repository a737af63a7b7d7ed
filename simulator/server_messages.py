"""Builds and encodes the messages Google sends, in the spelling of each platform. Pure; no order, no timing."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from simulator.speech import RATE

Message = dict[str, Any]

INTERRUPTED: Message = {"serverContent": {"interrupted": True}}
GENERATION_COMPLETE: Message = {"serverContent": {"generationComplete": True}}
EMPTY_MESSAGES: tuple[Message, ...] = ({}, {"serverContent": {}})
AUDIO_MIME = f"audio/pcm;rate={RATE}"


def encode(message: Message) -> bytes:
    """As on the real wire: indented by two, with a newline at the end."""
    return (json.dumps(message, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def kind_of(message: Message) -> str:
    """One word for a message, for measurements."""
    content = message.get("serverContent")
    if content is None:
        return next(iter(message), "empty")
    parts = content.get("modelTurn", {}).get("parts")
    if parts:
        part = parts[0]
        if "inlineData" in part:
            return "audio"
        return "thought" if part.get("thought") else "text"
    for kind in ("turnComplete", "interrupted", "generationComplete", "inputTranscription", "outputTranscription"):
        if kind in content:
            return kind
    return "empty"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one turn."""

    prompt_text: int
    prompt_audio: int
    response: int
    response_modality: str
    thoughts: int = 0


@dataclass(frozen=True, slots=True)
class Spelling:
    """The differences between the two platforms' messages."""

    vertex: bool

    def setup_complete(self) -> Message:
        return {"setupComplete": {"sessionId": str(uuid.uuid4())} if self.vertex else {}}

    def model_turn(self, part: Message) -> Message:
        return {"role": "model", "parts": [part]} if self.vertex else {"parts": [part]}

    def part(self, part: Message) -> Message:
        return {"serverContent": {"modelTurn": self.model_turn(part)}}

    def audio(self, data: str, transcription: str | None = None) -> Message:
        content: Message = {"modelTurn": self.model_turn({"inlineData": {"mimeType": AUDIO_MIME, "data": data}})}
        if transcription is not None:
            content["outputTranscription"] = {"text": transcription}
        return {"serverContent": content}

    def call_id(self) -> str:
        return str(uuid.uuid4()) if self.vertex else f"function-call-{uuid.uuid4().int % 10**19}"

    def turn_complete(self, usage: Usage, **more: str) -> Message:
        return {"serverContent": {"turnComplete": True, **more}, "usageMetadata": self._usage(usage)}

    def _usage(self, usage: Usage) -> Message:
        answer = "candidates" if self.vertex else "response"
        prompt = usage.prompt_text + usage.prompt_audio
        details = [{"modality": "TEXT", "tokenCount": usage.prompt_text}]
        if usage.prompt_audio:
            details.append({"modality": "AUDIO", "tokenCount": usage.prompt_audio})
        spelled: Message = {
            "promptTokenCount": prompt,
            f"{answer}TokenCount": usage.response,
            "totalTokenCount": prompt + usage.response,
            "promptTokensDetails": details,
            f"{answer}TokensDetails": [{"modality": usage.response_modality, "tokenCount": usage.response}],
        }
        if usage.thoughts:
            spelled["thoughtsTokenCount"] = usage.thoughts
        if self.vertex:
            spelled["trafficType"] = "ON_DEMAND"
        return spelled


def transcription(side: str, text: str) -> Message:
    return {"serverContent": {f"{side}Transcription": {"text": text}}}


def go_away(seconds: float) -> Message:
    return {"goAway": {"timeLeft": f"{seconds:g}s"}}


def resumption_update(handle: str, consumed: int | None) -> Message:
    update: Message = {"newHandle": handle, "resumable": True}
    if consumed is not None:
        # An int64, which JSON carries as a string.
        update["lastConsumedClientMessageIndex"] = str(consumed)
    return {"sessionResumptionUpdate": update}


def voice_activity(start: bool, at: float) -> Message:
    return {"voiceActivity": {"type": "ACTIVITY_START" if start else "ACTIVITY_END", "audioOffset": f"{at:g}s"}}


def with_unknown_fields(message: Message) -> Message:
    """The same message as a newer service might send it."""
    strange: Message = {**message, "futureField": {"nested": [1, {"deep": None}], "text": "unknown"}}
    if content := message.get("serverContent"):
        strange["serverContent"] = {**content, "futureContent": {"level": "NEW_LEVEL"}}
        if content.get("turnComplete"):
            strange["serverContent"]["turnCompleteReason"] = "REASON_OF_THE_FUTURE"
    return strange
