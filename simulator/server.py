"""The listener: starts and stops, routes requests, and lets tests choose scenarios and look at connections."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from email.utils import formatdate
from typing import Any, Self

from aiohttp import web

from simulator.changes import Changes
from simulator.connection_record import Connection
from simulator.control import Control
from simulator.credentials import find_credential, judge
from simulator.endpoints import Endpoint, chosen_scenario, fold_slashes, live_endpoint
from simulator.generate_paths import generate_path, models_path
from simulator.generate_server import GenerateTier, Request
from simulator.handshake import answer_garbage, hang, refusal_response
from simulator.known_models import KnownModel, with_defaults
from simulator.live_socket import LiveSocket
from simulator.oauth import TokenIssuer, TokenRefused
from simulator.pace import Pace
from simulator.recordings import Recording
from simulator.refusals import Close, HttpRefusal
from simulator.replay import ReplaySocket
from simulator.resumption import ResumableSessions
from simulator.scenarios import SCENARIOS, Scenario, scenario_named
from simulator.scenarios.refused import QUOTA_SILENT
from simulator.service_account import EMAIL, write_service_account
from simulator.setup_rules import World

MAX_CONNECTIONS = 2_000
KEPT_CONNECTIONS = 500
MAX_BODY = 2**20
SERVER_HEADER = ("x-simulator", "live-proxy simulator")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Simulator:
    """Stands in for Google on one port: both platforms' sockets, the token endpoint, and its own control interface.

    A base URL that ends in `/simulator/as/<scenario>` chooses the scenario of the connections made through it.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        scenario: str = "normal",
        models: Iterable[KnownModel] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        chunk_delay: float = 0.0,
        token_lifetime: int = 3599,
        api_keys: Collection[str] | None = None,
        projects: Collection[str] | None = None,
        max_sessions: int = MAX_CONNECTIONS,
    ) -> None:
        self.host = host
        self.port = port
        self.models: tuple[KnownModel, ...] = with_defaults(models)
        self.api_keys = api_keys
        self.projects = projects
        self.max_sessions = max_sessions
        self.recording: Recording | None = None
        """What is played to every socket from now on, in place of a scenario."""
        self.clock_skew = 0.0
        """Seconds by which the Date of every response is wrong."""
        self.pace = Pace(chunk_delay=chunk_delay)
        self._scenario = scenario_named(scenario)
        self._script: deque[Scenario] = deque()
        self._ssl_context = ssl_context
        self._changes = Changes()
        self._tokens = TokenIssuer(token_lifetime)
        self._sessions = ResumableSessions()
        self._records: deque[Connection] = deque(maxlen=KEPT_CONNECTIONS)
        self._requests: deque[Request] = deque(maxlen=KEPT_CONNECTIONS)
        self._generate = GenerateTier(self._tokens, self.pace, note=self._requests.append, changed=self._changes.tell)
        self._open = 0
        self._sockets: dict[LiveSocket | ReplaySocket, asyncio.Task[Any] | None] = {}
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        control = Control(self)
        self._routes: dict[tuple[str, str], Handler] = {
            ("POST", "/token"): self._token,
            ("GET", "/simulator/"): control.about,
            ("PUT", "/simulator/scenario"): control.put_scenario,
            ("POST", "/simulator/script"): control.post_script,
            ("GET", "/simulator/connections"): control.get_connections,
            ("GET", "/simulator/requests"): control.get_requests,
        }

    # Life

    async def start(self) -> None:
        self._stopping.clear()
        app = web.Application(client_max_size=MAX_BODY)
        app.on_response_prepare.append(self._sign)
        app.router.add_route("*", "/{path:.*}", self._dispatch)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(
                runner, self.host, self.port, ssl_context=self._ssl_context, backlog=1024, reuse_address=True
            ).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes every connection with 1001, or cuts it, and the listener; no task is left."""
        self._stopping.set()
        serving = {task for task in self._sockets.values() if task is not None}
        for socket in list(self._sockets):
            socket.end(Close(1001))
        if serving:
            await asyncio.wait(serving, timeout=self.pace.closing_deadline + 1.0)
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._ssl_context else 'http'}://{shown}:{self.port}"

    # Steering

    @property
    def scenario(self) -> str:
        """The scenario of the connections that come from now on."""
        return self._scenario.name

    @scenario.setter
    def scenario(self, name: str) -> None:
        self._scenario = scenario_named(name)

    def script(self, names: Iterable[str]) -> None:
        """The next connections take these scenarios in order; then `scenario` counts again."""
        self._script = deque(scenario_named(name) for name in names)

    @property
    def chunk_delay(self) -> float:
        return self.pace.chunk_delay

    @chunk_delay.setter
    def chunk_delay(self, seconds: float) -> None:
        self.pace.chunk_delay = seconds

    # Credentials

    @property
    def token_uri(self) -> str:
        return f"{self.base_url}/token"

    @property
    def tokens_issued(self) -> int:
        return self._tokens.issued

    @property
    def token_lifetime(self) -> int:
        return self._tokens.lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: int) -> None:
        self._tokens.lifetime = seconds

    def revoke_tokens(self) -> None:
        """All tokens issued so far are refused at the handshake from now on."""
        self._tokens.revoke_all()

    def forget_sessions(self) -> None:
        """All resumption handles given out so far become invalid."""
        self._sessions.forget_all()

    def create_service_account(
        self, path: str | os.PathLike[str], project_id: str = "demo-project", email: str = EMAIL
    ) -> dict[str, Any]:
        """Writes a key file that this simulator accepts, and returns its content; only after start()."""
        info = write_service_account(path, self.token_uri, project_id, email)
        self._tokens.trust(info)
        return info

    # Observing

    @property
    def connections(self) -> list[Connection]:
        """The newest connections, oldest first."""
        return list(self._records)

    @property
    def requests(self) -> list[Request]:
        """The newest requests to the HTTP tiers, oldest first."""
        return list(self._requests)

    @property
    def open_connections(self) -> int:
        return self._open

    async def wait_for(self, condition: Callable[[Simulator], bool], timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Returns once the condition holds; it is looked at whenever a connection changes."""
        await self._changes.wait_until(lambda: condition(self), timeout)

    # Requests

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        path = fold_slashes(request.path)
        if handler := self._routes.get((request.method, path)):
            return await handler(request)
        chosen, path = chosen_scenario(path)
        if chosen and chosen not in SCENARIOS:
            return refusal_response(HttpRefusal(404, f"The simulator has no scenario {chosen!r}."))
        scenario = SCENARIOS[chosen] if chosen else None
        if endpoint := live_endpoint(path):
            return await self._live(request, endpoint, scenario)
        world = World(self.models, self.projects)
        if request.method == "POST" and (generate := generate_path(path)):
            return await self._generate.serve(request, generate, scenario or self._scenario, world, self.api_keys)
        if request.method == "GET" and (listed := models_path(path)):
            return await self._generate.list_models(request, listed, scenario or self._scenario, world, self.api_keys)
        return refusal_response(HttpRefusal(404, "Requested entity was not found."))

    async def _sign(self, request: web.Request, response: web.StreamResponse) -> None:
        name, value = SERVER_HEADER
        response.headers[name] = value
        response.headers["Date"] = formatdate(time.time() + self.clock_skew, usegmt=True)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            answer = self._tokens.exchange(form)
        except TokenRefused as refused:
            return web.json_response(refused.body, status=400)
        self._changes.tell()
        return web.json_response(answer)

    def _socket(self, record: Connection, endpoint: Endpoint, scenario: Scenario) -> LiveSocket | ReplaySocket:
        if self.recording is not None:
            return ReplaySocket(self.recording, record, endpoint, self.pace)
        return LiveSocket(record, endpoint, scenario, self.pace, self._sessions, World(self.models, self.projects))

    async def _live(self, request: web.Request, endpoint: Endpoint, chosen: Scenario | None) -> web.StreamResponse:
        if not web.WebSocketResponse().can_prepare(request):
            return refusal_response(HttpRefusal(400, "A WebSocket handshake is expected here."))
        scenario = chosen or (self._script.popleft() if self._script else self._scenario)
        headers = {name.lower(): value for name, value in request.headers.items()}
        credential = find_credential(headers, request.query)
        record = Connection(
            request.path, dict(request.query), headers, credential.kind, scenario.name, changed=self._changes.tell
        )
        self._records.append(record)
        self._open += 1
        self._changes.tell()
        try:
            if self._open > self.max_sessions:
                return _refuse(record, QUOTA_SILENT)
            if scenario.handshake == "hang":
                return await hang(request, self._stopping, self.pace.setup_deadline)
            if scenario.handshake == "garbage":
                return await answer_garbage(request)
            if isinstance(scenario.handshake, HttpRefusal):
                return _refuse(record, scenario.handshake)
            judged = judge(credential, endpoint, self._tokens, self.api_keys)
            if isinstance(judged, HttpRefusal):
                return _refuse(record, judged)
            socket = self._socket(record, endpoint, scenario)
            self._sockets[socket] = asyncio.current_task()
            try:
                return await socket.run(request, judged)
            finally:
                del self._sockets[socket]
        finally:
            self._open -= 1
            record.note_closed()
            self._changes.tell()


def _refuse(record: Connection, refusal: HttpRefusal) -> web.Response:
    record.note_refused(refusal.status, refusal.message)
    return refusal_response(refusal)
