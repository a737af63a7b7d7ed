"""The direct WebSocket to the Live API, without an SDK."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from live_proxy.addresses import Addresses
from live_proxy.candidates import Candidate
from live_proxy.credentials import Token, TokenProvider
from live_proxy.edge.history import history_message
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.errors import Action, ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, NotJson, encode
from live_proxy.protocol.frames import Frame
from live_proxy.transports.base import Capabilities
from live_proxy.transports.connection import Connection
from live_proxy.verdicts import close_failure, error_body_failure, http_failure, local_failure

log = structlog.get_logger(__name__)

MAX_MESSAGE = 8 * 1024 * 1024
PING_INTERVAL = 20.0
PING_TIMEOUT = 60.0  # Google's pongs have been seen to take half a minute
SEND_TIMEOUT = 10.0
CLOSE_TIMEOUT = 0.8
MAX_QUEUE = 32
USER_AGENT = "live-proxy"
MAX_BODY = 4096


@cache
def tls_context() -> ssl.SSLContext:
    """One for all: reading the system's certificates takes long on the event loop, and each copy is large."""
    return ssl.create_default_context()


class _Connect(connect):
    """Follows no redirect: a credential goes to the host from the settings or nowhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketTransport:
    """One direct WebSocket. Without `tokens` on Vertex, and on the Developer API, the API key is the credential.
    `make_connection` makes the library's connection, for who wants to listen."""

    capabilities = Capabilities(audio_in=True, audio_out=True, video_in=True, interruption=True, resumption=True)

    def __init__(
        self,
        candidate: Candidate,
        *,
        addresses: Addresses,
        tokens: TokenProvider,
        api_key: str,
        setup_timeout: float,
        make_connection: Callable[..., Connection] = Connection,
    ) -> None:
        self._candidate = candidate
        self._addresses = addresses
        self._tokens = tokens
        self._api_key = api_key
        self._setup_timeout = setup_timeout
        self._make_connection = make_connection
        self._socket: Connection | None = None
        self._first: list[Frame] = []
        self._set_up = False
        self._closing = False

    # --- the contract -----------------------------------------------------------------------------------------

    async def open(self, setup: UpstreamSetup, history: Sequence[JsonObject], deadline: float) -> None:
        phase = ErrorKind.CREDENTIALS  # a slow token is not the host's fault
        try:
            async with asyncio.timeout_at(deadline):
                token = await self._token()
                phase = ErrorKind.CONNECT_TIMEOUT
                try:
                    await self._establish(token, setup, history)
                except Failure as failure:
                    if failure.verdict.action is not Action.REAUTH or token is None:
                        raise
                    # The one renewal that a refused token gets, be it refused by status or by close code.
                    self._forget()
                    await self._establish(await self._token(refused=token.value), setup, history)
        except TimeoutError:
            if self._socket is not None:
                phase = ErrorKind.SETUP_TIMEOUT
            self._abort()  # the time is up: none is left for a close that may not be answered either
            raise local_failure(phase, f"not within {self._setup_timeout:.0f} s") from None
        except Failure:
            await self.close()
            raise
        except asyncio.CancelledError:
            self._abort()
            raise

    async def send(self, frame: Frame) -> None:
        connection = self._connection
        try:
            # The usual case, without the price of a timer.
            if connection.send_now(frame.data):
                return
            async with asyncio.timeout(SEND_TIMEOUT):
                await connection.send(frame.data)
        except TimeoutError:
            self._abort()
            raise local_failure(ErrorKind.SEND_TIMEOUT, f"upstream took nothing for {SEND_TIMEOUT:.0f} s") from None
        except ConnectionClosed as closed:
            raise _closed(closed, set_up=True) from None

    async def receive(self) -> AsyncIterator[Frame]:
        connection = self._connection
        for frame in self._first:
            yield frame
        self._first.clear()
        receive, frame_of = connection.receive, Frame.from_server
        while True:
            try:
                data = await receive()
            except ConnectionClosed as closed:
                if self._closing:
                    return
                raise _closed(closed, set_up=True) from None
            yield frame_of(data)

    async def close(self, code: int = 1000) -> None:
        connection, self._closing = self._socket, True
        if connection is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await connection.close(code)
        except (TimeoutError, WebSocketException, OSError):
            self._abort()
        except asyncio.CancelledError:
            self._abort()
            raise

    # --- dialling ---------------------------------------------------------------------------------------------

    async def _token(self, *, refused: str = "") -> Token | None:
        if self._candidate.platform == "developer":
            return None
        token = await self._tokens.token(refused=refused)
        log.info("[Gemini Live Direct] Access token obtained", source=token.source)
        return token

    def _headers(self, token: Token | None) -> dict[str, str]:
        if token is None:
            return {"x-goog-api-key": self._api_key}
        headers = {"Authorization": f"Bearer {token.value}"}
        if token.quota_project:
            headers["x-goog-user-project"] = token.quota_project
        return headers

    async def _establish(self, token: Token | None, setup: UpstreamSetup, history: Sequence[JsonObject]) -> None:
        self._socket = await self._dial(token)
        log.info("[Gemini Live Direct] ✅ WebSocket connected to Live API", model=self._candidate.model.name)
        await self._complete_setup(setup, history)

    async def _dial(self, token: Token | None) -> Connection:
        url = self._addresses.socket_url(self._candidate)
        try:
            connection = await _Connect(
                url,
                create_connection=self._make_connection,  # type: ignore[arg-type]
                ssl=tls_context() if url.startswith("wss:") else None,
                additional_headers=self._headers(token),
                user_agent_header=USER_AGENT,
                compression=None,
                proxy=None,
                max_size=MAX_MESSAGE,
                max_queue=MAX_QUEUE,
                open_timeout=None,  # the caller's deadline covers the dial
                close_timeout=CLOSE_TIMEOUT,
                ping_interval=PING_INTERVAL,
                ping_timeout=PING_TIMEOUT,
            )
            assert isinstance(connection, Connection)
            return connection
        except InvalidStatus as refused:
            response = refused.response
            body = bytes(response.body or b"")[:MAX_BODY].decode("utf-8", "replace")
            raise http_failure(response.status_code, body, retry_after=response.headers.get("Retry-After")) from None
        except (WebSocketException, UnicodeError) as error:  # also a host name that cannot be one
            raise local_failure(ErrorKind.HANDSHAKE, type(error).__name__) from None
        except socket.gaierror as error:
            raise local_failure(ErrorKind.DNS, f"the host name does not resolve ({error.errno})") from None
        except ssl.SSLError as error:
            raise local_failure(ErrorKind.TLS, error.reason or type(error).__name__) from None
        except (OSError, EOFError) as error:
            raise local_failure(ErrorKind.CONNECT, type(error).__name__) from None

    async def _complete_setup(self, setup: UpstreamSetup, history: Sequence[JsonObject]) -> None:
        connection = self._connection
        try:
            await connection.send(encode(setup.message), text=True)
            while not self._set_up:
                self._take_setup_answer(Frame.from_server(await connection.recv()))
            if history:
                message = history_message(list(history), complete=setup.history_first)
                await connection.send(encode(message), text=True)
        except ConnectionClosed as closed:
            raise _closed(closed, set_up=self._set_up) from None

    def _take_setup_answer(self, frame: Frame) -> None:
        try:
            message = frame.message
        except NotJson as error:
            raise local_failure(ErrorKind.BAD_MESSAGE, str(error)) from None
        if "setupComplete" in message:
            self._set_up = True
        elif failure := error_body_failure(message, set_up=False):
            raise failure
        if len(message) > 1 or not self._set_up:
            self._first.append(frame)
        if len(self._first) > MAX_QUEUE:
            raise local_failure(ErrorKind.BAD_MESSAGE, "messages before setupComplete")

    @property
    def _connection(self) -> Connection:
        if self._socket is None:
            raise local_failure(ErrorKind.CONNECT, "not open")
        return self._socket

    def _forget(self) -> None:
        self._abort()
        self._socket = None
        self._first.clear()

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()


def _closed(closed: ConnectionClosed, *, set_up: bool) -> Failure:
    """websockets' report as ours. `rcvd` is upstream's close frame, `sent` the one this side made."""
    if closed.rcvd is None and closed.sent is not None:
        return (
            close_failure(closed.sent.code, closed.sent.reason, set_up=set_up, sent_by_us=True)
            if (closed.sent.code == 1011)
            else _sent_failure(closed.sent.code, set_up=set_up)
        )
    received = closed.rcvd
    if received is None:
        return close_failure(None, "", set_up=set_up)
    return close_failure(received.code, received.reason, set_up=set_up)


def _sent_failure(code: int, *, set_up: bool) -> Failure:
    """This side closed because of what upstream sent: too big, or no valid WebSocket."""
    if code == 1009:
        return local_failure(ErrorKind.TOO_BIG, f"a message of more than {MAX_MESSAGE} bytes")
    return close_failure(None, f"closed by this side with {code}", set_up=set_up)
