"""The socket of Google's SDKs: their paths, their credentials, their first frame, Google's answers."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

from live_proxy import resumptions
from live_proxy.api_tokens import login_of_token
from live_proxy.client_port import ClientPort
from live_proxy.config import host_allowed
from live_proxy.edge import google_words as words
from live_proxy.edge.google_path import LivePath, live_path
from live_proxy.errors import ClientFault
from live_proxy.hub import Seat
from live_proxy.models import ApiToken
from live_proxy.opening import Opened, Setup, live_setup, open_session
from live_proxy.program_auth import Unauthorised, credential, still_good, token_of
from live_proxy.program_port import ProgramPort
from live_proxy.recorder import now
from live_proxy.runtime import Runtime
from live_proxy.socket_consumer import Holder, Receive, SocketConsumer

SCOPE = ApiToken.Scope.LIVE


class ProgramConsumer(SocketConsumer):
    """A refused credential closes the accepted socket, as Google's does: a browser shows nobody why a handshake was
    refused."""

    port_class = ProgramPort
    client = "sdk"

    def _may_connect(self) -> bool:
        return host_allowed(dict(self.scope["headers"]).get(b"host", b"").decode("latin-1"))

    async def _identify(self, runtime: Runtime) -> Holder:
        found = credential(dict(self.scope["headers"]), self.scope.get("query_string", b""))
        try:
            token = await runtime.database.run(token_of, found, SCOPE, now())
        except Unauthorised as refusal:
            raise ClientFault(refusal.code, refusal.sentence) from None
        return Holder(token.user_id, lambda: still_good(token.pk, SCOPE, now()), login_of_token(token.pk))

    async def _open(self, runtime: Runtime, port: ClientPort, seat: Seat, first: Receive) -> Opened:
        path = live_path(self.scope["path"])
        assert path is not None  # routing sends nothing else here
        setup = live_setup(await first(), runtime.config.families, path)
        resumption = setup.requested.setup.get("sessionResumption")
        found = await self._resumed(runtime, seat, setup, resumption) if resumption else None
        return await open_session(
            runtime,
            port,
            user_id=seat.user_id,
            client=seat.client,
            setup=setup,
            conversation=found.conversation_id if found else None,
            notices=False,
            greeting=_greeting(path),
            handle=resumptions.new_handle() if resumption is not None else "",
            resumed=found,
            base=self._base(),
        )

    def _base(self) -> str:
        """The service's address, as the client wrote it; the Host header was looked at before."""
        scheme = "https" if self.scope.get("scheme") == "wss" else "http"
        return f"{scheme}://{dict(self.scope['headers']).get(b'host', b'').decode('latin-1')}"

    @staticmethod
    async def _resumed(
        runtime: Runtime, seat: Seat, setup: Setup, resumption: dict[str, object]
    ) -> resumptions.Found | None:
        handle = resumption.get("handle")
        if not handle:
            return None
        found = None
        if isinstance(handle, str):
            find = partial(resumptions.find, user_id=seat.user_id, now=now())
            found = await runtime.database.run(find, handle)
        if found is None:
            raise ClientFault(1008, words.NO_SESSION)
        if found.family != setup.family.label:
            raise ClientFault(1007, words.INVALID + " The handle belongs to a session with another model.")
        return found


def _greeting(path: LivePath) -> dict[str, object]:
    """Vertex names its sessions, the Developer API does not."""
    return {"setupComplete": {"sessionId": str(uuid4())} if path.platform == "vertex" else {}}
