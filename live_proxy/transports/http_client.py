"""The HTTP client of the lower transports, and its errors as failures. Nothing else knows httpx."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from live_proxy.errors import ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, NotJson, decode
from live_proxy.protocol.sse import EventReader, EventTooBig
from live_proxy.transports.websocket import USER_AGENT, tls_context
from live_proxy.verdicts import local_failure, request_failure

MAX_BODY = 64 * 1024
MAX_ANSWER = 64 * 1024 * 1024
TIMEOUT = httpx.Timeout(connect=5.0, read=60.0, write=10.0, pool=5.0)


def http_client() -> httpx.AsyncClient:
    """One for each upstream session: a request that is cut off can cost a shared pool a place. Follows no redirect
    and asks no proxy: a credential goes to the host from the settings or nowhere."""
    return httpx.AsyncClient(
        verify=tls_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=4, max_keepalive_connections=2),
        headers={"User-Agent": USER_AGENT},
    )


@contextmanager
def httpx_failures() -> Generator[None]:
    """httpx' errors as `Failure`."""
    try:
        yield
    except httpx.ConnectTimeout:
        raise local_failure(ErrorKind.CONNECT_TIMEOUT, "no connection in time") from None
    except httpx.TimeoutException as error:
        kind = ErrorKind.STALL if isinstance(error, httpx.ReadTimeout) else ErrorKind.CONNECT_TIMEOUT
        raise local_failure(kind, type(error).__name__) from None
    except httpx.ConnectError as error:
        raise _not_connected(error) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise local_failure(ErrorKind.HANDSHAKE, type(error).__name__) from None
    except httpx.HTTPError as error:
        raise local_failure(ErrorKind.NETWORK, type(error).__name__) from None


def _not_connected(error: BaseException) -> Failure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return local_failure(ErrorKind.DNS, f"the host name does not resolve ({cause.errno})")
        if isinstance(cause, ssl.SSLError):
            return local_failure(ErrorKind.TLS, cause.reason or type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return local_failure(ErrorKind.CONNECT, type(error).__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole response. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def fetch(
    method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, most: int = 2**20
) -> Fetched:
    """One request on a connection of its own; of the body at most `most` bytes. Raises `Failure`."""
    with httpx_failures():
        async with http_client() as client, client.stream(method, url, headers=headers, content=content) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > most:
                    break
            return Fetched(response.status_code, dict(response.headers), bytes(body[:most]))


async def refusal(response: httpx.Response) -> Failure:
    """What a response that is no 200 says; reads no more of it than an honest error needs."""
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_BODY:
            break
    text = body[:MAX_BODY].decode("utf-8", "replace")
    return request_failure(response.status_code, text, retry_after=response.headers.get("Retry-After"))


async def json_answer(response: httpx.Response) -> JsonObject:
    """A whole answer. Raises `Failure` for one that is no JSON object or too big."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER:
            raise local_failure(ErrorKind.TOO_BIG, "an answer of more than 64 MiB")
    try:
        return decode(bytes(body))
    except NotJson as error:
        raise local_failure(ErrorKind.BAD_MESSAGE, str(error)) from None


async def events(response: httpx.Response) -> AsyncGenerator[JsonObject]:
    """The JSON payloads of an event stream. Raises `Failure` for what is none."""
    reader = EventReader()
    try:
        async for piece in response.aiter_bytes():
            for payload in reader.feed(piece):
                yield decode(payload)
        if (last := reader.end()) is not None:
            yield decode(last)
    except NotJson as error:
        raise local_failure(ErrorKind.BAD_MESSAGE, str(error)) from None
    except EventTooBig:
        raise local_failure(ErrorKind.TOO_BIG, "an event of more than 8 MiB") from None
