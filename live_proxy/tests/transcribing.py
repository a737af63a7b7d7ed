"""A transcript under test, driven as a session drives it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from live_proxy.drafts import Draft, Serving, Status
from live_proxy.protocol.events import Event, TurnComplete, server_events
from live_proxy.transcript import Transcript

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
SERVING = Serving("websocket", "gemini-x", UUID(int=1))
LOWER = Serving("sdk", "gemini-y", UUID(int=2))


class Script:
    """`drafts` are all that were ever written, as the writer would hold them: by id, the newest state."""

    def __init__(self, next_position: int = 0) -> None:
        ids, seconds = count(100), count()
        self.transcript = Transcript(next_position=next_position, new_id=lambda: UUID(int=next(ids)))
        self.now = lambda: START + timedelta(seconds=next(seconds))
        self.serving = SERVING
        self.drafts: dict[UUID, Draft] = {}
        self.empty_turns = 0

    def typed(self, text: str, **extra: Any) -> Draft:
        draft = self.transcript.typed(text, extra.pop("parts", []), self.now(), **extra)
        self.transcript.awaits_answer(self.now())
        self.write()
        return draft

    def tool_answered(self, *answers: dict[str, Any]) -> None:
        self.transcript.tool_answered([{"functionResponse": answer} for answer in answers], self.now())
        self.transcript.awaits_answer(self.now())
        self.write()

    def says(self, *messages: dict[str, Any]) -> None:
        """Upstream's messages."""
        for message in messages:
            self.events(server_events(message))

    def events(self, events: list[Event]) -> None:
        end: TurnComplete | None = None
        for event in events:
            self.transcript.apply(event, self.serving, self.now())
            end = event if isinstance(event, TurnComplete) else end
        if end is not None and self.transcript.turn_ends() and not end.in_progress:
            turn = self.transcript.turn
            assert turn is not None
            self.empty_turns += turn.empty and not turn.interrupted
            answered: Status = "complete" if turn.answered else "failed" if turn.typed else "no_reply"
            self.transcript.close_turn("interrupted" if turn.interrupted else answered, self.now())
        self.write()

    def write(self) -> list[Draft]:
        written = self.transcript.take_dirty()
        self.drafts |= {draft.id: draft for draft in written}
        return written

    @property
    def record(self) -> list[tuple[str, str, str, str]]:
        """Role, modality, text and status of every message, in the order that a reader sees."""
        self.write()
        drafts = sorted(self.drafts.values(), key=lambda draft: draft.position)
        assert len({draft.position for draft in drafts}) == len(drafts)
        return [(draft.role, draft.modality, draft.text, draft.status) for draft in drafts]

    def message(self, at: int) -> Draft:
        return sorted(self.drafts.values(), key=lambda draft: draft.position)[at]


def content(**fields: Any) -> dict[str, Any]:
    return {"serverContent": fields}


def text(*texts: str, thought: bool = False) -> dict[str, Any]:
    parts = [{"text": piece, "thought": True} if thought else {"text": piece} for piece in texts]
    return content(modelTurn={"role": "model", "parts": parts})


def heard(words: str) -> dict[str, Any]:
    return content(inputTranscription={"text": words})


def spoken(words: str) -> dict[str, Any]:
    return content(outputTranscription={"text": words})


def usage(total: int) -> dict[str, Any]:
    return {"usageMetadata": {"totalTokenCount": total}}


def call(name: str) -> dict[str, Any]:
    return {"toolCall": {"functionCalls": [{"id": name, "name": name, "args": {}}]}}


SOUND = content(modelTurn={"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": "AAAA"}}]})
END = content(turnComplete=True)
INTERRUPTED = content(interrupted=True)
