"""What the open turn asks of upstream, kept until it is answered, so that another upstream can be asked."""

from __future__ import annotations

import contextlib

from live_proxy.edge.generate_request import speech_is_marked
from live_proxy.edge.to_upstream import to_upstream
from live_proxy.errors import Failure
from live_proxy.ladder import Upstream
from live_proxy.protocol.client import KINDS
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.protocol.frames import Frame
from live_proxy.session import notices
from live_proxy.session.spoken import STREAM_END
from live_proxy.session.visit import Visit

MAX_ASKED = 2  # times that one turn is sent


class Question:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._message: JsonObject | list[Frame] | None = None
        self._asked = 0
        self._released = False
        self._forgiven = False
        self._since = 0.0
        self.unfinished = False  # somebody is still saying it

    def put(self, message: JsonObject) -> None:
        """`message` ends the person's input. It is not asked before `release`: it may not be on record yet."""
        self._message, self._asked, self._released, self._forgiven = message, 0, False, False
        self.unfinished = False

    def put_spoken(self, frames: list[Frame], *, ended: bool) -> None:
        """Something said that an upstream had heard and not answered."""
        asked = self._asked if self.open and self.unfinished else 1
        self._message, self._asked, self._released, self._forgiven = frames, asked, True, False
        self._since = self._visit.loop.time()
        self.unfinished = not ended

    def release(self) -> None:
        self._released = True
        self._visit.input_ended_at = self._visit.loop.time()

    def settled(self) -> None:
        self._message = None

    @property
    def open(self) -> bool:
        return self._message is not None

    @property
    def may_be_asked(self) -> bool:
        return self._message is not None and self._released

    @property
    def may_be_asked_again(self) -> bool:
        return self._message is not None and self._asked < MAX_ASKED

    @property
    def age(self) -> float:
        """Seconds since it was first asked."""
        return self._visit.loop.time() - self._since

    def refused(self) -> None:
        """The last try was turned down before it was taken: it does not count."""
        self._asked -= 1

    def forgive(self) -> bool:
        """Do not count the last try, once: an upstream that served before may have been leaving already."""
        forgiven, self._forgiven = not self._forgiven, True
        if forgiven:
            self._asked -= 1
        return forgiven

    async def ask(self, upstream: Upstream) -> None:
        """Send it to `upstream`, whose silence counts from now on."""
        visit = self._visit
        if self.unfinished and not _hears_the_end(upstream, visit):
            self._end_speech()
        message = self._message
        if message is None:
            return
        if not self._asked:
            self._since = visit.loop.time()
        self._asked += 1
        if visit.serving is not None:
            visit.transcript.served_by(visit.serving)
        if (turn := visit.transcript.turn) is not None and turn.model is not None:
            await visit.notify(notices.turn(turn.model))
        if self._message is not message:
            return  # another question took its place while the client was slow to take the notice
        if not self.unfinished:
            visit.silence.input_ended(visit.loop.time())
        if isinstance(message, dict):
            await send_message(upstream, message)
            return
        with contextlib.suppress(Failure):
            for frame in message:
                await upstream.transport.send(frame)

    def _end_speech(self) -> None:
        if isinstance(self._message, list):
            self._message = [*self._message, Frame.of(STREAM_END)]
        self.unfinished = False


def _hears_the_end(upstream: Upstream, visit: Visit) -> bool:
    """Whether it will know when somebody who still speaks has ended: a request answers only what it is told to."""
    return upstream.candidate.transport == "websocket" or speech_is_marked(visit.requested)


async def send_message(upstream: Upstream, message: JsonObject) -> None:
    """Send one control message in the shape that `upstream` takes. That it fails shows on the receiving side,
    which deals with it."""
    kind = next(key for key in KINDS if key in message)
    shaped = to_upstream(kind, message, typed_as_realtime=upstream.setup.typed_as_realtime)
    with contextlib.suppress(Failure):
        for item in shaped:
            await upstream.transport.send(Frame(encode(item).decode(), 0, item))
