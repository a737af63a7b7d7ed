"""The life of any client's socket, from its connect to one close that explains itself."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

import structlog
from channels.consumer import AsyncConsumer
from django.db import DatabaseError, InterfaceError

from live_proxy.client_port import ClientGone, ClientPort
from live_proxy.close_codes import INTERNAL, RESTARTING, CloseCode
from live_proxy.errors import ClientFault
from live_proxy.hub import Full, Seat
from live_proxy.opening import Opened
from live_proxy.receive_loop import Data, ReceiveLoop, data_of
from live_proxy.receive_loop import Receive as Events
from live_proxy.runtime import Runtime, current_runtime
from live_proxy.tasks import spawn

log = structlog.get_logger(__name__)

Receive = Callable[[], Awaitable[Data]]

SETUP_TIMEOUT = 30.0
FINISHED_WITHIN = 120.0  # the session's own watches end an answer that comes no further long before


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose socket it is. `valid` says, blocking, whether the credential still holds; `login` names it."""

    user_id: int
    valid: Callable[[], bool]
    login: str


class SocketConsumer(AsyncConsumer, ABC):
    """What differs from client to client: who may connect, as whom, and how its set-up becomes a session."""

    port_class: type[ClientPort] = ClientPort
    finishes = False  # a typed message is answered on record when the client has left meanwhile
    subprotocol: str | None = None
    client: Literal["web", "sdk"]

    @abstractmethod
    def _may_connect(self) -> bool:
        """Whether the handshake is taken at all."""

    @abstractmethod
    async def _identify(self, runtime: Runtime) -> Holder:
        """Raises `ClientFault` where nobody known holds the credential."""

    @abstractmethod
    async def _open(self, runtime: Runtime, port: ClientPort, seat: Seat, first: Receive) -> Opened:
        """The session that the client's first message asks for; `first` gives that message, within its time."""

    async def __call__(self, scope: dict[str, Any], receive: Events, send: Any) -> None:
        self.scope = scope
        await receive()  # websocket.connect
        if not self._may_connect():
            await send({"type": "websocket.close", "code": int(CloseCode.NOT_ALLOWED)})  # before accept: HTTP 403
            return
        subprotocol = self.subprotocol if self.subprotocol in scope.get("subprotocols", []) else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        abort = scope.get("extensions", {}).get("live_proxy.abort")
        port = self.port_class(send, abort=abort, forgiving=self.finishes)
        runtime = current_runtime()
        seat: Seat | None = None
        try:
            seat = await self._seat(runtime, port)
            await self._serve(runtime, port, seat, receive)
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

    async def _seat(self, runtime: Runtime, port: ClientPort) -> Seat:
        """Raises `ClientFault` where the person or the service may not have another socket."""
        if runtime.hub.draining:
            raise ClientFault(CloseCode.RESTARTING, RESTARTING)
        holder = await self._identify(runtime)

        def close(code: int, reason: str) -> None:
            if seat.session is not None:
                seat.session.end_soon(code, reason)
            else:
                spawn(port.close(code, reason), name="close-before-setup")

        seat = Seat(holder.user_id, self.client, holder.valid, close, holder.login)
        try:
            runtime.hub.take(seat)
        except Full as full:
            raise ClientFault(CloseCode.LIMIT, str(full)) from None
        return seat

    async def _serve(self, runtime: Runtime, port: ClientPort, seat: Seat, receive: Events) -> None:
        async def first() -> Data:
            try:
                async with asyncio.timeout(SETUP_TIMEOUT):
                    return data_of(await receive(), port)
            except TimeoutError:
                raise ClientFault(CloseCode.BAD_MESSAGE, "No setup message came.") from None

        opened = await self._open(runtime, port, seat, first)
        seat.session = session = opened.session
        if opened.previous is not None:
            spawn(runtime.tell_session_lost(opened.previous), name="take-over")
        try:
            await session.start()
            await ReceiveLoop(session, port, receive).run()
        except ClientGone:
            if port.left_in_passing:
                await session.finish(FINISHED_WITHIN)
            raise
