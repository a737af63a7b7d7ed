"""A conversation on the HTTP tiers, where every request carries all of it: Live client messages in, `contents` out.
Pure.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from live_proxy.edge.generate_request import generate_tools
from live_proxy.edge.history import BYTES_PER_TOKEN, MAX_TOKENS
from live_proxy.edge.to_upstream import turns_of
from live_proxy.protocol.codec import JsonObject

MAX_SPEECH = 2 * 1024 * 1024  # bytes of sound that one turn may hold
MAX_MEDIA = 8 * 1024 * 1024  # base64 characters that one request may hold
MEDIA_TOKENS = 258
DEFAULT_RATE = 16_000
MARKS = ("activityStart", "activityEnd", "audioStreamEnd")


@dataclass(frozen=True, slots=True)
class Step:
    """What a client message asks of the transport. `cuts`: an answer that is under way is over; `asks`: a request
    is due; `cancelled`: ids of calls whose answers nobody waits for any more."""

    cuts: bool = False
    asks: bool = False
    cancelled: tuple[str, ...] = ()


@dataclass(slots=True)
class Dialogue:
    """`request` is the body of every request without its contents; `hears`: the model takes sound."""

    request: JsonObject
    contents: list[JsonObject] = field(default_factory=list)
    hears: bool = True
    _calls: dict[str, JsonObject | None] = field(default_factory=dict)
    _called: JsonObject | None = None
    _speech: bytearray = field(default_factory=bytearray)
    _rate: int = DEFAULT_RATE
    _picture: JsonObject | None = None

    def body(self) -> JsonObject:
        """The next request."""
        self.contents = fitting(self.contents)
        return {"contents": self.contents, **self.request}

    def take(self, message: JsonObject) -> Step:
        """One client message, normalised."""
        if isinstance(content := message.get("clientContent"), dict):
            return self._content(turns_of(content), complete=content.get("turnComplete") is True)
        if isinstance(heard := message.get("realtimeInput"), dict):
            return self._realtime(heard)
        if isinstance(answers := message.get("toolResponse"), dict):
            return self._tool_response(answers.get("functionResponses"))
        if isinstance(update := message.get("contextUpdate"), dict):
            self._update(update)
        return Step()

    def answered(self, parts: Sequence[JsonObject], calls: Iterable[tuple[str, JsonObject]]) -> None:
        """The model's answer, or as much of it as there was; `calls` wait for the client's results."""
        if parts:
            self.contents.append({"role": "model", "parts": list(parts)})
        self._calls = {call_id: None for call_id, _ in calls}
        self._called = self.contents[-1] if self._calls else None

    # --- inside -----------------------------------------------------------------------------------------------

    def _content(self, turns: list[JsonObject], *, complete: bool) -> Step:
        cancelled = self._drop_calls()
        for turn in turns:
            if turn["role"] == "system":
                self._instruct(turn["parts"])
            elif turn["parts"]:
                self._say("model" if turn["role"] == "model" else "user", turn["parts"])
        return Step(cuts=True, asks=complete and bool(self.contents), cancelled=cancelled)

    def _realtime(self, heard: JsonObject) -> Step:
        if isinstance(text := heard.get("text"), str):
            return self._content([{"role": "user", "parts": [{"text": text}]}], complete=True)
        if isinstance(sound := heard.get("audio"), dict):
            self._hear(sound)
        if isinstance(picture := heard.get("video"), dict):
            self._picture = picture
        if "activityStart" in heard:
            self._speech.clear()
            return Step(cuts=True)
        if "activityEnd" in heard or heard.get("audioStreamEnd") is True:
            return self._spoken()
        return Step()

    def _hear(self, sound: JsonObject) -> None:
        if not self.hears or not isinstance(data := sound.get("data"), str):
            return
        self._speech += decoded(data)
        del self._speech[:-MAX_SPEECH]
        _, _, rate = str(sound.get("mimeType", "")).partition("rate=")
        self._rate = int(rate) if rate.isascii() and rate.isdigit() and len(rate) < 7 else DEFAULT_RATE

    def _spoken(self) -> Step:
        if not self._speech:
            return Step()
        sound = base64.b64encode(wav(bytes(self._speech), self._rate)).decode()
        self._speech.clear()
        cancelled = self._drop_calls()
        self._say("user", [{"inlineData": {"mimeType": "audio/wav", "data": sound}}])
        return Step(cuts=True, asks=True, cancelled=cancelled)

    def _say(self, role: str, parts: list[JsonObject]) -> None:
        if role == "user" and self._picture is not None:
            parts, self._picture = [{"inlineData": self._picture}, *parts], None
        self.contents.append({"role": role, "parts": parts})

    def _tool_response(self, answers: object) -> Step:
        for answer in answers if isinstance(answers, list) else []:
            if isinstance(answer, dict) and (call_id := self._call_of(answer)) is not None:
                # Ids are Live's own: here answers are told apart by name and order.
                self._calls[call_id] = {key: answer[key] for key in ("name", "response") if key in answer}
        if not self._calls or any(answer is None for answer in self._calls.values()):
            return Step()
        self.contents.append({"role": "user", "parts": [{"functionResponse": each} for each in self._calls.values()]})
        self._calls, self._called = {}, None
        return Step(asks=True)

    def _call_of(self, answer: JsonObject) -> str | None:
        if (call_id := answer.get("id")) in self._calls:
            return str(call_id)
        open_calls = [call_id for call_id, given in self._calls.items() if given is None]
        return open_calls[0] if open_calls and not answer.get("id") else None

    def _drop_calls(self) -> tuple[str, ...]:
        """New input comes before the results of calls: a call without its result is an invalid request."""
        if self._called is None:
            return ()
        cancelled = tuple(self._calls)
        words = [part for part in self._called["parts"] if "functionCall" not in part]
        self.contents = [content for content in self.contents if content is not self._called]
        if words:
            self.contents.append({"role": "model", "parts": words})
        self._calls, self._called = {}, None
        return cancelled

    def _instruct(self, parts: list[JsonObject]) -> None:
        before = self.request.get("systemInstruction", {"parts": []})
        self.request = self.request | {"systemInstruction": {"parts": [*before["parts"], *parts]}}

    def _update(self, update: JsonObject) -> None:
        if isinstance(instruction := update.get("systemInstruction"), dict) and instruction.get("parts"):
            self.request = self.request | {"systemInstruction": {"parts": instruction["parts"]}}
        if isinstance(tools := update.get("tools"), dict):
            self.request = self.request | {"tools": generate_tools(tools.get("tools"))}


def fitting(contents: list[JsonObject]) -> list[JsonObject]:
    """The newest exchanges that fit a request, at least the last one. An exchange starts with a person's turn."""
    starts = [at for at, content in enumerate(contents) if _opens(content)]
    for start in starts:
        tail = contents[start:]
        if sum(_tokens(c) for c in tail) <= MAX_TOKENS and sum(_media(c) for c in tail) <= MAX_MEDIA:
            return tail
    return contents[starts[-1] :] if starts else contents


def decoded(data: str) -> bytes:
    """Base64 of either alphabet; nothing for what is none."""
    data = data.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except binascii.Error:
        return b""


def wav(pcm: bytes, rate: int) -> bytes:
    """16-bit mono PCM with the 44 bytes of header that name its rate."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE") + form + struct.pack("<4sI", b"data", len(pcm)) + pcm


def _opens(content: JsonObject) -> bool:
    return content["role"] == "user" and not any("functionResponse" in part for part in content["parts"])


def _tokens(content: JsonObject) -> int:
    return sum(
        MEDIA_TOKENS if "inlineData" in part else len(str(part)) // BYTES_PER_TOKEN + 1 for part in content["parts"]
    )


def _media(content: JsonObject) -> int:
    blobs = (part.get("inlineData") for part in content["parts"])
    return sum(len(str(blob.get("data", ""))) for blob in blobs if isinstance(blob, dict))
