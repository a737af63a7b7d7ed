"""Slow readers, stuck upstreams, restarts, and what a dead process leaves."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.utils import timezone

from conversations.models import Conversation, Message, Session, TransportAttempt
from conversations.services import sessions_sweep
from live_proxy import runtime
from project.tests.driving import AUDIO, Service

pytestmark = pytest.mark.service


async def test_a_client_that_reads_nothing_is_cut_off(service: Service) -> None:
    service.google.scenario = "flood"
    page = await service.connect()
    raw: socket.socket = page.connection.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    await page.set_up(config=AUDIO)
    for seat in service.runtime.hub._seats:
        assert seat.session is not None
        object.__setattr__(seat.session._limits, "slow_client", 1.0)
    page.connection.transport.pause_reading()
    await page.type("hello")
    await service.google.wait_for(lambda google: google.open_connections == 0, timeout=10)
    async with asyncio.timeout(5):
        while len(service.runtime.hub):
            await asyncio.sleep(0.01)
    await service.written()
    session = await Session.objects.aget()
    assert (session.close_code, session.close_reason) == (4408, "The connection is too slow.")
    assert len(service.runtime.hub) == 0
    page.connection.transport.abort()


async def test_a_goodbye_is_heard_while_upstream_is_stuck(service: Service) -> None:
    page = await service.connect()
    service.google.scenario = "never_setup"
    await page.set_up()
    for _ in range(10):
        await page.send({"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": "AAAA"}}})
    await page.close()
    async with asyncio.timeout(2):
        while len(service.runtime.hub):
            await asyncio.sleep(0.01)


async def test_draining_lets_the_turn_end_and_then_says_1012(service: Service) -> None:
    service.google.chunk_delay = 0.05
    page = await service.talk()
    idle = await service.talk("bob")
    await page.type("hello")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    stopping = asyncio.create_task(service.runtime.stop())
    assert "goAway" in await page.until(lambda message: "goAway" in message)
    late = await service.connect("charlie")
    assert (await late.closed())[0] == 1012
    await page.turn_end()
    assert (await page.closed())[0] == 1012
    assert (await idle.closed())[0] == 1012
    await stopping
    assert (await Message.objects.aget(role="model")).status == "complete"
    assert await Session.objects.filter(ended_at__isnull=True).acount() == 0


async def test_what_a_dead_process_left_is_closed(service: Service) -> None:
    service.google.scenario = "stall"
    page = await service.talk()
    await page.type("long")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    async with asyncio.timeout(5):
        while not await Message.objects.filter(role="model").exclude(text="").aexists():
            await asyncio.sleep(0.05)
    later = timezone.now() + timedelta(minutes=5)
    await sync_to_async(sessions_sweep)(now=later, stale_after=timedelta(seconds=35))
    session = await Session.objects.aget()
    assert (session.close_code, session.close_reason) == (1006, "abandoned")
    assert (await TransportAttempt.objects.aget()).outcome == "abandoned"
    model = await Message.objects.aget(role="model")
    assert model.status == "interrupted"
    assert model.text


async def test_what_was_deleted_is_erased_and_a_fault_in_it_keeps_nothing_else_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await service.talk()
    await page.ask("hello")
    await page.close()
    await Conversation.objects.aupdate(deleted_at=timezone.now() - timedelta(hours=1))
    alice = await get_user_model().objects.aget(username="alice")
    long_ago = timezone.now() - timedelta(hours=1)
    left = await Session.objects.acreate(
        user=alice, client="web", process="elsewhere:1", heartbeat_at=long_ago, started_at=long_ago
    )

    def broken(**_: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(runtime, "erase_piece", broken)
        with pytest.raises(OperationalError):
            await service.runtime._tidy()
        await service.runtime._sweep()
    await left.arefresh_from_db()
    assert left.close_reason == "abandoned"
    await service.runtime._tidy()
    assert not await Conversation.objects.aexists()


async def test_a_database_that_is_away_costs_no_conversation(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await service.talk()
    await page.ask("hello")
    writer = service.runtime.writer
    apply = writer._apply

    def away(records: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(writer, "_apply", away)
    monkeypatch.setattr(writer, "_commit_timeout", 0.2)
    client_id = await page.type("are you there")
    assert await page.notice("not_saved") == client_id
    await page.turn_end()
    monkeypatch.setattr(writer, "_apply", apply)
    await service.written()
    assert await Message.objects.acount() == 4


async def test_an_unexpected_error_ends_with_1011_and_leaves_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await service.talk()
    tasks = len(asyncio.all_tasks())

    def broken(*_: Any) -> Any:
        raise RuntimeError("secret words")

    monkeypatch.setattr("live_proxy.session.client_input.turns_of", broken)
    await page.type("hello")
    code, reason = await page.closed()
    assert code == 1011
    assert "secret" not in reason
    await service.google.wait_for(lambda google: google.open_connections == 0)
    async with asyncio.timeout(2):
        while len(asyncio.all_tasks()) >= tasks:
            await asyncio.sleep(0.01)


async def test_readiness_follows_the_writer_and_the_drain(service: Service) -> None:
    import httpx

    async with httpx.AsyncClient(base_url=f"http://{service.address}", trust_env=False) as client:
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        assert (await client.get("/health/ready")).status_code == 200
        page = await service.talk()
        await page.ask("hello")
        numbers = (await client.get("/metrics")).text
        assert 'live_attempts_total{kind="connected",platform="vertex",transport="websocket"}' in numbers
        assert 'live_sessions{client="web"} ' in numbers
        service.runtime.writer.failing = True
        response = await client.get("/health/ready")
        assert (response.status_code, response.json()["checks"]["writer"]) == (503, "failing")
        service.runtime.writer.failing = False
