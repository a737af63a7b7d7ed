"""What becomes of open turns when the upstream that had them is gone: cut short, asked of another, or failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from live_proxy.candidates import Tried
from live_proxy.edge.google_words import nobody
from live_proxy.errors import Action, ErrorKind, Failure
from live_proxy.ladder import NoCandidate, Upstream
from live_proxy.sentences import no_candidate, not_answered
from live_proxy.session import notices
from live_proxy.session.endings import Endings, turned_away
from live_proxy.session.question import Question
from live_proxy.session.spoken import Spoken
from live_proxy.session.upstream_link import UpstreamLink
from live_proxy.session.visit import Visit

VOICE_RECENT = 10.0


class LostUpstream:
    """`fail` tells the client that nobody answers; `end_soon` ends the session; `last_media` is when the client last
    sent sound or pictures, `speaking` whether it has said that somebody begins to speak and not yet that they have
    ended. For `patience` seconds a question may still be taken a rung down."""

    def __init__(
        self,
        visit: Visit,
        link: UpstreamLink,
        question: Question,
        endings: Endings,
        spoken: Spoken,
        *,
        is_program: bool,
        patience: float,
        last_media: Callable[[], float],
        speaking: Callable[[], bool],
        fail: Callable[[str, NoCandidate, ErrorKind], Awaitable[None]],
        end_soon: Callable[[int, str], None],
    ) -> None:
        self._visit = visit
        self._link = link
        self._question = question
        self._endings = endings
        self._spoken = spoken
        self._is_program = is_program
        self._patience = patience
        self._last_media = last_media
        self._speaking = speaking
        self._fail = fail
        self._end_soon = end_soon

    async def stop(self) -> None:
        """The client wants no more of the answers that are due. Upstream might go on regardless of a word, and a
        handle might bring it back in the middle of them, so its connection ends here and the next one is fresh."""
        self._question.settled()
        self._spoken.clear()
        if self._link.current is not None and self._visit.transcript.turns:
            self._link.offer_handle("")
            self._link.drop()
            return
        while self._visit.transcript.turns:
            await self._endings.cut_short()

    async def wanted_again(self, upstream: Upstream, failure: Failure | None) -> bool:
        """Whether an upstream is wanted at once. `failure` is None where this side closed."""
        visit, question = self._visit, self._question
        turns = visit.transcript.turns
        if failure is not None:
            self._endings.keep_what_was_said(self._spoken, speaking=self._speaking())
        while turns and (turns[0].heard or len(turns) > 1 or not question.open):
            await self._endings.cut_short()
        if not turns:
            self._endings.answered()
            if self._is_program and failure is not None and failure.kind is ErrorKind.INVALID_ARGUMENT:
                # What the client sent last would be refused again and again.
                self._end_soon(*nobody([Tried(upstream.candidate, failure)], "", given_up=True))
                return False
            return visit.loop.time() - self._last_media() < VOICE_RECENT
        if failure is not None and turned_away(upstream.candidate, failure):
            question.refused()
            self._link.rule_out(upstream.candidate)
            return await self._once_more()
        if failure is not None and failure.verdict.action is Action.GIVE_UP:
            nothing = NoCandidate(self._link.tried, given_up=True)
            sentence = no_candidate(nothing.tried, configured=True, given_up=True)
            await self._fail(sentence, nothing, failure.kind)
            return False
        at_fault = failure is not None and not (self._link.proved and question.forgive())
        if question.may_be_asked_again:
            if at_fault:
                self._link.avoid(upstream.candidate)
            return await self._once_more()
        if question.age < self._patience and self._link.go_below(upstream.candidate):
            return await self._once_more()
        kind = failure.kind if failure else ErrorKind.UNKNOWN
        await self._fail(not_answered(kind), NoCandidate(self._link.tried), kind)
        return False

    async def _once_more(self) -> bool:
        await self._visit.notify(notices.connecting())
        return True
