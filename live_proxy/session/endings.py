"""How a turn ends that upstream did not end: cut short, failed, or kept as a question for the next upstream."""

from __future__ import annotations

from live_proxy.candidates import Candidate
from live_proxy.errors import ErrorKind, Failure
from live_proxy.session.answer_relay import AnswerRelay
from live_proxy.session.asked_before import AskedBefore
from live_proxy.session.question import Question
from live_proxy.session.spoken import Spoken
from live_proxy.session.visit import Visit

NOT_CONNECTED = (ErrorKind.DNS, ErrorKind.TLS, ErrorKind.CONNECT, ErrorKind.CONNECT_TIMEOUT)


class Endings:
    def __init__(self, visit: Visit, question: Question, relay: AnswerRelay, asked_before: AskedBefore) -> None:
        self._visit = visit
        self._question = question
        self._relay = relay
        self._asked_before = asked_before

    def answered(self) -> None:
        """Nothing is asked any more."""
        self._question.settled()
        self._asked_before.settle(answered=True)

    async def cut_short(self) -> None:
        """What was heard of an answer stays; it is never given twice."""
        visit = self._visit
        question = visit.transcript.turn.user if visit.transcript.turn else None
        draft = visit.transcript.close_turn("interrupted", visit.now())
        await self._relay.settle(draft, question)
        await visit.port.send_json({"serverContent": {"interrupted": True}})
        await visit.port.send_json({"serverContent": {"turnComplete": True}})

    async def fail(self) -> None:
        """Every turn that is open now has no answer; one that is asked while they are written down is not meant."""
        transcript, now = self._visit.transcript, self._visit.now()
        self._question.settled()
        self._asked_before.settle(answered=False)
        for draft in [transcript.close_turn("failed", now) for _ in range(len(transcript.turns))]:
            await self._relay.settle(draft)

    def keep_what_was_said(self, spoken: Spoken, *, speaking: bool) -> None:
        """Speech that upstream took and did not answer is a question like a typed one, if it was one at all."""
        transcript = self._visit.transcript
        if spoken and speaking:
            transcript.spoken_to()
        turns = transcript.turns
        if not spoken or len(turns) != 1 or (self._question.open and not self._question.unfinished):
            return
        turn = turns[0]
        answered = turn.begun or turn.ended_input
        said = speaking or answered or self._question.open or (turn.user is not None and bool(turn.user.text))
        if said and not turn.heard and not turn.typed:
            transcript.heard_anew()
            ended = not speaking and (answered or not spoken.goes_on(self._visit.loop.time()))
            self._question.put_spoken(spoken.frames(ended=ended), ended=ended)


def turned_away(candidate: Candidate, failure: Failure) -> bool:
    """Whether a transport that asks by request was refused before its question was taken."""
    return candidate.transport != "websocket" and (failure.http_status is not None or failure.kind in NOT_CONNECTED)
