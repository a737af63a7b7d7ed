"""Access tokens for Vertex AI: from `gcloud` where it is installed, else from `google-auth`.

A token is fetched once for all who ask, ahead of its expiry, and never on the event loop. A failure is
remembered for a minute, so that a broken set-up costs each session nothing but the news.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from live_proxy.errors import ErrorKind
from live_proxy.verdicts import local_failure

log = structlog.get_logger(__name__)

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GCLOUD = ("auth", "application-default", "print-access-token")
GCLOUD_TIMEOUT = 5.0
TOTAL_TIMEOUT = 10.0
GCLOUD_RENEW_AFTER = 600.0
RENEW_BEFORE_EXPIRY = 300.0
REMEMBER_FAILURE = 60.0
HTTP_TIMEOUT = 4.0
MAX_OUTPUT = 8192
ONE_TOKEN = re.compile(rb"\s*([A-Za-z0-9._~+/=-]{16,4096})\s*")


@dataclass(frozen=True, slots=True)
class Token:
    """`renew_at` and `expires_at` are monotonic seconds. `quota_project` is billed instead of the credential's own
    project where set; `account` is whose token it is, where the source says so."""

    value: str
    source: str
    renew_at: float
    expires_at: float
    quota_project: str = ""
    account: str = ""

    def __repr__(self) -> str:
        return f"Token(source={self.source!r})"


class _NoToken(Exception):
    """A source has no token to give. The text is for log and record."""


class TokenProvider:
    """One per process."""

    def __init__(self, sources: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sources = sources
        self._clock = clock
        self._token: Token | None = None
        self._failure: tuple[float, str] | None = None
        self._refresh: asyncio.Task[Token | None] | None = None
        self._google: Any = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="google-auth")

    async def token(self, *, refused: str = "") -> Token:
        """A token that upstream should take. `refused` is one that it just did not take.

        Raises `Failure` (kind `credentials`) within 10 s.
        """
        now = self._clock()
        if self._token is not None and self._token.value == refused:
            self._token = self._failure = None  # nobody gets it any more, and one new try is due
        token = self._token
        if token is not None and now < token.expires_at:
            if now >= token.renew_at and not self._failed_lately(now):
                self._start_refresh()
            return token
        if not self._failed_lately(now):
            token = await asyncio.shield(self._start_refresh())
            if token is not None:
                return token
        # A new exception each time: one that is kept would keep the frames of all who ever raised it.
        raise local_failure(ErrorKind.CREDENTIALS, self._failure[1] if self._failure else "")

    async def close(self) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refresh
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _failed_lately(self, now: float) -> bool:
        return self._failure is not None and now < self._failure[0]

    def _start_refresh(self) -> asyncio.Task[Token | None]:
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.get_running_loop().create_task(self._fetch(), name="token-refresh")
        return self._refresh

    async def _fetch(self) -> Token | None:
        """A new token; None, and the failure remembered, where no source has one."""
        reasons = []
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT):
                for source in self._sources:
                    try:
                        token = await (self._from_gcloud() if source == "gcloud" else self._from_google_auth())
                    except _NoToken as error:
                        reasons.append(f"{source}: {error}")
                        log.info("credentials: no token", source=source, why=str(error))
                    else:
                        self._token, self._failure = token, None
                        return token
        except TimeoutError:
            reasons.append(f"no token within {TOTAL_TIMEOUT:.0f} s")
        self._failure = (self._clock() + REMEMBER_FAILURE, "; ".join(reasons))
        log.warning("credentials: no access token", tried=reasons)
        return None

    async def _from_gcloud(self) -> Token:
        program = shutil.which("gcloud")
        if program is None:
            raise _NoToken("not installed")
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *GCLOUD,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise _NoToken(f"does not start ({type(error).__name__})") from error
        status: int | None = None
        try:
            async with asyncio.timeout(GCLOUD_TIMEOUT):
                output = await _output(process.stdout)
                status = await process.wait()
        except TimeoutError:
            raise _NoToken(f"no answer within {GCLOUD_TIMEOUT:.0f} s") from None
        finally:
            if status is None:
                await _kill(process)
        if status != 0:
            raise _NoToken(f"exit status {status}")
        found = ONE_TOKEN.fullmatch(output)
        if found is None:
            raise _NoToken("printed something other than one token")
        now = self._clock()
        # gcloud does not say when its token ends; one hour is Google's default.
        return Token(found[1].decode(), "gcloud", now + GCLOUD_RENEW_AFTER, now + 3000.0)

    async def _from_google_auth(self) -> Token:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._google_auth_token)

    def _google_auth_token(self) -> Token:
        # Imported here: it takes long and only some deployments need it.
        import google.auth.transport.requests
        from google.auth.exceptions import GoogleAuthError

        try:
            if self._google is None:
                self._google, _ = google.auth.default(scopes=[SCOPE])
            credentials = self._google
            request = google.auth.transport.requests.Request()
            credentials.refresh(partial(request, timeout=HTTP_TIMEOUT))
        except GoogleAuthError as error:
            self._google = None  # a mended key file is read again
            raise _NoToken(_sentence(error)) from error
        except Exception as error:
            # Whatever a malformed file makes of it: a list instead of an object, a number instead of a key.
            self._google = None
            raise _NoToken(type(error).__name__) from error
        if not isinstance(credentials.token, str) or not ONE_TOKEN.fullmatch(credentials.token.encode()):
            raise _NoToken("the credentials gave no token")
        now, left = self._clock(), 3600.0
        if credentials.expiry is not None:
            left = (credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
        return Token(
            credentials.token,
            "google-auth",
            now + max(0.0, left - RENEW_BEFORE_EXPIRY),
            now + max(0.0, left - 10.0),
            getattr(credentials, "quota_project_id", None) or "",
            getattr(credentials, "service_account_email", None) or getattr(credentials, "account", None) or "",
        )


async def _output(stdout: asyncio.StreamReader | None) -> bytes:
    """All that a process prints, if it is short enough to be a token."""
    output = b""
    while stdout and (piece := await stdout.read(MAX_OUTPUT)):
        output += piece
        if len(output) > MAX_OUTPUT:
            raise _NoToken("printed something other than one token")
    return output


async def _kill(process: asyncio.subprocess.Process) -> None:
    """End a process with its children: gcloud is a shell script, and its end need not be theirs."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            # What still lies in the pipe keeps its transport open until somebody reads it.
            while process.stdout is not None and await process.stdout.read(65536):
                pass
            await process.wait()


def _sentence(error: Exception) -> str:
    """google-auth's own words, on one line: they name files and accounts, never key material."""
    words = str(error.args[0]) if error.args else ""
    return f"{type(error).__name__}: {' '.join(words.split())[:200]}"
