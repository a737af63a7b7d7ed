"""One conversation after its setup: takes client messages, keeps the history, and decides when the model speaks.

It speaks through an outlet and knows nothing of sockets; the layout of an answer is in answer, its words in replies.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from simulator.refusals import invalid
from simulator.replies import Remembered
from simulator.server_messages import Message, Spelling, voice_activity
from simulator.setup_rules import Setup, content_text, function_names
from simulator.speaking import Asked, Speaker
from simulator.voice_activity import Activity, VoiceActivity

MAX_TURNS = 400
MAX_TURN_CHARACTERS = 20_000
MEDIA_CHUNKS_DEPRECATED = "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."
_RATE = re.compile(r"audio/pcm(?:\s*;\s*rate=(\d{4,6}))?")


class Dialogue:
    def __init__(
        self,
        setup: Setup,
        spelling: Spelling,
        make_speaker: Callable[[Dialogue], Speaker],
        history: Iterable[Remembered] = (),
    ) -> None:
        self.setup = setup
        self.instructions = setup.instructions
        self.functions = setup.functions
        self.history: deque[Remembered] = deque(history, maxlen=MAX_TURNS)
        self.consumed = 0
        """Index of the last client message taken; the setup was number 0."""
        self._spelling = spelling
        self._seeding = setup.seeded_history
        self._voice = VoiceActivity(setup.silence_ms, setup.prefix_padding_ms, setup.low_start_sensitivity)
        self._manual_seconds: float | None = None
        self._speaker = make_speaker(self)

    async def close(self) -> None:
        await self._speaker.close()

    def remember(self, role: str, text: str) -> None:
        self.history.append(Remembered(role, text[:MAX_TURN_CHARACTERS]))

    async def take(self, message: Message) -> None:
        """One client message; raises Refused where Google would close."""
        self.consumed += 1
        kind, body = next(iter(message.items()))
        match kind:
            case "clientContent":
                await self._client_content(body)
            case "realtimeInput":
                await self._realtime_input(body)
            case "toolResponse":
                await self._tool_response(body)
            case "contextUpdate":
                self._context_update(body)
            case _:
                raise invalid()

    async def _client_content(self, body: Message) -> None:
        turns: list[Message] = body.get("turns", [])
        complete = body.get("turnComplete", False)
        for turn in turns:
            if turn.get("role", "user") not in ("user", "model", "system"):
                raise invalid("Please use a valid role: user, model.")
        if self._seeding:
            # The announced history: it triggers no answer, and turnComplete only says that it is all.
            self._append(turns)
            self._seeding = not complete
            return
        if self.setup.model.client_content == "seed":
            raise invalid()
        await self._speaker.interrupt()
        if not complete:
            self._append(turns)
            return
        if turns and turns[-1].get("role", "user") == "user":
            self._append(turns[:-1])
            await self._ask(_turn_text(turns[-1]))
        else:
            self._append(turns)
            await self._speaker.answer(Asked("", tuple(self.history)))

    async def _realtime_input(self, body: Message) -> None:
        if len(body) != 1:
            raise invalid()
        self._seeding = False
        kind, value = next(iter(body.items()))
        match kind:
            case "text":
                await self._speaker.interrupt()
                await self._ask(value)
            case "audio":
                await self._audio(value)
            case "video":
                _check_video(value)
            case "mediaChunks":
                if not self._spelling.vertex:
                    raise invalid(MEDIA_CHUNKS_DEPRECATED)
                for blob in value:
                    if blob.get("mimeType", "").startswith("audio/"):
                        await self._audio(blob)
                    else:
                        _check_video(blob)
            case "audioStreamEnd":
                if not self.setup.automatic_detection:
                    raise invalid()
                if ended := self._voice.finish():
                    await self._activity(ended)
            case "activityStart" | "activityEnd":
                await self._manual_activity(start=kind == "activityStart")

    async def _audio(self, blob: Message) -> None:
        found = _RATE.fullmatch(blob.get("mimeType", ""))
        if not found:
            raise invalid()
        rate = int(found[1] or 16_000)
        if not 8_000 <= rate <= 48_000:
            raise invalid()
        data = blob.get("data", b"")
        if self.setup.automatic_detection:
            for activity in self._voice.feed(data, rate):
                await self._activity(activity)
        elif self._manual_seconds is not None:
            self._manual_seconds += len(data) / 2 / rate

    async def _activity(self, activity: Activity) -> None:
        if self.setup.explicit_vad:
            await self._speaker.send(voice_activity(activity.kind == "start", activity.at))
        if activity.kind == "start":
            if self.setup.interruptible:
                await self._speaker.interrupt()
        else:
            await self._hear(activity.speech)

    async def _manual_activity(self, start: bool) -> None:
        if self.setup.automatic_detection:
            raise invalid()
        if start:
            if self.setup.interruptible:
                await self._speaker.interrupt()
            self._manual_seconds = 0.0
        elif self._manual_seconds is not None:
            seconds, self._manual_seconds = self._manual_seconds, None
            await self._hear(seconds)

    async def _ask(self, text: str) -> None:
        earlier = tuple(self.history)
        self.remember("user", text)
        await self._speaker.answer(Asked(text, earlier))

    async def _hear(self, seconds: float) -> None:
        earlier = tuple(self.history)
        self.remember("user", f"(speech, {seconds:.1f} s)")
        await self._speaker.answer(Asked("", earlier, seconds))

    async def _tool_response(self, body: Message) -> None:
        responses: list[Message] = body.get("functionResponses", [])
        if not responses:
            raise invalid()
        for response in responses:
            if not response.get("id") and not self._spelling.vertex:
                raise invalid("Function response must have an id.")
            if not isinstance(response.get("response", {}), dict):
                raise invalid()
        await self._speaker.take_tool_responses(responses)

    def _context_update(self, body: Message) -> None:
        if "systemInstruction" in body:
            self.instructions = content_text(body["systemInstruction"])
        if "tools" in body:
            self.functions = function_names(body["tools"].get("tools", []))

    def _append(self, turns: Sequence[Message]) -> None:
        for turn in turns:
            role = turn.get("role", "user")
            if role == "system":
                self.instructions = content_text(turn)
            else:
                self.remember(role, _turn_text(turn))


def _turn_text(turn: Message) -> str:
    return "".join(_part_text(part) for part in turn.get("parts", []) if not part.get("thought"))


def _part_text(part: dict[str, Any]) -> str:
    if "text" in part:
        return str(part["text"])
    if "inlineData" in part:
        return f"[{part['inlineData'].get('mimeType', 'data')}]"
    for kind in ("functionCall", "functionResponse"):
        if kind in part:
            return f"[{kind} {part[kind].get('name', '')}]"
    return "[part]"


def _check_video(blob: Message) -> None:
    if not blob.get("mimeType", "").startswith("image/"):
        raise invalid()
