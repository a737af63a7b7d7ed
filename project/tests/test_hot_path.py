"""A sound frame meets no thread, no database and no channel layer; nobody's slow query stalls another's voice."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from channels.layers import get_channel_layer
from django.db.backends.utils import CursorWrapper

from conversations import services
from live_proxy import opening
from project.tests.driving import AUDIO, PageSocket, Service

pytestmark = pytest.mark.service

SOUND = base64.b64encode(bytes(1280)).decode()
FRAME = json.dumps({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": SOUND}}})


class Meetings(list[str]):
    """What was met while `watching`."""

    watching = False

    def met(self, what: str) -> None:
        if self.watching:
            self.append(what)


@pytest.fixture
async def meetings(service: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Meetings]:
    """Watches every way to a thread, the database and the channel layer. The periodic duties are stopped: they are
    not on a frame's path."""
    for task in service.runtime._tasks:
        task.cancel()
    meetings = Meetings()
    loop = asyncio.get_running_loop()

    def watch(owner: Any, name: str, what: str) -> None:
        original = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            meetings.met(what)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)

    watch(loop, "run_in_executor", "thread pool")
    watch(SyncToAsync, "__call__", "sync_to_async")
    watch(CursorWrapper, "execute", "database")
    layer = get_channel_layer()
    for name in ("send", "group_send", "receive"):
        watch(layer, name, "channel layer")
    yield meetings
    meetings.watching = False


async def test_a_frame_of_the_client_meets_nothing(service: Service, meetings: Meetings) -> None:
    page = await service.connect()
    await page.set_up(config=AUDIO, realtimeInputConfig={"automaticActivityDetection": {"disabled": True}})
    await page.send({"realtimeInput": {"activityStart": {}}})
    await page.connection.send(FRAME)
    await service.google.wait_for(lambda google: any(c.audio_frames == 1 for c in google.connections))
    await service.written()
    meetings.watching = True
    for _ in range(200):
        await page.connection.send(FRAME)
    upstream = service.google.connections[-1]
    while upstream.audio_frames < 201:
        await asyncio.sleep(0.005)
    meetings.watching = False
    assert meetings == []


async def test_a_frame_of_the_model_meets_nothing(service: Service, meetings: Meetings) -> None:
    service.google.chunk_delay = 0.005
    page = await service.connect()
    await page.set_up(config=AUDIO)
    await page.type("long")
    sounds = 0
    while sounds < 25:
        frame = await page.connection.recv()
        if b"inlineData" in (frame if isinstance(frame, bytes) else frame.encode()):
            sounds += 1
            meetings.watching = True
    meetings.watching = False
    assert meetings == []


async def test_media_is_forwarded_byte_for_byte(service: Service) -> None:
    odd = '{ "realtime_input" : {"audio":{"data":"' + SOUND + '", "mime_type":"audio/pcm"} } }'
    seen: list[str | bytes] = []
    from live_proxy.transports.websocket import WebSocketTransport

    original = WebSocketTransport.send

    async def send(self: WebSocketTransport, frame: Any) -> None:
        seen.append(frame.data)
        await original(self, frame)

    page = await service.connect()
    await page.set_up(config=AUDIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WebSocketTransport, "send", send)
        await page.connection.send(odd)
        await service.google.wait_for(lambda google: any(c.audio_frames == 1 for c in google.connections))
    assert seen == [odd]


async def test_a_slow_query_of_one_session_stalls_no_other(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bob's conversation takes three seconds to open. What Alice's turns take on average may not grow by 50 ms."""
    bob = await service.connect("bob")
    welcome = await bob.set_up()
    await bob.ask("hello")
    await bob.close()
    alice = await service.talk("alice")
    claim = services.conversation_claim
    slow = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(**arguments: Any) -> Any:
        loop.call_soon_threadsafe(slow.set)
        time.sleep(3)
        return claim(**arguments)

    before = [await _turn(alice) for _ in range(15)]
    monkeypatch.setattr(opening, "conversation_claim", slowly)
    again = asyncio.create_task(_open_again(service, welcome["conversation"]))
    await slow.wait()
    end = time.monotonic() + 2.5
    during = []
    while time.monotonic() < end:
        during.append(await _turn(alice))
    await again
    assert sorted(during)[len(during) // 2] - sorted(before)[len(before) // 2] < 0.05
    assert len(during) > 5


async def _turn(page: PageSocket) -> float:
    started = time.monotonic()
    await page.ask("hi")
    return time.monotonic() - started


async def _open_again(service: Service, conversation: str) -> None:
    page = await service.connect("bob", conversation=conversation)
    await page.set_up()
