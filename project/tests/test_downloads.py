"""Conversations as files, over real connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.utils import timezone

from live_proxy.views import export_texts
from project.tests.driving import Service

pytestmark = pytest.mark.django_db(transaction=True)
ALL = "/api/export/"


async def browser(service: Service, username: str) -> httpx.AsyncClient:
    cookies = {django_settings.SESSION_COOKIE_NAME: await service.cookie(username)}
    return httpx.AsyncClient(base_url=f"http://{service.address}", cookies=cookies, trust_env=False, timeout=15)


async def test_a_file_that_is_not_whole_does_not_arrive_as_one(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: Any, **more: Any) -> Iterator[Any]:
        yield from ([row] for row in [ROW] * 600)
        raise OperationalError("away")

    socket = await service.talk()
    await socket.ask("hello")
    await service.written()
    monkeypatch.setattr(export_texts, "messages_on_record", failing)
    async with await browser(service, "alice") as client:
        for form in ("json", "markdown"):
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
                await client.get(f"{ALL}?format={form}")


async def test_many_downloads_keep_nobody_waiting(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = [], threading.Event()

    def slow(*args: Any, **more: Any) -> Iterator[Any]:
        begun.append(args)
        go.wait(20)
        yield from ()

    monkeypatch.setattr(export_texts, "messages_on_record", slow)
    names = ("alice", "bob", "charlie")
    for name in names:
        socket = await service.talk(name)
        await socket.ask("hello")
    await service.written()
    clients = [await browser(service, name) for name in names for _ in range(2)]
    try:
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(client.get(ALL)) for client in clients]
            async with asyncio.timeout(5):
                while not begun:
                    await asyncio.sleep(0.01)
                socket = await service.talk("alice")
                await socket.ask("hello")
            go.set()
    finally:
        go.set()
        for client in clients:
            await client.aclose()
    assert sorted(one.result().status_code for one in asking) == [200] * 3 + [429] * 3


ROW = {
    "role": "model", "text": "x" * 1000, "parts": [], "usage": {}, "status": "complete", "transport": "sdk",
    "model": "m", "created_at": timezone.now(),
}  # fmt: skip
