"""The service's own public address: does what stands in front of it let WebSockets through, and pages connect."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from live_proxy.close_codes import CloseCode
from live_proxy.doctor.findings import HELP, Finding, Status
from live_proxy.errors import Failure
from live_proxy.transports.http_client import fetch
from live_proxy.transports.websocket import tls_context

TIMEOUT = 10.0
PROGRAMS = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
PAGE = "/ws/live/"
NOBODYS_KEY = "lp_doctor"
LINK = f"{HELP}#behind-a-proxy"
NGINX = "Let it pass Upgrade and Connection on, as deploy/nginx.conf does."


async def check_public_url(url: str) -> list[Finding]:
    if not url:
        return [
            Finding(
                "public_url",
                Status.SKIPPED,
                "No public address is known.",
                "Give --url https://gateway.example, or set CSRF_TRUSTED_ORIGINS.",
            )
        ]
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [_failed("bad_url", f"{url} is no address such as https://gateway.example.", "Mend --url.")]
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    try:
        async with asyncio.timeout(TIMEOUT):
            problem = await _health(base)
            if problem is None:
                problem = await _programs(base) or await _page(base, f"{parts.scheme}://{parts.netloc}")
    except TimeoutError:
        problem = _failed("timed_out", f"{base} does not answer within {TIMEOUT:.0f} s.", "Is it the right address?")
    if problem is not None:
        return [problem]
    return [Finding("public_url", Status.OK, f"{base} lets pages and WebSockets through.", facts={"url": base})]


async def _health(base: str) -> Finding | None:
    try:
        answer = await fetch("GET", f"{base}/health/live", {"Accept": "application/json"}, most=4096)
    except Failure as failure:
        return _failed(
            str(failure.kind), f"{base} cannot be reached ({failure.describe()}).", "Is it the right address?"
        )
    if answer.status in (301, 302, 307, 308):
        where = answer.headers.get("location", "elsewhere")
        return _failed("redirected", f"{base} redirects to {where}.", "Give that address; sockets follow no redirect.")
    if answer.status in (502, 503, 504):
        return _failed(
            "nobody_behind", f"{base} answers {answer.status}: nobody is behind the proxy.", "Start the service."
        )
    if answer.status == 400:
        return _failed(
            "host_not_allowed",
            f"{base}: the service refuses the host name.",
            f"Add {urlsplit(base).hostname} to ALLOWED_HOSTS, and let the proxy pass the Host header on.",
        )
    if answer.status != 200 or b'"status"' not in answer.body:
        return _failed(
            "another_service", f"{base}/health/live is not this service ({answer.status}).", "Is it the right address?"
        )
    return None


async def _programs(base: str) -> Finding | None:
    """A key that nobody has must be refused over an open socket: then the whole way up and down works."""
    refused = await _dial(base + PROGRAMS, {"x-goog-api-key": NOBODYS_KEY})
    if isinstance(refused, tuple) and refused[0] == 1007:
        return None
    return _not_open(refused, base)


async def _page(base: str, origin: str) -> Finding | None:
    refused = await _dial(base + PAGE, {"Origin": origin})
    if isinstance(refused, tuple) and refused[0] == CloseCode.SIGNED_OUT:
        return None
    if refused == 403:
        return _failed(
            "origin_refused",
            f"Pages of {origin} may not open sockets.",
            f"Set CSRF_TRUSTED_ORIGINS={origin}, and let the proxy pass the Host header on.",
        )
    return _not_open(refused, base)


def _not_open(refused: int | tuple[int, str] | str, base: str) -> Finding:
    if isinstance(refused, int):
        if refused in (400, 404, 426, 200, 405, 501):
            return _failed(
                "upgrade_dropped",
                f"{base} answers requests, and WebSockets with {refused}: the proxy drops the upgrade.",
                NGINX,
            )
        if refused in (301, 302, 307, 308):
            return _failed("redirected", f"{base} redirects WebSockets.", "Give the address that it redirects to.")
        return _failed("socket_refused", f"{base} answers WebSockets with {refused}.", NGINX)
    if isinstance(refused, tuple):
        return _failed(
            "closed_strangely", f"{base}: a socket is closed with {refused[0]}.", "Is the service behind it this one?"
        )
    return _failed("socket_broken", f"{base}: a socket is not opened ({refused}).", NGINX)


async def _dial(url: str, headers: dict[str, str]) -> int | tuple[int, str] | str:
    """The status that refused a socket, the close that ended it, or the name of what went wrong."""
    socket_url = "ws" + url.removeprefix("http")
    try:
        async with connect(
            socket_url,
            additional_headers=headers,
            ssl=tls_context() if socket_url.startswith("wss:") else None,
            compression=None,
            proxy=None,
            open_timeout=TIMEOUT,
            close_timeout=1.0,
        ) as opened:
            await opened.recv()
            return "it says something unasked"
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else "cut off"
    except InvalidStatus as status:
        return status.response.status_code
    except (InvalidHandshake, WebSocketException) as error:
        return type(error).__name__
    except ssl.SSLError as error:
        return error.reason or "TLS"
    except (socket.gaierror, OSError) as error:
        return type(error).__name__


def _failed(cause: str, says: str, advice: str) -> Finding:
    return Finding("public_url", Status.FAILED, says, advice, cause, LINK)


def public_url_of(given: str, origins: Sequence[str]) -> str:
    """The address to look at: the given one, else the first that pages are trusted from."""
    return given or next((origin for origin in origins if "*" not in origin), "")
