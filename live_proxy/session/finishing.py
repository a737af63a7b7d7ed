"""An answer that is finished for the record, since the client that asked for it has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from live_proxy.session.answer_relay import AnswerRelay
from live_proxy.session.question import Question
from live_proxy.session.visit import Visit

log = structlog.get_logger(__name__)

POLL = 0.1


class Finishing:
    def __init__(self, visit: Visit, question: Question, relay: AnswerRelay) -> None:
        self._visit = visit
        self._question = question
        self._relay = relay
        self.begun = False

    @property
    def _owed(self) -> bool:
        """Something typed that upstream answers, or will be asked. Nobody is left to hear what answers speech."""
        typed = [turn for turn in self._visit.transcript.turns if turn.typed and not turn.interrupted]
        return self._relay.ending or any(turn.begun or self._question.may_be_asked for turn in typed)

    async def wait(self, within: float, over: Callable[[], bool]) -> None:
        """Returns when the answer is given, after `within` seconds, or once the session is `over`."""
        self.begun = self._owed
        if self.begun:
            session = str(self._visit.recorder.session_id)
            log.info("the client left; its answer is finished for the record", session=session)
        for _ in range(round(within / POLL)):
            if over() or not self._owed:
                return
            await asyncio.sleep(POLL)

    async def settle(self) -> None:
        """Have what was said on record before the session ends: whoever takes over reads it at once."""
        if self.begun:
            await self._visit.recorder.durable(self._visit.transcript.take_dirty())
