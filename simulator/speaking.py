"""The model's side of a turn: paces an answer, waits for tools, is interrupted, and breaks as its scenario says.

At most one turn is open. It sends through an outlet; when to speak is the dialogue's affair.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.answer import answer_steps, big_message, flood
from simulator.pace import Pace
from simulator.refusals import Close, Ending
from simulator.replies import (
    CANCELLED,
    PROGRESS,
    THOUGHT,
    Remembered,
    reply_to_speech,
    reply_to_text,
    reply_to_tools,
    transcript_of_speech,
)
from simulator.scenarios import Scenario
from simulator.server_messages import GENERATION_COMPLETE, INTERRUPTED, Message, Spelling, Usage, transcription
from simulator.setup_rules import Setup

log = logging.getLogger(__name__)

FAULT_AFTER_CHUNKS = 2
MAX_CALLS = 16


class Outlet(Protocol):
    async def send(self, message: Message) -> None: ...
    async def send_raw(self, data: bytes, kind: str) -> None: ...
    def end(self, ending: Ending) -> None: ...
    async def turn_started(self) -> None: ...
    async def turn_completed(self) -> None: ...
    def freeze(self) -> None: ...
    async def drip(self) -> None: ...


class Mind(Protocol):
    """What the speaker must know of the conversation."""

    setup: Setup
    instructions: str
    functions: tuple[str, ...]

    @property
    def history(self) -> Sequence[Remembered]: ...
    def remember(self, role: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    earlier: tuple[Remembered, ...]
    seconds: float | None = None
    """Length of the speech, when the turn was spoken."""


class Speaker:
    def __init__(self, mind: Mind, spelling: Spelling, scenario: Scenario, pace: Pace, outlet: Outlet) -> None:
        self._mind = mind
        self._spelling = spelling
        self._scenario = scenario
        self._pace = pace
        self._outlet = outlet
        self._task: asyncio.Task[None] | None = None
        self._open = False
        self._said = ""
        self._chunks = 0
        self._speech_seconds = 0.0
        self._pending: dict[str, str] = {}
        self._responses: list[tuple[str, Any]] = []
        self._waiting: Asked | None = None

    async def send(self, message: Message) -> None:
        await self._outlet.send(message)

    async def answer(self, asked: Asked) -> None:
        """Starts to answer; a turn that must not be interrupted is finished first."""
        if self._open:
            self._waiting = asked
            return
        await self._settle()
        self._open, self._said, self._chunks = True, "", 0
        self._speech_seconds = asked.seconds or 0.0
        self._start(self._turn(asked))

    async def interrupt(self) -> None:
        """Stops an open turn and says so, in the scenario's order; nothing happens when none is open."""
        if not self._open:
            await self._settle()
            return
        await self.close()
        self._open = False
        self._waiting = None
        if self._pending:
            await self.send({"toolCallCancellation": {"ids": list(self._pending)}})
            self._pending.clear()
        if self._said:
            self._mind.remember("model", self._said)
        told = [INTERRUPTED, self._spelling.turn_complete(self._usage())]
        for message in reversed(told) if self._scenario.complete_first else told:
            await self.send(message)
        await self._outlet.turn_completed()

    async def take_tool_responses(self, responses: Sequence[Message]) -> None:
        """Late answers to calls that were cancelled are ignored, as they cannot be avoided."""
        for response in responses:
            call_id = response.get("id") or self._id_of(response.get("name", ""))
            if call_id in self._pending:
                self._responses.append((self._pending.pop(call_id), response.get("response", {})))
        if self._open and self._responses and not self._pending:
            told, self._responses = self._responses, []
            await self._settle()
            self._start(self._say(reply_to_tools(told)))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _id_of(self, name: str) -> str:
        return next((call_id for call_id, pending in self._pending.items() if pending == name), "")

    async def _settle(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task})

    def _start(self, work: Any) -> None:
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        # A client that is gone is noticed by the reader; anything else is a fault of the simulator itself.
        if error is not None and not isinstance(error, ConnectionError):
            log.error("simulator: an answer failed", exc_info=error)
            self._outlet.end(Close(1011, "Internal error encountered."))

    async def _turn(self, asked: Asked) -> None:
        setup = self._mind.setup
        await self._outlet.turn_started()
        if not self._scenario.late_transcription:
            await self._transcribe(asked)
        match self._scenario.turn:
            case "ignored":
                self._open = False
                return
            case "empty":
                await self.send(GENERATION_COMPLETE)
                await self._complete()
                return
            case "blocked":
                await self._complete(turnCompleteReason="PROHIBITED_INPUT_CONTENT")
                return
        if called := self._called(asked):
            await self._call(called)
            return
        if asked.seconds is not None:
            reply = reply_to_speech(asked.seconds)
        else:
            reply = reply_to_text(asked.text, asked.earlier, self._mind.instructions)
        if setup.model.extended or self._scenario.extended:
            for progress in PROGRESS:
                await self._content(progress, setup.include_thoughts)
                await self.send(self._spelling.turn_complete(self._usage(), interactionStatus="IN_PROGRESS"))
            self._said = ""
        await self._say(reply)
        if self._scenario.late_transcription:
            await self._transcribe(asked)

    async def _transcribe(self, asked: Asked) -> None:
        if asked.seconds is not None and self._mind.setup.input_transcription:
            for text in transcript_of_speech(asked.seconds):
                await self.send(transcription("input", text))

    def _called(self, asked: Asked) -> list[str]:
        if self._scenario.calls != "asked":
            return list(self._mind.functions[:1])
        return [name for name in self._mind.functions if _names(asked.text, name)][:MAX_CALLS]

    async def _call(self, called: list[str]) -> None:
        self._responses.clear()
        self._pending = {self._spelling.call_id(): name for name in called}
        calls = [{"name": name, "args": {}, "id": call_id} for call_id, name in self._pending.items()]
        if self._scenario.calls == "without_id":
            calls = [{key: value for key, value in call.items() if key != "id"} for call in calls]
        await self.send({"toolCall": {"functionCalls": calls}})
        if self._scenario.calls == "cancelled":
            await self.send({"toolCallCancellation": {"ids": list(self._pending)}})
            self._pending.clear()
            await self._say(CANCELLED)

    async def _say(self, reply: str) -> None:
        setup = self._mind.setup
        if self._scenario.turn == "flood":
            for data in flood(setup, self._spelling):
                await self._outlet.send_raw(data, "audio")
        await self._content(reply, setup.include_thoughts or self._scenario.thoughts)
        if self._scenario.turn in ("big", "huge"):
            await self.send(big_message(setup, self._spelling, huge=self._scenario.turn == "huge"))
        await self.send(GENERATION_COMPLETE)
        if self._scenario.hold:
            await asyncio.sleep(self._pace.hold)
        idle = setup.model.extended or self._scenario.extended
        await self._complete(**({"interactionStatus": "IDLE"} if idle else {}))

    async def _content(self, reply: str, thoughts: bool) -> None:
        for step in answer_steps(reply, self._mind.setup, self._spelling, thoughts):
            await self.send(step.message)
            self._said += step.said
            if not step.chunk:
                continue
            self._chunks += 1
            if self._chunks == FAULT_AFTER_CHUNKS:
                await self._fault()
            await asyncio.sleep(self._pace.drip_delay if self._scenario.slow_drip else self._pace.chunk_delay)

    async def _fault(self) -> None:
        match self._scenario.mid_turn:
            case None:
                return
            case bytes() as garbage:
                await self._outlet.send_raw(garbage, "garbage")
                return
            case "silence":
                pass
            case "freeze":
                self._outlet.freeze()
            case "drip":
                await self._outlet.drip()
            case ending:
                self._outlet.end(ending)
        await asyncio.get_running_loop().create_future()

    async def _complete(self, **more: str) -> None:
        if self._said:
            self._mind.remember("model", self._said)
        # The turn is over once turnComplete is on its way: an interruption must not tell it a second time.
        self._open = False
        await self.send(self._spelling.turn_complete(self._usage(), **more))
        await self._outlet.turn_completed()
        if self._waiting is not None:
            asked, self._waiting = self._waiting, None
            self._open, self._said, self._chunks = True, "", 0
            self._speech_seconds = asked.seconds or 0.0
            await self._turn(asked)

    def _usage(self) -> Usage:
        setup = self._mind.setup
        prompt = sum(len(turn.text) for turn in self._mind.history) + len(self._mind.instructions)
        answer = len(self._said) // 4 + 1 if self._said else 0
        thoughts = len(THOUGHT) // 4 if setup.include_thoughts or self._scenario.thoughts else 0
        return Usage(
            prompt // 4 + 1,
            int(self._speech_seconds * 25),
            answer if setup.modality == "TEXT" else answer * 3,
            setup.modality,
            thoughts,
        )


def _names(text: str, function: str) -> bool:
    """Whether the text has the function's name as a word of its own."""
    return re.search(rf"(?<!\w){re.escape(function)}(?!\w)", text) is not None
