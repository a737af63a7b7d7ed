"""A new upstream knows all that was said before it, whenever that was."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from live_proxy.session import upstream_link
from live_proxy.session.visit import Visit
from live_proxy.transports.generate import GenerateTransport
from live_proxy.transports.sdk import load_sdk
from live_proxy.transports.websocket import WebSocketTransport
from project.tests.driving import PageSocket, Service
from simulator import Simulator

pytestmark = pytest.mark.service
PASSWORD = "The password is swordfish."


class Gate:
    """Dials to Live models wait in front of it once it is shut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        dial = WebSocketTransport.open

        async def held(transport: WebSocketTransport, *arguments: Any) -> None:
            if not self.open.is_set():
                self.waiting.set()
            await self.open.wait()
            await dial(transport, *arguments)

        monkeypatch.setattr(WebSocketTransport, "open", held)


@pytest.fixture
async def google(google: Simulator, settings: Any) -> Simulator:
    await asyncio.to_thread(load_sdk)  # two seconds that no deadline of a test should bear
    settings.LIVE_TRANSPORTS = ["websocket", "sdk"]
    return google


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


async def give(page: PageSocket, text: str) -> None:
    """Something that asks for no answer."""
    turns = [{"role": "user", "parts": [{"text": text}]}]
    await page.send({"clientContent": {"turns": turns, "turnComplete": False}})


async def given(service: Service) -> None:
    """Wait until what was given is taken."""
    (seat,) = service.runtime.hub._seats
    async with asyncio.timeout(5):
        while seat.session is None or PASSWORD not in [past.text for past in seat.session._visit.transcript.past]:
            await asyncio.sleep(0.01)


def told(service: Service) -> list[str]:
    """The frames of the newest upstream that say something."""
    return [text for frame in service.google.connections[-1].frames if "clientContent" in (text := str(frame))]


async def test_what_is_given_during_a_climb(service: Service, gate: Gate) -> None:
    gate.open.clear()
    page = await service.connect()
    await page.set_up()
    async with asyncio.timeout(5):
        await gate.waiting.wait()
    await give(page, PASSWORD)
    await given(service)
    gate.open.set()
    await page.ask("What is the password?")
    assert [PASSWORD in frame for frame in told(service)] == [True, False]


async def test_what_is_given_while_an_upstream_is_introduced(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is open and has its history, and a slow client is still told of it."""
    introduced, go_on, notify = asyncio.Event(), asyncio.Event(), Visit.notify

    async def slowly(visit: Visit, notice: Any) -> None:
        if "transport" in notice["proxy"]:
            introduced.set()
            await go_on.wait()
        await notify(visit, notice)

    monkeypatch.setattr(Visit, "notify", slowly)
    page = await service.connect()
    await page.set_up()
    async with asyncio.timeout(5):
        await introduced.wait()
    await give(page, PASSWORD)
    await given(service)
    go_on.set()
    await page.ask("What is the password?")
    assert [PASSWORD in frame for frame in told(service)] == [True, False]


async def test_what_is_given_while_a_better_one_takes_over(
    service: Service, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The better one is open already, and the one before it is still being closed."""
    monkeypatch.setattr(upstream_link, "LOOK_AGAIN", 0.1)
    closing, go_on, close = asyncio.Event(), asyncio.Event(), GenerateTransport.close

    async def slowly(transport: GenerateTransport, code: int = 1000) -> None:
        closing.set()
        await go_on.wait()
        await close(transport, code)

    monkeypatch.setattr(GenerateTransport, "close", slowly)
    service.google.scenario = "no_live_access"
    page = await service.talk()
    await page.ask("hello")
    service.google.scenario = "normal"
    await service.runtime.breaker.reset(None)
    async with asyncio.timeout(10):
        await closing.wait()
    await give(page, PASSWORD)
    await given(service)
    go_on.set()
    await page.ask("What is the password?")
    assert [PASSWORD in frame for frame in told(service)] == [False, True, False]


async def test_what_is_given_while_nobody_serves(service: Service) -> None:
    """The session that upstream would resume knows nothing of it."""
    page = await service.talk()
    await page.ask("hello")
    (seat,) = service.runtime.hub._seats
    assert seat.session is not None
    link = seat.session._link
    async with asyncio.timeout(5):
        while link.resumable is None:
            await asyncio.sleep(0.01)
    link.drop()
    await service.google.wait_for(lambda google: google.open_connections == 0)
    await give(page, PASSWORD)
    await page.ask("What is the password?")
    first, *_ = told(service)
    assert PASSWORD in first and "hello" in first
    assert len(service.google.connections) == 2


async def test_what_is_said_while_a_better_one_is_looked_for(
    service: Service, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_link, "LOOK_AGAIN", 0.1)
    service.google.scenario = "no_live_access"
    page = await service.talk()
    await page.ask("hello")
    service.google.scenario = "normal"
    gate.open.clear()
    await service.runtime.breaker.reset(None)
    async with asyncio.timeout(10):
        await gate.waiting.wait()
    await page.ask("my name is Bo")
    gate.open.set()
    await page.until(lambda message: message.get("proxy", {}).get("transport") == "websocket")
    assert "my name is Bo" in told(service)[0]
