"""The page's socket: who may open it, its first message, and a receive loop in which a sound frame meets nothing
but the session.

Channels' own loop hops to one shared thread before every message and handles messages one at a time, the
disconnect included; this one does neither.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID, uuid4

import structlog
from channels.consumer import AsyncConsumer
from django.db import DatabaseError, InterfaceError

from conversations.selectors import conversation_of
from live_proxy.browser_auth import login_of, session_key, user_of_session
from live_proxy.client_port import ClientGone, ClientPort
from live_proxy.close_codes import INTERNAL, NO_CONVERSATION, RESTARTING, SIGNED_OUT, CloseCode
from live_proxy.config import host_allowed, trusted_origins
from live_proxy.errors import ClientFault
from live_proxy.hub import Full, Seat
from live_proxy.opening import Opened, open_session, read_setup
from live_proxy.origin import origin_allowed
from live_proxy.runtime import Runtime, current_runtime
from live_proxy.session import Session
from live_proxy.tasks import spawn

log = structlog.get_logger(__name__)

SUBPROTOCOL = "live-proxy.v1"
SETUP_TIMEOUT = 30.0
HELD_FRAMES = 64
HELD_BYTES = 1024 * 1024

Receive = Callable[[], Coroutine[Any, Any, dict[str, Any]]]
Data = str | bytes


class LiveConsumer(AsyncConsumer):
    """`/ws/live/` and `/ws/live/<conversation uuid>/`."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        self.scope = scope
        await receive()  # websocket.connect
        if not _page_may_connect(scope):
            await send({"type": "websocket.close", "code": int(CloseCode.NOT_ALLOWED)})  # before accept: HTTP 403
            return
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", []) else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        port = ClientPort(send, abort=scope.get("extensions", {}).get("live_proxy.abort"))
        runtime = current_runtime()
        seat: Seat | None = None
        try:
            seat = await self._seat(runtime, port)
            await self._serve(runtime, port, seat, receive, notices=subprotocol is not None)
        except ClientFault as fault:
            await self._end(seat, port, fault.code, fault.sentence)
        except ClientGone:
            await self._end(seat, port, port.left_with, "")
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            log.error("socket: no database", error=type(error).__name__)
            await self._end(seat, port, CloseCode.TRY_LATER, "The service cannot reach its database; try again.")
        except asyncio.CancelledError:
            await self._end(seat, port, CloseCode.RESTARTING, RESTARTING)
            raise
        except Exception:
            # uvicorn would drop the connection without a close frame.
            error_id = uuid4().hex[:8]
            log.exception("socket: unexpected error", error_id=error_id)
            await self._end(seat, port, CloseCode.INTERNAL, f"{INTERNAL} (error {error_id})")
        finally:
            if seat is not None:
                runtime.hub.leave(seat)

    async def _end(self, seat: Seat | None, port: ClientPort, code: int, reason: str) -> None:
        if seat is not None and seat.session is not None:
            await seat.session.ended()
            await seat.session.end(code, reason)
        await port.close(code, reason)

    # --- who ---------------------------------------------------------------------------------------------------

    async def _seat(self, runtime: Runtime, port: ClientPort) -> Seat:
        """Raises `ClientFault` where the person or the service may not have another socket."""
        if runtime.hub.draining:
            raise ClientFault(CloseCode.RESTARTING, RESTARTING)
        key = session_key(self.scope["headers"])
        user = await runtime.database.run(user_of_session, key)
        if user is None:
            raise ClientFault(CloseCode.SIGNED_OUT, SIGNED_OUT)
        user_id: int = user.pk

        def close(code: int, reason: str) -> None:
            if seat.session is not None:
                seat.session.end_soon(code, reason)
            else:
                spawn(port.close(code, reason), name="close-before-setup")

        def valid() -> bool:
            holder = user_of_session(key)
            return holder is not None and holder.pk == user_id

        seat = Seat(user_id, "web", valid, close, login_of(key))
        try:
            runtime.hub.take(seat)
        except Full as full:
            raise ClientFault(CloseCode.LIMIT, str(full)) from None
        return seat

    # --- the conversation --------------------------------------------------------------------------------------

    async def _serve(self, runtime: Runtime, port: ClientPort, seat: Seat, receive: Receive, *, notices: bool) -> None:
        conversation: UUID | None = self.scope["url_route"]["kwargs"].get("conversation_id")
        if conversation is not None:
            # An unknown or foreign conversation is refused before anything is said.
            await self._must_own(runtime, seat.user_id, conversation)
        try:
            async with asyncio.timeout(SETUP_TIMEOUT):
                setup = read_setup(_data(await receive(), port), runtime.config.families)
        except TimeoutError:
            raise ClientFault(CloseCode.BAD_MESSAGE, "No setup message came.") from None
        opened: Opened = await open_session(
            runtime,
            port,
            user_id=seat.user_id,
            client=seat.client,
            setup=setup,
            conversation=conversation,
            notices=notices,
        )
        seat.session = session = opened.session
        if opened.previous is not None:
            spawn(runtime.tell_session_lost(opened.previous), name="take-over")
        await session.start()
        await _Pump(session, port, receive).run()

    @staticmethod
    async def _must_own(runtime: Runtime, user_id: int, conversation: UUID) -> None:
        if await runtime.database.run(conversation_of, conversation_id=conversation, user_id=user_id) is None:
            raise ClientFault(CloseCode.NO_CONVERSATION, NO_CONVERSATION)


class _Pump:
    """The receive loop of one socket.

    A frame is handled at once, in this task, when the session can take it without waiting: the usual case. Where
    it has to wait, a few more frames are read meanwhile, so that a goodbye is heard while upstream is stuck.
    """

    def __init__(self, session: Session, port: ClientPort, receive: Receive) -> None:
        self._session = session
        self._port = port
        self._receive = receive
        self._held: deque[Data] = deque()
        self._held_bytes = 0

    async def run(self) -> None:
        """Raises `ClientGone` when the client leaves, `ClientFault` when it breaks the rules."""
        loop, receive, take = asyncio.get_running_loop(), self._receive, self._session.client_frame
        while True:
            data = self._held.popleft() if self._held else _data(await receive(), self._port)
            if self._port.closed:
                continue  # sent before our close reached the client; nobody takes it any more
            task = asyncio.Task(take(data), loop=loop, eager_start=True)
            if not task.done():
                await self._wait(task)
            task.result()

    async def _wait(self, task: asyncio.Task[None]) -> None:
        self._held_bytes = sum(map(len, self._held))
        try:
            while not task.done():
                if len(self._held) >= HELD_FRAMES or self._held_bytes >= HELD_BYTES:
                    await asyncio.wait([task])
                    return
                await self._listen_beside(task)
        except BaseException:
            task.cancel()
            raise

    async def _listen_beside(self, task: asyncio.Task[None]) -> None:
        following = spawn(self._receive(), name="receive-beside")
        try:
            await asyncio.wait([task, following], return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                data = _data(following.result(), self._port)
                self._held.append(data)
                self._held_bytes += len(data)
        finally:
            following.cancel()


def _data(event: dict[str, Any], port: ClientPort) -> Data:
    """The payload of an ASGI event. Raises `ClientGone` for a disconnect."""
    if event["type"] != "websocket.receive":
        port.left(event.get("code") or 1005)
        raise ClientGone
    text: str | None = event.get("text")
    return text if text is not None else event["bytes"]


def _page_may_connect(scope: dict[str, Any]) -> bool:
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    if not host_allowed(host):
        return False
    return origin_allowed(
        headers.get(b"origin", b"").decode("latin-1"),
        host=host,
        secure=scope.get("scheme") == "wss",
        trusted=trusted_origins(),
    )
