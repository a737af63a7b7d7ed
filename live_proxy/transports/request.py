"""One request of a program, sent as it is to one standard model. Open once upstream has begun to answer: what it
refuses or leaves unsaid until then, the next candidate may still answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Literal

from live_proxy.credentials import Token
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.errors import Action, ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.protocol.frames import Frame
from live_proxy.transports.base import Capabilities
from live_proxy.transports.tier import Tier
from live_proxy.verdicts import error_body_failure, local_failure

Method = Literal["generateContent", "streamGenerateContent", "countTokens"]
CLOSE_TIMEOUT = 0.8


class RequestTransport:
    capabilities = Capabilities(audio_in=True, audio_out=True, video_in=True, interruption=False, resumption=False)

    def __init__(self, tier: Tier, method: Method, *, stall: float) -> None:
        self._tier = tier
        self._method = method
        self._stall = stall
        self._first: JsonObject | None = None
        self._rest: AsyncGenerator[JsonObject] | None = None

    async def open(self, setup: UpstreamSetup, history: Sequence[JsonObject], deadline: float) -> None:
        phase = ErrorKind.CREDENTIALS
        try:
            async with asyncio.timeout_at(deadline):
                token = await self._tier.token()
                phase = ErrorKind.NO_OUTPUT
                await self._tier.connect()
                try:
                    await self._ask(setup.request, token)
                except Failure as failure:
                    if failure.verdict.action is not Action.REAUTH or token is None:
                        raise
                    await self._ask(setup.request, await self._tier.token(refused=token.value))
        except TimeoutError:
            await self.close()
            raise local_failure(phase, "not within the time of one attempt") from None
        except (Failure, asyncio.CancelledError):
            await self.close()
            raise

    async def _ask(self, body: JsonObject, token: Token | None) -> None:
        match self._method:
            case "countTokens":
                self._first = await self._tier.count_tokens(body, token)
            case "generateContent":
                self._first = await self._tier.generate(body, token)
            case "streamGenerateContent":
                self._rest = self._tier.stream(body, token)
                self._first = _checked(await anext(self._rest, None))
        if self._first is None:
            raise local_failure(ErrorKind.EMPTY_TURN, "an answer without a chunk")

    async def send(self, frame: Frame) -> None:
        raise local_failure(ErrorKind.CONNECT, "a request takes no more")

    async def receive(self) -> AsyncIterator[Frame]:
        """The chunks. Raises `Failure` where they stop coming."""
        chunk = self._first
        while chunk is not None:
            yield Frame(encode(chunk), 0, chunk)
            chunk = None
            if self._rest is not None:
                try:
                    async with asyncio.timeout(self._stall):
                        chunk = _checked(await anext(self._rest, None))
                except TimeoutError:
                    raise local_failure(ErrorKind.STALL, f"nothing for {self._stall:g} s") from None

    async def close(self, code: int = 1000) -> None:
        rest, self._rest = self._rest, None
        with contextlib.suppress(TimeoutError, RuntimeError, Failure):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if rest is not None:
                    await rest.aclose()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._tier.disconnect()


def _checked(chunk: JsonObject | None) -> JsonObject | None:
    """An error may stand where a chunk should."""
    if chunk is not None and "candidates" not in chunk and (failure := error_body_failure(chunk, set_up=False)):
        raise failure
    return chunk
