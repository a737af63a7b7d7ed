"""A client's frames: media goes straight up, everything else is understood, recorded and then sent."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from live_proxy.close_codes import CloseCode
from live_proxy.edge.to_upstream import from_media_chunks, turns_of
from live_proxy.edge.tool_ids import ToolIds
from live_proxy.errors import ClientFault, Failure
from live_proxy.protocol.client import client_message
from live_proxy.protocol.codec import JsonObject, NotJson, decode, encode
from live_proxy.protocol.frames import Frame
from live_proxy.session import notices
from live_proxy.session.asked_before import AskedBefore
from live_proxy.session.question import Question, send_message
from live_proxy.session.spoken import Spoken
from live_proxy.session.upstream_link import UpstreamLink
from live_proxy.session.visit import Visit
from live_proxy.writer import Durability

MAX_CLIENT_ID = 64
MAX_SEEDS = 200  # turns of one message that are given as history: the newest go on record
SYSTEM = "system"
MEDIA = ("inlineData", "inline_data", '"video"', '"audio"', "mediaChunks", "media_chunks")


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Bytes or characters of a frame as it arrives. `picture` is 2 MiB of picture or sound as base64; `typed` counts
    the characters of what our page typed."""

    plain: int = 256 * 1024
    picture: int = 3 * 1024 * 1024
    typed: int = 200_000


class ClientInput:
    """`on_refused` is called when another session turns out to own the conversation, `on_stop` when our page wants
    no more of an answer."""

    def __init__(
        self,
        visit: Visit,
        link: UpstreamLink,
        question: Question,
        spoken: Spoken,
        tool_ids: ToolIds,
        *,
        limits: FrameLimits,
        asked_before: AskedBefore,
        on_refused: Callable[[], None],
        on_stop: Callable[[], Awaitable[None]],
        held: Callable[[JsonObject], JsonObject],
    ) -> None:
        self._visit = visit
        self._link = link
        self._question = question
        self._spoken = spoken
        self._tool_ids = tool_ids
        self._limits = limits
        self._asked_before = asked_before
        self._on_refused = on_refused
        self._on_stop = on_stop
        self._held = held
        self._seeds = visit.requested.seeds_first
        self.last_frame = visit.loop.time()
        self.last_media = -math.inf
        self.speaking = False  # by the client's own marks
        self.media_frames = 0
        self.control_frames = 0

    async def frame(self, data: str | bytes) -> None:
        """Take one frame, in order. Raises `ClientFault`."""
        frame = Frame.from_client(data)
        self.last_frame = self._visit.loop.time()
        if len(data) > self._limits.plain:
            self._check_size(data)
        if frame.media:
            self.media_frames += 1
            self.last_media = self.last_frame
            self._spoken.add(frame, self.last_frame)
            await self._media(frame)
        else:
            self.control_frames += 1
            await self._control(data)

    def _check_size(self, data: str | bytes) -> None:
        """Only what carries sound or a picture may be big: programs send whole recordings as one piece."""
        marks = MEDIA if isinstance(data, str) else tuple(mark.encode() for mark in MEDIA)
        if len(data) > self._limits.picture or not any(mark in data for mark in marks):  # type: ignore[operator]
            raise ClientFault(
                CloseCode.TOO_BIG,
                f"A message may have at most {self._limits.plain // 1024} KiB, "
                f"with sound or a picture {self._limits.picture // 1024} KiB.",
            )

    async def _media(self, frame: Frame) -> None:
        upstream = self._link.current if self._link.is_ready else await self._link.ready()
        if upstream is not None and "audio_in" not in upstream.setup.lost:
            # That the upstream is lost shows on its receiving side, which deals with it.
            with contextlib.suppress(Failure):
                await upstream.transport.send(frame)

    async def _control(self, data: str | bytes) -> None:
        try:
            kind, message, ours = client_message(decode(data))
        except NotJson as error:
            raise ClientFault(CloseCode.BAD_MESSAGE, str(error)) from None
        if ours.get("stop") is True and kind == "clientContent":
            await self._on_stop()
            return
        match kind:
            case "setup":
                raise ClientFault(CloseCode.BAD_MESSAGE, "setup may be sent only once, as the first message.")
            case "clientContent":
                await self._content(message, ours)
            case "toolResponse":
                await self._tool_response(message)
            case "realtimeInput":
                await self._realtime(message, ours)
            case "contextUpdate":
                await self._forward({kind: self._held(message[kind])})

    async def _content(self, message: JsonObject, ours: JsonObject) -> None:
        visit, content = self._visit, message["clientContent"]
        turns = turns_of(content)
        complete = content.get("turnComplete") is True
        seeds, self._seeds = self._seeds, False
        turns = self._instructed(turns)
        last = turns.pop() if complete and not seeds and turns and turns[-1]["role"] != "model" else None
        for turn in turns[-MAX_SEEDS:]:
            role = "model" if turn["role"] == "model" else "user"
            visit.transcript.seeded(role, text_of(turn["parts"]), without_media(turn["parts"]), visit.now())
        if last is not None:
            await self._typed(last["parts"], message, ours)
            return
        known_later = self._link.history_is_due
        if known_later:
            self._link.forget_handle()
        # Whoever gives much at once waits until it is written: the queue is everybody's.
        if turns and await visit.recorder.durable(visit.transcript.take_dirty()) is Durability.REFUSED:
            self._on_refused()
            return
        if known_later:
            return  # the next upstream gets it as history
        upstream = await self._link.ready()  # one that is on its way has taken its history already
        if upstream is None:
            return
        if seeds and not upstream.setup.client_seeds:
            message = {"clientContent": content | {"turnComplete": False}}
        await send_message(upstream, message)

    def _instructed(self, turns: list[JsonObject]) -> list[JsonObject]:
        """The turns that are part of the conversation. Those of the role `system` change the instruction, so they are
        held to what the person may change, and are nothing that anybody said."""
        told = [part for turn in turns if turn["role"] == SYSTEM for part in turn["parts"]]
        if told:
            self._held({"systemInstruction": {"parts": told}})
        return [turn for turn in turns if turn["role"] != SYSTEM]

    async def _typed(self, parts: list[JsonObject], message: JsonObject, ours: JsonObject) -> None:
        """A typed message: on record before it goes upstream."""
        visit, transcript = self._visit, self._visit.transcript
        text = text_of(parts)
        if len(text) > self._limits.typed:
            raise ClientFault(CloseCode.TOO_BIG, f"A message may have at most {self._limits.typed} characters.")
        client_id = _client_id(ours)
        if client_id is not None and (asked := self._asked_before.find(client_id)) is not None:
            if asked.answered or asked.open:
                await visit.notify(notices.saved(client_id, asked.message_id if asked.open else None))
                return
            asked.open = True
            draft_id = asked.message_id
            transcript.asked_again(asked.position, visit.now())
        else:
            draft = transcript.typed(text, without_media(parts), visit.now(), client_id)
            draft_id = draft.id
            self._asked_before.ask(client_id, draft.id, draft.position)
        self._spoken.clear()
        answer = transcript.awaits_answer(visit.now())
        visit.recorder.message_id = answer.id
        self._question.put(message)
        result = await visit.recorder.durable(transcript.take_dirty())
        if result is Durability.REFUSED:
            self._on_refused()
            return
        if client_id is not None:
            saved = result is not Durability.NOT_SAVED
            await visit.notify(notices.saved(client_id, draft_id) if saved else notices.not_saved(client_id))
        self._question.release()
        if self._link.is_ready and self._link.current is not None:
            await self._question.ask(self._link.current)
        else:
            if not self._link.climbing:
                await visit.notify(notices.connecting())
            self._link.want()

    async def _realtime(self, message: JsonObject, ours: JsonObject) -> None:
        visit, content = self._visit, message["realtimeInput"]
        if isinstance(text := content.get("text"), str):
            await self._typed([{"text": text}], message, ours)
            return
        if "mediaChunks" in content:
            for frame in media_frames(content["mediaChunks"]):
                self.last_media = self.last_frame
                self._spoken.add(frame, self.last_frame)
                await self._media(frame)
            return
        if "activityStart" in content:
            self._spoken.clear()
            self.speaking = True
        if "activityEnd" in content or content.get("audioStreamEnd") is True:
            self.speaking = False
            self._spoken.end()
            await self._forward(message)
            visit.input_ended_at = visit.loop.time()
            visit.silence.input_ended(visit.input_ended_at)
            return
        await self._forward(message)

    async def _tool_response(self, message: JsonObject) -> None:
        visit, transcript = self._visit, self._visit.transcript
        answers = message["toolResponse"].get("functionResponses")
        if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
            raise ClientFault(CloseCode.BAD_MESSAGE, "toolResponse.functionResponses must be a list of objects.")
        parts: list[JsonObject] = [{"functionResponse": answer} for answer in answers]
        message = {
            "toolResponse": message["toolResponse"] | {"functionResponses": self._tool_ids.for_upstream(answers)}
        }
        if not self._tool_ids.awaited(answers):
            # The call was taken back before its answer came: it is on record, and nothing follows from it.
            transcript.seeded("tool", "", parts, visit.now())
            visit.save()
            await self._forward(message)
            return
        transcript.tool_answered(parts, visit.now())
        answer_is_due = any(answer.get("scheduling") != "SILENT" for answer in answers)
        if answer_is_due:
            transcript.awaits_answer(visit.now())
        if await visit.recorder.durable(transcript.take_dirty()) is Durability.REFUSED:
            self._on_refused()
            return
        await self._forward(message)
        if answer_is_due and visit.transcript.turns:
            visit.silence.input_ended(visit.loop.time())

    async def _forward(self, message: JsonObject) -> None:
        """Send a control message, after a climb where nobody serves. That nobody does is told by the climb."""
        if not self._link.is_ready:
            self._link.want()
        upstream = await self._link.ready()
        if upstream is not None:
            await send_message(upstream, message)


def media_frames(chunks: object) -> list[Frame]:
    """The pieces of a `mediaChunks` as frames of their own. Raises `ClientFault`."""
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise ClientFault(CloseCode.BAD_MESSAGE, "realtimeInput.mediaChunks must be a list of objects.")
    messages = from_media_chunks(chunks)
    if len(messages) != len(chunks):
        raise ClientFault(CloseCode.BAD_MESSAGE, "realtimeInput.mediaChunks: mimeType must be audio/… or image/….")
    return [Frame.from_client(encode(message).decode()) for message in messages]


def text_of(parts: list[JsonObject]) -> str:
    return "\n".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def without_media(parts: list[JsonObject]) -> list[JsonObject]:
    """Parts that are more than text, with the size of their media instead of its bytes."""
    light: list[JsonObject] = []
    for part in parts:
        if isinstance(blob := part.get("inlineData"), dict):
            data = blob["data"].rstrip("=") if isinstance(blob.get("data"), str) else ""
            light.append({"inlineData": {"mimeType": blob.get("mimeType"), "bytes": len(data) * 3 // 4}})
        elif "text" not in part:
            light.append(part)
    return light


def _client_id(ours: JsonObject) -> str | None:
    """The client's own id for the message, so that sending it twice records it once."""
    value = ours.get("id")
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_CLIENT_ID or not value.isprintable():
        raise ClientFault(CloseCode.BAD_MESSAGE, f"proxy.id must be a text of at most {MAX_CLIENT_ID} characters.")
    return value
