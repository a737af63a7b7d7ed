"""The client's socket as a session sees it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from live_proxy import client_port
from live_proxy.client_port import ClientGone, ClientPort


class Peer:
    """An ASGI `send`. `ready` cleared: the client reads nothing."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.ready = asyncio.Event()
        self.ready.set()
        self.turn = asyncio.Lock()
        self.aborted = 0

    async def __call__(self, event: dict[str, Any]) -> None:
        async with self.turn:
            await self.ready.wait()
        if self.error is not None:
            raise self.error
        self.got.append(event)

    def abort(self) -> None:
        self.aborted += 1


async def test_a_message_goes_out_as_it_is() -> None:
    peer = Peer()
    port = ClientPort(peer)
    await port.send("text")
    await port.send(b"\x00binary")
    await port.send_json({"ключ": [1, None]})
    assert peer.got == [
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "bytes": b"\x00binary"},
        {"type": "websocket.send", "text": '{"ключ":[1,null]}'},
    ]
    assert port.waiting_since is None


@pytest.mark.parametrize("error", [OSError(), ConnectionResetError(), RuntimeError("Unexpected ASGI message")])
async def test_a_client_that_is_gone_is_told_apart(error: Exception) -> None:
    peer = Peer()
    peer.error = error
    port = ClientPort(peer)
    with pytest.raises(ClientGone):
        await port.send("a")
    assert port.gone and port.waiting_since is None
    peer.error = None
    with pytest.raises(ClientGone):
        await port.send("b")
    await port.close(1000)
    assert not peer.got and port.closed is None


async def test_a_fault_of_ours_is_not_taken_for_a_client_that_is_gone() -> None:
    peer = Peer()
    peer.error = TypeError("ours")
    port = ClientPort(peer)
    with pytest.raises(TypeError):
        await port.send("a")
    assert not port.gone and port.waiting_since is None


async def test_a_waiting_send_is_seen_from_outside() -> None:
    peer = Peer()
    port = ClientPort(peer)
    peer.ready.clear()
    sending = asyncio.create_task(port.send("a"))
    await asyncio.sleep(0)
    since = port.waiting_since
    assert since is not None
    more = asyncio.create_task(port.send("b"))
    await asyncio.sleep(0)
    assert port.waiting_since == since
    peer.ready.set()
    await asyncio.gather(sending, more)
    assert port.waiting_since is None


async def test_a_send_that_is_cancelled_waits_no_longer() -> None:
    peer = Peer()
    port = ClientPort(peer)
    peer.ready.clear()
    sending = asyncio.create_task(port.send("a"))
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.wait([sending])
    assert port.waiting_since is None and not port.gone


async def test_a_message_that_got_out_is_progress_for_those_behind_it() -> None:
    """Two senders that take turns keep somebody waiting all the time, and the client reads all the same."""
    room = asyncio.Semaphore(0)

    async def takes_one_by_one(event: dict[str, Any]) -> None:
        await room.acquire()

    port = ClientPort(takes_one_by_one)
    first, second = (asyncio.create_task(port.send(text)) for text in "ab")
    await asyncio.sleep(0.05)
    since = port.waiting_since
    assert since is not None
    room.release()
    await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert port.waiting_since is not None and port.waiting_since > since
    room.release()
    await asyncio.wait([first, second])
    assert port.waiting_since is None


async def test_close_says_why_once_and_nothing_follows() -> None:
    peer = Peer()
    port = ClientPort(peer)
    await port.close(4408, "Too slow.")
    await port.close(1000, "again")
    assert peer.got == [{"type": "websocket.close", "code": 4408, "reason": "Too slow."}]
    assert port.closed == (4408, "Too slow.")
    with pytest.raises(ClientGone):
        await port.send("late")


async def test_a_reason_is_cut_to_what_a_close_frame_can_carry() -> None:
    peer = Peer()
    await ClientPort(peer).close(1000, "ö" * 200)
    assert len(peer.got[0]["reason"].encode()) <= 123


async def test_a_client_that_does_not_take_the_close_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_port, "CLOSE_TIMEOUT", 0.05)
    peer = Peer()
    peer.ready.clear()
    port = ClientPort(peer, abort=peer.abort)
    async with asyncio.timeout(5):
        await port.close(4408)
    assert peer.aborted == 1
    without = ClientPort(peer)
    async with asyncio.timeout(5):
        await without.close(4408)


async def test_closing_towards_a_client_that_is_gone_is_quiet() -> None:
    peer = Peer()
    peer.error = OSError()
    port = ClientPort(peer, abort=peer.abort)
    await port.close(1000)
    assert port.gone and not peer.aborted


async def test_a_client_that_left_gets_nothing_more() -> None:
    peer = Peer()
    port = ClientPort(peer)
    assert port.left_with == 1006
    port.left(1001)
    with pytest.raises(ClientGone):
        await port.send("late")
    await port.close(1000)
    assert (port.gone, port.left_with, peer.got) == (True, 1001, [])
