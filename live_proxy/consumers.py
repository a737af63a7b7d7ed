"""The page's socket: the session cookie, the origin, and a conversation of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from conversations.selectors import conversation_of
from live_proxy.browser_auth import login_of, session_key, user_of_session
from live_proxy.client_port import ClientPort
from live_proxy.close_codes import NO_CONVERSATION, SIGNED_OUT, CloseCode
from live_proxy.config import host_allowed, trusted_origins
from live_proxy.errors import ClientFault
from live_proxy.hub import Seat
from live_proxy.opening import Opened, open_session, read_setup
from live_proxy.origin import origin_allowed
from live_proxy.runtime import Runtime
from live_proxy.socket_consumer import Holder, Receive, SocketConsumer


class LiveConsumer(SocketConsumer):
    """`/ws/live/` and `/ws/live/<conversation uuid>/`."""

    subprotocol = "live-proxy.v1"
    client = "web"
    finishes = True

    def _may_connect(self) -> bool:
        return _page_may_connect(self.scope)

    async def _identify(self, runtime: Runtime) -> Holder:
        key = session_key(self.scope["headers"])
        user = await runtime.database.run(user_of_session, key)
        if user is None:
            raise ClientFault(CloseCode.SIGNED_OUT, SIGNED_OUT)
        user_id: int = user.pk

        def valid() -> bool:
            holder = user_of_session(key)
            return holder is not None and holder.pk == user_id

        return Holder(user_id, valid, login_of(key))

    async def _open(self, runtime: Runtime, port: ClientPort, seat: Seat, first: Receive) -> Opened:
        conversation: UUID | None = self.scope["url_route"]["kwargs"].get("conversation_id")
        if conversation is not None:
            # An unknown or foreign conversation is refused before anything is said.
            await self._must_own(runtime, seat.user_id, conversation)
        return await open_session(
            runtime,
            port,
            user_id=seat.user_id,
            client=seat.client,
            setup=read_setup(await first(), runtime.config.families),
            conversation=conversation,
            notices=self.subprotocol in self.scope.get("subprotocols", []),
        )

    @staticmethod
    async def _must_own(runtime: Runtime, user_id: int, conversation: UUID) -> None:
        if await runtime.database.run(conversation_of, conversation_id=conversation, user_id=user_id) is None:
            raise ClientFault(CloseCode.NO_CONVERSATION, NO_CONVERSATION)


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
