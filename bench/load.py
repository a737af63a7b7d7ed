"""Callers: each sends frames of sound and takes one answer for each. Times are in seconds."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from time import perf_counter

from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from bench.wire import UP, Frames, masked

FRAME = masked(UP)
LONG = 400


class Caller(asyncio.Protocol):
    """One connection. `windowed`: an answer is followed by the next frame at once."""

    def __init__(self, url: str, headers: Mapping[str, str], setup: bytes) -> None:
        self._shake = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol("live-proxy.v1")])
        self._headers = headers
        self._setup = setup
        self._frames = Frames()
        self._sent: deque[float] = deque()
        self._opened = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.windowed = False
        self.answers = 0
        self.times: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        request = self._shake.connect()
        request.headers.update(self._headers)
        self._shake.send_request(request)
        self.transport.write(b"".join(self._shake.data_to_send()))

    def data_received(self, data: bytes) -> None:
        if not self._opened:
            self._shake.receive_data(data)
            response = self._shake.events_received()[0]
            assert isinstance(response, Response)
            if self._shake.handshake_exc is not None:
                self.ready.set_exception(self._shake.handshake_exc)
                return
            self._opened = True
            self.transport.write(masked(self._setup))
            data = bytes(self._shake.reader.buffer)
        for opcode, payload in self._frames.feed(data):
            if opcode == 8 and not self.ready.done():
                self.ready.set_exception(ConnectionError(payload[2:].decode()))
            elif len(payload) > LONG and self._sent:
                self.answers += 1
                if self.answers == 1:
                    self.answered.set_result(None)
                self.times.append(perf_counter() - self._sent.popleft())
                if self.windowed:
                    self.send()
            elif b"setupComplete" in payload and not self.ready.done():
                self.ready.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before the set-up was complete"))

    def send(self) -> None:
        self._sent.append(perf_counter())
        self.transport.write(FRAME)


async def connected(count: int, url: str, headers: Mapping[str, str], setup: bytes) -> list[Caller]:
    """Callers that are set up and have had their first answer."""
    loop = asyncio.get_running_loop()
    uri = parse_uri(url)
    callers = []
    for _ in range(count):
        _, caller = await loop.create_connection(lambda: Caller(url, headers, setup), uri.host, uri.port)
        callers.append(caller)
    async with asyncio.timeout(20):
        await asyncio.gather(*(caller.ready for caller in callers))
        for caller in callers:
            caller.send()
        await asyncio.gather(*(caller.answered for caller in callers))
    return callers


async def paced(callers: list[Caller], rate: float, seconds: float) -> None:
    """Each caller sends `rate` frames a second, the callers evenly apart."""
    step = 1 / rate / len(callers)
    begin = perf_counter()
    number = 0
    while (now := perf_counter()) < begin + seconds:
        while begin + number * step <= now:
            callers[number % len(callers)].send()
            number += 1
        await asyncio.sleep(max(0.0, begin + number * step - perf_counter()))


async def saturating(callers: list[Caller], seconds: float) -> None:
    """Each caller has one frame under way all the time."""
    for caller in callers:
        caller.windowed = True
        caller.send()
    await asyncio.sleep(seconds)
    for caller in callers:
        caller.windowed = False


def answers(callers: list[Caller]) -> int:
    return sum(caller.answers for caller in callers)


def times(callers: list[Caller]) -> list[float]:
    """Round trips so far, in order; they are forgotten."""
    taken = sorted(time for caller in callers for time in caller.times)
    for caller in callers:
        caller.times.clear()
    return taken


async def leave(callers: list[Caller]) -> None:
    for caller in callers:
        caller.transport.abort()
    await asyncio.sleep(0.3)
