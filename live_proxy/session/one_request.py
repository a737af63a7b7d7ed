"""One request over HTTP: its question on record, the climb, its answer on record before its end is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from live_proxy import metrics
from live_proxy.drafts import Serving, Status
from live_proxy.edge.generate_answer import Answer
from live_proxy.errors import Failure
from live_proxy.ladder import Ladder, NoCandidate, Order, Upstream
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.protocol.events import server_events
from live_proxy.recorder import Recorder
from live_proxy.session.client_input import MAX_SEEDS, text_of, without_media
from live_proxy.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Asked:
    """`turns` are the request's contents as `{role, parts}`; `known` of them are on record already."""

    turns: Sequence[JsonObject]
    known: int = 0


class OneRequest:
    """`asked` is None for a request that asks no model anything and leaves attempts only."""

    def __init__(
        self,
        ladder: Ladder,
        order: Order,
        recorder: Recorder,
        transcript: Transcript,
        asked: Asked | None,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._ladder = ladder
        self._order = order
        self._recorder = recorder
        self._transcript = transcript
        self._asked = asked
        self._now = now
        self._answer = Answer(new_id=lambda: f"function-call-{uuid4().int % 10**19}")
        self._upstream: Upstream | None = None
        self._failure: Failure | None = None
        self._began = asyncio.get_running_loop().time()
        self.said = ""

    @property
    def position(self) -> int:
        """Of the conversation's next message."""
        return self._transcript.position

    async def open(self) -> None:
        """Find who answers. Raises `NoCandidate`."""
        self._recorder.session_started()
        if self._asked is not None:
            await self._ask(self._asked)
        try:
            upstream = self._upstream = await self._ladder.climb(self._order, self._recorder)
        except NoCandidate:
            await self._close_turn("failed")
            raise
        self._serving = Serving(upstream.candidate.transport, upstream.candidate.model.name, upstream.attempt_id)
        if self._asked is not None:
            self._transcript.served_by(self._serving)

    async def chunks(self) -> AsyncIterator[JsonObject]:
        """The answer as it comes; its last chunk once the turn is on record. Raises `Failure`."""
        upstream, last = self._upstream, None
        assert upstream is not None
        try:
            async for frame in upstream.transport.receive():
                self._take(frame.message)
                if last is not None:
                    yield last
                    last = None
                if self._answer.finished:
                    last = frame.message
                else:
                    yield frame.message
        except Failure as failure:
            self._failure = failure
            raise
        if self._asked is not None and self._answer.finished:
            self._note(self._answer.end())  # now: usage may come behind the chunk that says why it ended
        await self._close_turn("complete" if self._answer.finished else "interrupted")
        if last is not None:
            yield last

    async def close(self, code: int, reason: str = "") -> None:
        """End the request, whatever became of it."""
        await self._close_turn("interrupted")
        if self._upstream is not None:
            self._recorder.attempt_ended(self._upstream.attempt_id, self._failure)
            if self._failure is not None:
                self._ladder.failed(self._upstream.candidate, self._failure, self._order.candidates)
            await self._upstream.transport.close()
        self._recorder.session_ended(code, reason)

    async def _ask(self, asked: Asked) -> None:
        transcript, at = self._transcript, self._now()
        *earlier, last = asked.turns
        for turn in earlier[asked.known :][-MAX_SEEDS:]:
            role = "model" if turn["role"] == "model" else "user"
            transcript.seeded(role, text_of(turn["parts"]), without_media(turn["parts"]), at)
        if any("functionResponse" in part for part in last["parts"]):
            transcript.tool_answered(without_media(last["parts"]), at)
        else:
            transcript.typed(text_of(last["parts"]), without_media(last["parts"]), at)
        answer = transcript.awaits_answer(at)
        self._recorder.message_id = answer.id
        await self._recorder.durable(transcript.take_dirty())

    def _take(self, chunk: JsonObject) -> None:
        if self._asked is None:
            return
        self._note(self._answer.chunk(chunk))
        turn = self._transcript.turn
        if turn is not None and turn.model is not None and turn.model.first_output_ms is None:
            elapsed = asyncio.get_running_loop().time() - self._began
            turn.model.first_output_ms = round(elapsed * 1000)
            metrics.FIRST_OUTPUT_SECONDS.labels(self._serving.transport).observe(elapsed)

    def _note(self, messages: Sequence[JsonObject]) -> None:
        for message in messages:
            for event in server_events(message):
                self._transcript.apply(event, self._serving, self._now())

    async def _close_turn(self, status: Status) -> None:
        if self._asked is None:
            return
        while (turn := self._transcript.turn) is not None:
            self.said = turn.model.text if turn.model is not None else ""
            draft = self._transcript.close_turn(
                status if turn.answered or status != "interrupted" else "failed", self._now()
            )
            if draft is not None:
                metrics.TURNS.labels(draft.serving.transport if draft.serving else "none", draft.status).inc()
        await self._recorder.durable(self._transcript.take_dirty())


def thread_key(turns: Sequence[JsonObject]) -> str:
    """What a chain of turns is recognised by when its client sends it again with one more: programs send the whole
    of it each time, and may cut an answer into other pieces than it came in."""
    joined: list[list[str]] = []
    for turn in turns:
        words = [word for part in turn["parts"] for word in _words(part)]
        role = "model" if turn["role"] == "model" else "user"
        if joined and joined[-1][0] == role:
            joined[-1].extend(words)
        else:
            joined.append([role, *words])
    canonical = [[role, "".join(words)] for role, *words in joined]
    return "thread-" + sha256(encode({"turns": canonical})).hexdigest()


def _words(part: JsonObject) -> list[str]:
    if part.get("thought"):
        return []
    text = [part["text"]] if isinstance(part.get("text"), str) else []
    calls = [part[key] for key in ("functionCall", "functionResponse") if isinstance(part.get(key), dict)]
    return text + [str(call.get("name")) for call in calls]
