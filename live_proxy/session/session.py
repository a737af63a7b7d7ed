"""The session itself: turns are served whatever happens to upstream, and both sides end together.

Everything it needs comes as arguments. Two tasks touch it: the consumer's loop (`client_frame`) and its own
(`UpstreamLink.run`). A ticker of the process calls `tick`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

import structlog

from live_proxy.candidates import Candidate
from live_proxy.client_port import ClientGone, ClientPort
from live_proxy.close_codes import INTERNAL, TAKEN_OVER, TOO_SLOW, CloseCode
from live_proxy.edge.generate_request import speech_is_marked
from live_proxy.edge.google_words import nobody
from live_proxy.edge.history import history_contents
from live_proxy.edge.requested import Requested
from live_proxy.edge.to_client import ClientView
from live_proxy.edge.tool_ids import ToolIds
from live_proxy.edge.upstream_setup import upstream_setup
from live_proxy.errors import ErrorKind, Failure
from live_proxy.help_links import with_help
from live_proxy.ladder import Ladder, NoCandidate, Order, Previous, Upstream, label
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.recorder import Recorder
from live_proxy.sentences import main_kind, no_candidate, not_answered
from live_proxy.session import notices
from live_proxy.session.answer_relay import AnswerRelay
from live_proxy.session.asked_before import AskedBefore
from live_proxy.session.client_input import ClientInput
from live_proxy.session.endings import Endings
from live_proxy.session.finishing import Finishing
from live_proxy.session.frame_counts import count_frames
from live_proxy.session.limits import SessionLimits
from live_proxy.session.lost_upstream import LostUpstream
from live_proxy.session.program import Program
from live_proxy.session.question import Question
from live_proxy.session.silence import Silence
from live_proxy.session.span import Span
from live_proxy.session.spoken import Spoken
from live_proxy.session.upstream_link import UpstreamLink
from live_proxy.session.visit import Visit
from live_proxy.tasks import spawn
from live_proxy.transcript import Transcript
from live_proxy.verdicts import RESUME, local_failure

log = structlog.get_logger(__name__)

LEAVE_EARLY = 1.0
QUIET = 1.0


class Session:
    """`asked_before` knows the messages that the conversation holds already; `instead_of` is what the client would
    have been served by, if it could; `resume` the upstream session to go on with. `program` where the client is
    one: it gets Google's messages alone. `held` keeps a change of the set-up within what the user may ask for."""

    def __init__(
        self,
        *,
        session_id: UUID,
        user_id: int,
        port: ClientPort,
        requested: Requested,
        candidates: tuple[Candidate, ...],
        project: str,
        ladder: Ladder,
        recorder: Recorder,
        transcript: Transcript,
        limits: SessionLimits,
        notices: bool,
        now: Callable[[], datetime],
        asked_before: AskedBefore | None = None,
        instead_of: Previous | None = None,
        resume: tuple[Candidate, str] | None = None,
        program: Program | None = None,
        held: Callable[[JsonObject], JsonObject] = lambda message: message,
    ) -> None:
        self.id = session_id
        self.user_id = user_id
        self.conversation_id = recorder.place.conversation_id
        self.fence = recorder.place.fence
        self._limits = limits
        self._asked_before = asked_before or AskedBefore()
        self._candidates = candidates
        silence = Silence(first_output=limits.first_output, stall=limits.stall)
        self._visit = visit = Visit(port, requested, transcript, recorder, silence, notices, now)
        self._question = Question(visit)
        self._spoken = Spoken(marked=speech_is_marked(requested))
        shape = partial(upstream_setup, requested, project=project)
        self._link = UpstreamLink(ladder, Order(candidates, shape), recorder, self, instead_of, resume)

        tool_ids = ToolIds(lambda: f"function-call-{uuid4().int % 10**19}")
        self._relay = AnswerRelay(
            visit,
            ClientView(requested, tool_ids),
            on_cancelled=tool_ids.cancel,
            on_handle=self._handle_offered,
            on_go_away=self._go_away,
            on_turn_end=self._turn_ended,
            on_refused=self._taken_over,
        )
        self._input = ClientInput(
            visit,
            self._link,
            self._question,
            self._spoken,
            tool_ids,
            limits=limits.frames,
            asked_before=self._asked_before,
            on_refused=self._taken_over,
            on_stop=lambda: self._lost.stop(),
            held=held,
        )
        self._endings = Endings(visit, self._question, self._relay, self._asked_before)
        self._finishing = Finishing(visit, self._question, self._relay)
        self._program = program
        self._lost = LostUpstream(
            visit,
            self._link,
            self._question,
            self._endings,
            self._spoken,
            is_program=program is not None,
            patience=2 * limits.first_output,
            last_media=lambda: self._input.last_media,
            speaking=lambda: self._input.speaking,
            fail=self._fail,
            end_soon=self.end_soon,
        )
        self._span = Span(visit.loop.time(), limits.longest)
        self._task: asyncio.Task[None] | None = None
        self._started = False
        self._over = False
        self._ending: asyncio.Task[None] | None = None
        self._last_transport = ""
        self._last_reason = ""
        self._leave_by: float | None = None  # upstream said goAway
        self.client_frame = self._input.frame

    # --- life -------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Answer the client's set-up and look for an upstream meanwhile."""
        visit = self._visit
        visit.recorder.session_started()
        self._started = True
        if self._program is None:
            await visit.port.send_json({"setupComplete": {}})
        await visit.notify(notices.welcome(self.id, self.conversation_id, visit.recorder.place.family))
        await visit.notify(notices.connecting())
        if self._over:  # closed from elsewhere meanwhile
            raise ClientGone
        self._link.want()
        self._task = spawn(self._run(), name=f"session-{self.id}")

    async def end(self, code: int, reason: str = "") -> None:
        """Close both sides and finish the record, once. `code` is what the client gets, or has sent."""
        if self._over:
            return
        self._over = True
        visit, transcript, task = self._visit, self._visit.transcript, self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task, spawn(visit.port.close(code, reason), name=f"close-{self.id}")])
        else:
            await visit.port.close(code, reason)
        while (turn := transcript.turn) is not None:
            transcript.close_turn("interrupted" if turn.heard else "failed", visit.now())
        await self._finishing.settle()
        visit.save()
        if self._program is not None:
            self._program.tell(visit, again=False)
            await self._program.settled()
        if self._started:
            visit.recorder.session_ended(*(visit.port.closed or (code, reason)))
        count_frames(self._input, self._relay)

    def end_soon(self, code: int, reason: str) -> None:
        """`end`, from a place that cannot wait."""
        if self._ending is None:
            self._ending = spawn(self.end(code, reason), name=f"end-{self.id}")

    async def ended(self) -> None:
        """Wait for an end that is under way."""
        if self._ending is not None:
            await asyncio.wait([self._ending])

    async def finish(self, within: float) -> None:
        """Answer on record what a client that has left had asked for in writing, for at most `within` seconds.
        Whoever takes the conversation over meanwhile ends this as it ends any session."""
        await self._finishing.wait(within, lambda: self._over or self._ending is not None)

    @property
    def finishing(self) -> bool:
        return self._finishing.begun

    @property
    def busy(self) -> bool:
        """Whether a turn is open, or its end is not told yet."""
        return self._visit.transcript.awaiting or self._relay.ending

    async def warn(self, seconds: float) -> None:
        """Tell the client that this process stops taking its turns within `seconds`."""
        with contextlib.suppress(ClientGone, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._visit.port.send_json({"goAway": {"timeLeft": f"{seconds:g}s"}})

    def _taken_over(self) -> None:
        self.end_soon(CloseCode.TAKEN_OVER, TAKEN_OVER)

    async def _run(self) -> None:
        try:
            await self._link.run()
        except ClientGone:
            return  # the consumer hears of it as well, and ends the session
        except Exception:
            log.exception("session: unexpected error", session=str(self.id))
            self.end_soon(CloseCode.INTERNAL, INTERNAL)

    def tick(self, now: float) -> None:
        """Twice a second: the deadlines, and the second at most that a crash may cost."""
        visit, limits = self._visit, self._limits
        if (since := visit.port.waiting_since) is not None and now - since > limits.slow_client:
            self.end_soon(CloseCode.TOO_SLOW, TOO_SLOW)
            return
        if (kind := visit.silence.broken(now)) is not None:
            self._silent(kind)
        elif self._leave_by is not None and (now >= self._leave_by or self._may_leave(now)):
            self._leave_by = None
            self._link.drop(Failure(RESUME, ErrorKind.SESSION_LIMIT, reason="upstream said goAway"))
        elif not visit.transcript.awaiting and now - self._input.last_frame > limits.idle_upstream:
            self._link.drop()
        elif self._idle():
            self._link.look_up(self._idle)
        visit.save()
        if self._program is not None:
            self._program.tell(visit, again=False)
        if self._span.over(now):
            self.end_soon(CloseCode.LIMIT, f"A session may last at most {limits.longest:g} seconds for you.")
        elif (left := self._span.warning(now)) is not None:
            spawn(self.warn(left), name=f"warn-{self.id}")
        count_frames(self._input, self._relay)

    def _silent(self, kind: ErrorKind) -> None:
        """Upstream said nothing for too long. Of speech that may have been no question, that is a choice of the
        model's and no fault."""
        visit = self._visit
        turn = visit.transcript.turn
        if kind is ErrorKind.NO_OUTPUT and (turn is None or not (turn.typed or turn.begun)):
            visit.transcript.close_turn("no_reply", visit.now())
        elif self._link.current is not None:
            self._link.drop(local_failure(kind))
        elif not self._link.climbing:
            spawn(self._fail(not_answered(kind), NoCandidate(()), kind), name=f"fail-turn-{self.id}")

    # --- upstream (upstream_link.Owner) -----------------------------------------------------------------------

    def history(self) -> Sequence[JsonObject]:
        return history_contents(self._visit.transcript.history())

    async def upstream_opened(self, upstream: Upstream) -> None:
        self._leave_by = None
        self._relay.serve(upstream)
        candidate, before = upstream.candidate, upstream.instead_of
        if before is not None:
            self._last_transport, self._last_reason = self._last_transport or before.candidate.transport, before.reason
        await self._visit.notify(
            notices.served_by(
                candidate, instead_of=self._last_transport, reason=self._last_reason, lost=upstream.setup.lost
            )
        )
        self._last_transport = candidate.transport
        if self._program is not None:
            await self._program.served(self._visit)
        if self._question.may_be_asked:
            await self._question.ask(upstream)

    async def server_frame(self, frame: Frame) -> None:
        await self._relay.relay(frame)

    async def upstream_lost(self, upstream: Upstream, failure: Failure | None) -> bool:
        visit = self._visit
        visit.silence.off()
        visit.serving = None
        self._last_reason = str(failure.kind if failure else ErrorKind.RECOVERED)
        if failure is not None:
            log.warning(
                f"{label(upstream.candidate)} ❌ {upstream.candidate.model.name}: {failure.describe()}",
                kind=str(failure.kind),
                session=str(self.id),
            )
        return await self._lost.wanted_again(upstream, failure)

    async def nobody_serves(self, nothing: NoCandidate) -> None:
        sentence = no_candidate(nothing.tried, configured=bool(self._candidates), given_up=nothing.given_up)
        log.error("nobody serves", session=str(self.id), attempts=len(nothing.tried), sentence=sentence)
        about = main_kind(nothing.tried, configured=bool(self._candidates), given_up=nothing.given_up)
        await self._fail(sentence, nothing, about)

    # --- turns ------------------------------------------------------------------------------------------------

    def _idle(self) -> bool:
        """Between turns, with nobody talking: the time to change upstreams."""
        visit, current = self._visit, self._link.current
        deaf = current is not None and "audio_in" in current.setup.lost
        return not visit.transcript.turns and (deaf or visit.loop.time() - self._input.last_media > QUIET)

    def _may_leave(self, now: float) -> bool:
        return self._relay.is_settled(now) and not self._visit.transcript.turns and not self._input.speaking

    def _turn_ended(self) -> None:
        self._spoken.clear()
        if not self._visit.transcript.turns:
            self._endings.answered()
        self._link.answered()
        if self._program is not None:
            self._program.tell(self._visit)

    def _go_away(self, time_left: float) -> None:
        """Between turns is the time to change; a turn that takes longer than upstream is left is cut off."""
        self._leave_by = self._visit.loop.time() + max(0.0, time_left - LEAVE_EARLY)

    def _handle_offered(self, handle: str) -> None:
        self._link.offer_handle(handle)
        if self._program is not None:
            self._program.offer(self._link.resumable, self._visit)
            if handle:
                self._program.tell(self._visit)

    async def _fail(self, sentence: str, nothing: NoCandidate, about: ErrorKind) -> None:
        """Nobody answers what is open. Who gets no notices is told by the close."""
        visit = self._visit
        await self._endings.fail()
        tried, given_up = nothing.tried, nothing.given_up
        if self._program is not None:
            self.end_soon(*nobody(tried, with_help(sentence, about, self._program.base), given_up=given_up))
        elif not visit.notices:
            self.end_soon(CloseCode.TRY_LATER, sentence)
        retryable = not given_up and bool(self._candidates)
        await visit.notify(notices.error(sentence, tried, about=about, retryable=retryable))
