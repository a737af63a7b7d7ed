"""The HTTP tiers as a transport: a request for every turn, and everything of the dialogue in each of them.

What is common to the SDK's streaming and to plain REST: the contract, the turns, the second chances. How a request
travels is each transport's own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import structlog

from live_proxy.candidates import Candidate
from live_proxy.catalogue import StandardModel
from live_proxy.credentials import Token
from live_proxy.edge.dialogue import Dialogue
from live_proxy.edge.generate_answer import Answer
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.errors import Action, ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.protocol.frames import Frame
from live_proxy.tasks import spawn
from live_proxy.transports.base import Capabilities
from live_proxy.transports.tier import Tier
from live_proxy.verdicts import error_body_failure, local_failure

log = structlog.get_logger(__name__)

MAX_QUEUE = 32
CHUNK_TIMEOUT = 60.0  # the session's watches are shorter; this one is for nobody watching
SEND_TIMEOUT = 10.0
CLOSE_TIMEOUT = 0.8
PROBE: JsonObject = {"contents": [{"role": "user", "parts": [{"text": "."}]}]}
# A probe refused for these says nothing against asking: gateways need not know it, and its quota is its own.
PROBE_MAY_FAIL = (ErrorKind.ENDPOINT_NOT_FOUND, ErrorKind.HANDSHAKE, ErrorKind.INVALID_ARGUMENT, ErrorKind.QUOTA)


class GenerateTransport:
    """`tier_class` is how requests travel; the rest is the same on every tier. `open` proves host, credential and
    model by a `countTokens`; content starts with `send`."""

    tier_class: ClassVar[type[Tier]]
    capabilities = Capabilities(audio_in=False, audio_out=False, video_in=False, interruption=True, resumption=False)

    def __init__(self, candidate: Candidate, *, setup_timeout: float, **shared: Any) -> None:
        assert isinstance(candidate.model, StandardModel)
        self._tier = self.tier_class(candidate, **shared)
        self._hears = candidate.model.audio_in
        self._setup_timeout = setup_timeout
        self._out: asyncio.Queue[Frame | Failure | None] = asyncio.Queue(MAX_QUEUE)
        self._dialogue: Dialogue | None = None
        self._token: Token | None = None
        self._answer: Answer | None = None
        self._answering: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._ended: Failure | None = local_failure(ErrorKind.CONNECT, "not open")

    # --- the contract -----------------------------------------------------------------------------------------

    async def open(self, setup: UpstreamSetup, history: Sequence[JsonObject], deadline: float) -> None:
        phase = ErrorKind.CREDENTIALS  # a slow token is not the host's fault
        try:
            async with asyncio.timeout_at(deadline):
                self._token = await self._tier.token()
                phase = ErrorKind.CONNECT_TIMEOUT
                await self._tier.connect()
                await self._probe()
        except TimeoutError:
            await self.close()
            raise local_failure(phase, f"not within {self._setup_timeout:.0f} s") from None
        except (Failure, asyncio.CancelledError):
            await self.close()
            raise
        self._dialogue = Dialogue(dict(setup.request), list(history), hears=self._hears)
        self._ended = None

    async def send(self, frame: Frame) -> None:
        if self._ended is not None:
            raise _again(self._ended)
        assert self._dialogue is not None
        try:
            async with asyncio.timeout(SEND_TIMEOUT), self._sending:
                step = self._dialogue.take(frame.message)
                if step.cuts:
                    await self._cut()
                if step.cancelled:
                    await self._say({"toolCallCancellation": {"ids": list(step.cancelled)}})
                if step.asks:
                    self._answering = spawn(self._answer_turn(self._dialogue), name=f"{self._tier.name}-answer")
        except TimeoutError:
            raise local_failure(ErrorKind.SEND_TIMEOUT, f"nobody took the answer for {SEND_TIMEOUT:.0f} s") from None

    async def receive(self) -> AsyncIterator[Frame]:
        if self._dialogue is None:
            raise local_failure(ErrorKind.CONNECT, "not open")
        while (item := await self._out.get()) is not None:
            if isinstance(item, Failure):
                raise item
            yield item

    async def close(self, code: int = 1000) -> None:
        if self._ended is None or self._dialogue is None:
            self._ended = local_failure(ErrorKind.CONNECT, "closed by this side")
        await self._stop_answering()
        while not self._out.empty():
            self._out.get_nowait()
        self._out.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._tier.disconnect()

    # --- the probe ---------------------------------------------------------------------------------------------------

    async def _probe(self) -> None:
        try:
            await self._with_renewal()
        except Failure as failure:
            if failure.http_status is None or failure.kind not in PROBE_MAY_FAIL:
                raise
            log.info(
                "the probe was refused; requests may still be taken", status=failure.http_status, model=self._tier.model
            )

    async def _with_renewal(self) -> None:
        try:
            await self._tier.count_tokens(PROBE, self._token)
        except Failure as failure:
            if failure.verdict.action is not Action.REAUTH or self._token is None:
                raise
            self._token = await self._tier.token(refused=self._token.value)
            await self._tier.count_tokens(PROBE, self._token)

    # --- turns ------------------------------------------------------------------------------------------------

    async def _answer_turn(self, dialogue: Dialogue) -> None:
        try:
            self._token = await self._tier.token()
            answer = await self._relay(dialogue.body())
            self._answer = None
            dialogue.answered(answer.parts, answer.calls)
            for message in answer.end():
                await self._say(message)
        except Failure as failure:
            self._ended = failure
            await self._out.put(failure)
        except Exception as error:
            # A fault of ours must cost this candidate, not the conversation.
            log.exception("transport: unexpected error", transport=self._tier.name)
            self._ended = local_failure(ErrorKind.BAD_MESSAGE, type(error).__name__)
            await self._out.put(self._ended)

    async def _relay(self, body: JsonObject) -> Answer:
        """Stream one answer. What a first refusal allows is mended once: a token renewed, a setting left out."""
        try:
            return await self._relay_once(body)
        except Failure as failure:
            action = failure.verdict.action
            if failure.http_status is None or (self._answer and self._answer.parts):
                raise
            if action is Action.REAUTH and self._token is not None:
                self._token = await self._tier.token(refused=self._token.value)
            elif action is Action.ADAPT and "thinkingConfig" in body.get("generationConfig", {}):
                config = {key: value for key, value in body["generationConfig"].items() if key != "thinkingConfig"}
                body = body | {"generationConfig": config}
            else:
                raise
        return await self._relay_once(body)

    async def _relay_once(self, body: JsonObject) -> Answer:
        self._answer = answer = Answer(new_id=lambda: f"function-call-{uuid4().int % 10**19}")
        async with contextlib.aclosing(self._tier.stream(body, self._token)) as chunks:
            while (chunk := await next_chunk(chunks)) is not None:
                if "candidates" not in chunk and (failure := error_body_failure(chunk, set_up=False)):
                    raise failure
                for message in answer.chunk(chunk):
                    await self._say(message)
        if not answer.finished:
            raise local_failure(ErrorKind.NETWORK, "the answer broke off")
        return answer

    async def _cut(self) -> None:
        """End the answer that is under way, as Live does when new input comes."""
        if self._answering is None or self._answering.done():
            return
        await self._stop_answering()
        answer, self._answer = self._answer, None
        if answer is not None:
            assert self._dialogue is not None
            words = [part for part in answer.parts if "functionCall" not in part]
            at = len(self._dialogue.contents) - 1  # the new input stands last, the answer it cuts off before it
            if words and at > 0:
                self._dialogue.contents.insert(at, {"role": "model", "parts": words})
        for message in (answer or Answer(new_id=str)).interruption():
            await self._say(message)

    async def _stop_answering(self) -> None:
        if (task := self._answering) is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task], timeout=CLOSE_TIMEOUT)

    async def _say(self, message: JsonObject) -> None:
        await self._out.put(Frame(encode(message), 0, message))


async def next_chunk(chunks: AsyncGenerator[JsonObject]) -> JsonObject | None:
    try:
        async with asyncio.timeout(CHUNK_TIMEOUT):
            return await anext(chunks, None)
    except TimeoutError:
        raise local_failure(ErrorKind.STALL, f"nothing for {CHUNK_TIMEOUT:.0f} s") from None


def _again(failure: Failure) -> Failure:
    """The same failure anew: one that is kept would keep the frames of all who ever raised it."""
    return Failure(failure.verdict, failure.kind, reason=failure.reason, http_status=failure.http_status)
