"""Upstream's frames on their way to the client: relayed, recorded, and held to the promise that a turn is durable
before its end is told.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import structlog

from live_proxy import metrics
from live_proxy.drafts import Draft, Serving, Status, Turn
from live_proxy.edge.to_client import ClientView
from live_proxy.errors import ErrorKind
from live_proxy.ladder import Upstream
from live_proxy.protocol.codec import JsonObject, NotJson, encode
from live_proxy.protocol.events import (
    Event,
    GenerationComplete,
    GoAway,
    Grounding,
    ModelMedia,
    ModelPart,
    ModelText,
    OutputTranscription,
    ResumptionUpdate,
    ToolCall,
    ToolCallCancellation,
    TurnComplete,
    Usage,
    server_events,
)
from live_proxy.protocol.frames import Frame
from live_proxy.session import notices
from live_proxy.session.visit import Visit
from live_proxy.verdicts import error_body_failure, local_failure
from live_proxy.writer import Durability

log = structlog.get_logger(__name__)

MAX_HELD = 200
MAX_BAD = 5
HANDLE_COMES = 1.0  # seconds that upstream may take behind a turn


class AnswerRelay:
    """`on_cancelled` hears of tool calls that upstream took back.
    `on_handle`, `on_go_away` and `on_turn_end` tell the session what the frames said about the upstream itself."""

    def __init__(
        self,
        visit: Visit,
        view: ClientView,
        *,
        on_cancelled: Callable[[list[str]], None],
        on_handle: Callable[[str], None],
        on_go_away: Callable[[float], None],
        on_turn_end: Callable[[], None],
        on_refused: Callable[[], None],
    ) -> None:
        self._visit = visit
        self._view = view
        self._on_cancelled = on_cancelled
        self._on_handle = on_handle
        self._on_go_away = on_go_away
        self._on_turn_end = on_turn_end
        self._on_refused = on_refused
        self._text_from_audio = False
        self._sounding: Turn | None = None
        self._introduced: Turn | None = None
        self._held: list[str | bytes] = []
        self._bad = 0
        self.media_frames = 0
        self.control_frames = 0
        self.ending = False  # a turn is over and its end not told yet
        self._ended_at = -math.inf  # when that of the last one was

    def serve(self, upstream: Upstream) -> None:
        """A new upstream speaks from now on."""
        visit = self._visit
        visit.serving = Serving(upstream.candidate.transport, upstream.candidate.model.name, upstream.attempt_id)
        self._text_from_audio = upstream.setup.text_from_audio
        self._sounding = None
        self._held.clear()
        visit.transcript.upstream_changed()

    def is_settled(self, now: float) -> bool:
        """Whether the last turn's end is told, and upstream has had the time to give a handle that knows of it."""
        return not self.ending and now - self._ended_at > HANDLE_COMES

    async def relay(self, frame: Frame) -> None:
        """Pass one upstream frame on. Raises `Failure` where upstream broke its own rules, `ClientGone`."""
        if frame.media:
            await self._media(frame)
        else:
            await self._control(frame)

    async def _media(self, frame: Frame) -> None:
        visit = self._visit
        self.media_frames += 1
        turn = visit.transcript.turn
        if turn is None or turn is not self._sounding:
            assert visit.serving is not None
            draft = visit.transcript.media(visit.serving, visit.now())
            self._as_delivered(draft)
            self._sounding = turn = visit.transcript.turn
            self._first_output(draft)
            await self._introduce()
        visit.silence.output(visit.loop.time())
        if self._text_from_audio:
            return
        if turn is not None:
            turn.heard = True
        if self._held:
            await self._release()
        await visit.port.send(frame.data)

    async def _control(self, frame: Frame) -> None:
        transcript = self._visit.transcript
        self.control_frames += 1
        try:
            message = frame.message
        except NotJson as error:
            self._bad += 1
            log.warning("upstream sent a message that is not JSON", count=self._bad, why=str(error))
            if self._bad > MAX_BAD:
                raise local_failure(ErrorKind.BAD_MESSAGE, "too many messages that are not JSON") from None
            return
        events = server_events(message)
        if ("error" in message or not events) and (failure := error_body_failure(message, set_up=True)):
            raise failure
        end: TurnComplete | None = None
        audible = False
        for event in events:
            end, audible = self._note(event, end, audible)
        await self._introduce()
        seen = self._view.see(message, text_from_audio=self._text_from_audio)
        if end is None:
            await self._pass(frame, message, seen, audible=audible, held=self._may_wait(events))
        elif transcript.turn_ends():
            await self._end(frame, message, seen, end, audible=audible)
        else:
            await self._pass(frame, message, seen, audible=False, held=False)

    def _note(self, event: Event, end: TurnComplete | None, audible: bool) -> tuple[TurnComplete | None, bool]:
        """Take one event into the record and the watches."""
        visit = self._visit
        now = visit.loop.time()
        match event:
            case GoAway(time_left):
                self._on_go_away(time_left)
                return end, audible
            case ResumptionUpdate(handle, resumable):
                self._on_handle(handle if resumable else "")
                return end, audible
            case TurnComplete():
                end = event
        assert visit.serving is not None
        visit.transcript.apply(event, visit.serving, visit.now())
        match event:
            case ModelText(text, thought) if thought or not text:
                visit.silence.still_thinking(now)
            case ModelMedia() if self._text_from_audio:
                visit.silence.output(now)  # sound that the client will not hear
            case ModelText() | ModelMedia() | ModelPart() | OutputTranscription():
                audible = True
                visit.silence.output(now)
            case ToolCall():
                audible = True
                visit.silence.off()  # the client's turn to act
            case ToolCallCancellation(ids):
                self._on_cancelled(ids)
                visit.silence.output(now)
        if (turn := visit.transcript.turn) is not None and turn.model is not None:
            self._as_delivered(turn.model)
            if audible:
                self._first_output(turn.model)
        return end, audible

    async def _introduce(self) -> None:
        """Our page learns the rows of a spoken turn before its first word, those of a typed one when it is asked."""
        turn = self._visit.transcript.turn
        if turn is None or turn.model is None or turn.typed or turn is self._introduced:
            return
        self._introduced = turn
        await self._visit.notify(notices.turn(turn.model, turn.user))

    @staticmethod
    def _may_wait(events: list[Event]) -> bool:
        """Nothing but thoughts, or the news that all is generated."""
        said = [event for event in events if not isinstance(event, Usage | Grounding)]
        return bool(said) and all(
            isinstance(event, GenerationComplete) or (isinstance(event, ModelText) and event.thought) for event in said
        )

    async def _pass(
        self, frame: Frame, message: JsonObject, seen: JsonObject | None, *, audible: bool, held: bool
    ) -> None:
        """Send what the client may see. What does not count as an answer waits for the first word that does, so that
        a turn which fails before can be served again without telling it twice."""
        if seen is None:
            return
        turn = self._visit.transcript.turn
        data = frame.data if seen is message else _like(frame, seen)
        if held and turn is not None and not turn.heard:
            if len(self._held) < MAX_HELD:
                self._held.append(data)
            return
        if audible and turn is not None:
            turn.heard = True
        if self._held:
            await self._release()
        await self._visit.port.send(data)

    async def _release(self) -> None:
        held, self._held = self._held, []
        for data in held:
            await self._visit.port.send(data)

    async def _end(
        self, frame: Frame, message: JsonObject, seen: JsonObject | None, end: TurnComplete, *, audible: bool
    ) -> None:
        visit, transcript = self._visit, self._visit.transcript
        turn = transcript.turn
        assert turn is not None
        if end.in_progress:
            visit.silence.still_thinking(visit.loop.time())
            await self._pass(frame, message, seen, audible=audible, held=False)
            return
        if turn.empty and not turn.interrupted:
            raise local_failure(ErrorKind.EMPTY_TURN, "turnComplete without content")
        status: Status = "complete" if turn.answered else "failed" if turn.typed else "no_reply"
        if turn.interrupted:
            status = "interrupted"
        self.ending = True
        try:
            draft = transcript.close_turn(status, visit.now())
            if not transcript.turns:
                visit.silence.off()
            self._sounding = None
            await self.settle(draft, turn.user)
            if self._held:
                await self._release()
            if seen is not None:
                await visit.port.send(frame.data if seen is message else _like(frame, seen))
        finally:
            self.ending = False
            self._ended_at = visit.loop.time()
        self._on_turn_end()

    async def settle(self, draft: Draft | None, question: Draft | None = None) -> None:
        """Make an ended turn durable, then tell our page how it ended."""
        visit = self._visit
        result = await visit.recorder.durable(visit.transcript.take_dirty())
        if result is Durability.REFUSED:
            self._on_refused()
        elif result is Durability.NOT_SAVED:
            await visit.notify(notices.not_saved(None))
        if draft is not None:
            metrics.TURNS.labels(draft.serving.transport if draft.serving else "none", draft.status).inc()
            await visit.notify(notices.turn(draft, question))

    def _as_delivered(self, draft: Draft) -> None:
        """What reached the client as text is a text in the record, whatever upstream made of it."""
        if self._text_from_audio:
            draft.modality = "text"

    def _first_output(self, draft: Draft) -> None:
        visit = self._visit
        if draft.first_output_ms is None and visit.input_ended_at is not None:
            elapsed = visit.loop.time() - visit.input_ended_at
            visit.input_ended_at = None
            draft.first_output_ms = round(elapsed * 1000)
            if draft.serving is not None:
                metrics.FIRST_OUTPUT_SECONDS.labels(draft.serving.transport).observe(elapsed)


def _like(frame: Frame, message: JsonObject) -> str | bytes:
    """`message` encoded as the kind of frame that it came in."""
    data = encode(message)
    return data if isinstance(frame.data, bytes) else data.decode()
