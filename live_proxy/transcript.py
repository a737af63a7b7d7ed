"""The record of a conversation as it happens: client and server events in, drafts of messages out. Pure.

Ids, times and positions come from outside or from counters, so the same events always give the same drafts.
A draft that changed stands in `dirty` until `take_dirty` hands it to whoever writes it down.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from live_proxy.drafts import MAX_PARTS, MAX_TEXT, Draft, Serving, Status, Turn
from live_proxy.edge.history import MAX_BYTES, Past, first_that_fits
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.events import (
    Event,
    GenerationComplete,
    Grounding,
    InputTranscription,
    Interrupted,
    ModelMedia,
    ModelPart,
    ModelText,
    OutputTranscription,
    ToolCall,
    TurnComplete,
    Usage,
    add_usage,
)

MAX_PAST = 2_000


class Transcript:
    """`turns` are open exchanges, the one that upstream answers first. There is more than one only while a new
    message cuts an answer off whose end upstream has still to announce."""

    def __init__(self, *, next_position: int, new_id: Callable[[], UUID], past: list[Past] | None = None) -> None:
        self._position = next_position
        self._new_id = new_id
        self.past: list[Past] = past or []
        self.turns: deque[Turn] = deque()
        self._dirty: dict[UUID, Draft] = {}
        self._unanswered_ends = 0  # turns cut off before a word: upstream may still announce their end
        self._end_is_old = False

    @property
    def turn(self) -> Turn | None:
        return self.turns[0] if self.turns else None

    @property
    def awaiting(self) -> bool:
        """Whether an answer is owed or under way. Somebody's transcribed words alone are not a question yet."""
        return any(turn.ended_input or turn.begun for turn in self.turns)

    @property
    def position(self) -> int:
        """Of the next message."""
        return self._position

    def history(self) -> list[Past]:
        """What came before the open turn."""
        if not self.turns:
            return self.past
        return [past for past in self.past if past.position < self.turns[0].position]

    # --- what the client does ---------------------------------------------------------------------------------

    def typed(self, text: str, parts: list[JsonObject], now: datetime, client_id: str | None = None) -> Draft:
        """A whole typed message. Opens a turn; an answer that was still coming is cut off by it."""
        self._supersede(now)
        opened = self._new_turn()
        opened.typed = True
        opened.user = self._draft("user", "text", now)
        opened.user.client_id = client_id
        opened.user.add(text)
        opened.user.parts = parts[:MAX_PARTS]
        self._finish(opened.user, "complete", now)
        return opened.user

    def asked_again(self, position: int, now: datetime) -> None:
        """Open a turn for a typed message that is on record at `position` and was never answered."""
        self._supersede(now)
        opened = self._new_turn()
        opened.typed = True
        opened.asked_before = next((past for past in self.past if past.position == position), None)
        self.past = [past for past in self.past if past.position != position]

    def seeded(self, role: str, text: str, parts: list[JsonObject], now: datetime) -> Draft:
        """A message that the client gives as history."""
        draft = self._draft(role, "text", now)
        draft.add(text)
        draft.parts = parts[:MAX_PARTS]
        self._finish(draft, "complete", now)
        return draft

    def tool_answered(self, parts: list[JsonObject], now: datetime) -> Draft:
        """The client's answers to tool calls: a message of their own, after which the turn goes on."""
        turn = self.turn or self._new_turn()
        if turn.model is not None:
            self._finish(turn.model, "complete", now)
            turn.model = None
        draft = self._draft("tool", "text", now)
        draft.parts = parts[:MAX_PARTS]
        self._finish(draft, "complete", now)
        return draft

    def spoken_to(self) -> None:
        """Somebody speaks, of whom upstream has written nothing down yet."""
        if not self.turns:
            self._new_turn()

    def heard_anew(self) -> None:
        """Another upstream hears the open turn's speech: its transcription replaces the first one's."""
        if self.turn is not None:
            self.turn.heard_anew = True

    def awaits_answer(self, now: datetime) -> Draft:
        """The client's input has ended: the answer has a row from now on, so that a crash leaves evidence."""
        turn = self.turns[-1] if self.turns else self._new_turn()
        turn.ended_input = True
        return self._model(turn, None, now)

    def served_by(self, serving: Serving) -> None:
        """Another candidate took the open turns over."""
        for turn in self.turns:
            if turn.model is not None:
                turn.model.serving = serving
                self._touch(turn.model)

    # --- what the server says ---------------------------------------------------------------------------------

    def apply(self, event: Event, serving: Serving, now: datetime) -> None:
        """Take one event into the record. `TurnComplete` ends nothing here: ask `turn_ends`, then `close_turn`."""
        match event:
            case InputTranscription(text):
                self._spoken(text, now)
            case ModelText(text, thought):
                draft = self._answering(serving, now, thought=thought or not text)
                if thought:
                    self._thought(draft, text)
                else:
                    draft.add(text)
            case ModelMedia():
                self.media(serving, now)
            case OutputTranscription(text):
                draft = self._answering(serving, now)
                draft.modality = "audio"
                draft.add(text)
            case ModelPart(part):
                self._answering(serving, now).add_part(part)
            case Grounding(metadata):
                self._answering(serving, now, thought=True).add_part({"groundingMetadata": metadata})
            case ToolCall(calls):
                draft = self._answering(serving, now)
                for call in calls:
                    draft.add_part({"functionCall": call})
            case Usage(counts):
                if self.turn is not None and not self._end_is_old:
                    draft = self._model(self.turn, serving, now)
                    draft.usage = add_usage(draft.usage, counts)
            case GenerationComplete():
                if self.turn is not None:
                    self.turn.generated = True
            case Interrupted():
                self._interrupted()
            case TurnComplete(reason) if reason and self.turn is not None:
                self._model(self.turn, serving, now).add_part({"turnCompleteReason": reason})
                self.turn.stopped = True

    def media(self, serving: Serving, now: datetime) -> Draft:
        """A piece of the answer's sound."""
        draft = self._answering(serving, now)
        draft.modality = "audio"
        return draft

    def turn_ends(self) -> bool:
        """Whether the `turnComplete` that just came ends the open turn, rather than one that was cut off before."""
        if self._end_is_old:
            self._end_is_old = False
            self._unanswered_ends -= 1
            return False
        return self.turn is not None

    def close_turn(self, status: Status, now: datetime) -> Draft | None:
        """End the oldest open turn. Returns the model's message where there is one."""
        if not self.turns:
            return None
        turn = self.turns.popleft()
        if turn.answered:
            self._unanswered_ends = 0
        if turn.asked_before is not None:
            self._remember(turn.asked_before)
        if turn.user is not None and turn.user.status == "pending":
            self._finish(turn.user, "complete", now)
        if turn.model is not None:
            self._finish(turn.model, status, now)
        return turn.model

    def upstream_changed(self) -> None:
        """A new upstream owes no ends of earlier turns; cut-off answers of the old one are over."""
        self._unanswered_ends, self._end_is_old = 0, False

    # --- for the writer ---------------------------------------------------------------------------------------

    def take_dirty(self) -> list[Draft]:
        """The drafts that changed since the last call, oldest position first."""
        drafts = sorted(self._dirty.values(), key=lambda draft: draft.position)
        self._dirty.clear()
        return drafts

    @property
    def has_dirty(self) -> bool:
        return bool(self._dirty)

    # --- inside -----------------------------------------------------------------------------------------------

    def _supersede(self, now: datetime) -> None:
        """A turn that upstream has not begun to answer is over when the next one is asked."""
        if (turn := self.turn) is not None and not turn.begun:
            self.close_turn("interrupted", now)
            if turn.ended_input:
                self._unanswered_ends += 1

    def _new_turn(self) -> Turn:
        if not self.turns:
            del self.past[:-MAX_PAST]
        turn = Turn(position=self._position)
        self.turns.append(turn)
        return turn

    def _spoken(self, text: str, now: datetime) -> None:
        turn = self.turns[-1] if self.turns else self._new_turn()
        if turn.user is None:
            turn.user = self._draft("user", "audio", now)
        if turn.user.status != "pending":  # speech beside a typed message is a message of its own
            turn.user = self._draft("user", "audio", now)
        if turn.heard_anew:
            turn.heard_anew = False
            turn.user.clear()
        turn.user.add(text)
        self._touch(turn.user)

    def _interrupted(self) -> None:
        if (turn := self.turn) is not None and (turn.begun or len(self.turns) > 1):
            turn.interrupted = True  # by a message that came after it, where it has not begun
        elif self._unanswered_ends:
            self._end_is_old = True

    def _answering(self, serving: Serving, now: datetime, *, thought: bool = False) -> Draft:
        if self._end_is_old:  # upstream answers without announcing the end of the turn that was cut off before
            self.turn_ends()
        turn = self.turn
        if turn is not None and turn.interrupted and len(self.turns) > 1:
            # Upstream went on without announcing the end of the answer that was cut off.
            self.close_turn("interrupted", now)
            turn = self.turn
        if turn is None:
            turn = self._new_turn()
        turn.begun = True
        turn.answered = turn.answered or not thought
        return self._model(turn, serving, now)

    def _model(self, turn: Turn, serving: Serving | None, now: datetime) -> Draft:
        if turn.model is None:
            if turn.user is None and not turn.typed:
                # What was said may be transcribed later than it is answered: its place comes first.
                turn.user = Draft(self._new_id(), self._take_position(), "user", "audio", now)
            turn.model = self._draft("model", "text", now)
        if serving is not None:
            turn.model.serving = serving
        self._touch(turn.model)
        return turn.model

    @staticmethod
    def _thought(draft: Draft, text: str) -> None:
        last = draft.parts[-1] if draft.parts else {}
        if last.get("thought"):
            last["text"] = (last["text"] + text)[:MAX_TEXT]
        else:
            draft.add_part({"thought": True, "text": text[:MAX_TEXT]})

    def _draft(self, role: str, modality: str, now: datetime) -> Draft:
        draft = Draft(self._new_id(), self._take_position(), role, modality, now)
        self._touch(draft)
        return draft

    def _take_position(self) -> int:
        position = self._position
        self._position += 1
        return position

    def _touch(self, draft: Draft) -> None:
        if draft.chunks or draft.parts or draft.role == "model":
            self._dirty[draft.id] = draft

    def _finish(self, draft: Draft, status: Status, now: datetime) -> None:
        draft.status = status
        draft.completed_at = now
        self._touch(draft)
        if draft.role in ("user", "model") and draft.chunks and status != "failed":
            self._remember(Past(draft.role, draft.text[:MAX_BYTES], draft.position))

    def _remember(self, past: Past) -> None:
        """An answer that was cut off ends after the message that cut it off, and still stands before it."""
        insort(self.past, past, key=lambda other: other.position)
        if len(self.past) > 2 * MAX_PAST:
            del self.past[:-MAX_PAST]
        self._forget()

    def _forget(self) -> None:
        """Let go of what no upstream will be told any more. What the open turns said keeps one message more than fits:
        there the history ends once they are over, and not at what came before them."""
        before = len(self.history())
        del self.past[before : before + max(0, first_that_fits(self.past[before:]) - 1)]
        del self.past[: first_that_fits(self.past[:before])]
