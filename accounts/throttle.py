"""Sign-in that is refused before a password is hashed, because one hash costs most of a second of CPU.

Failures are rows in the database, so every process counts the same ones and a restart forgets nothing. An
attempt is counted before its hash and taken back when it succeeds: parallel guesses cannot slip past the limit.
"""

import ipaddress
import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

from accounts.models import LoginFailure

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    fields: tuple[str, ...]
    failures: int
    window: timedelta


LIMITS = (
    Limit(("username_hash", "ip"), 5, timedelta(minutes=15)),
    Limit(("ip",), 20, timedelta(minutes=15)),
    Limit(("username_hash",), 100, timedelta(days=1)),
)
LONGEST_WINDOW = max(limit.window for limit in LIMITS)

HASHES_AT_ONCE = 2
WAIT_FOR_A_HASH = 3.0
_hash_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)


class SignInRefused(ValidationError):
    """Every form that calls `authenticate` shows it as its error; `wait` is in seconds."""

    def __init__(self, message: Any, code: str, wait: int) -> None:
        super().__init__(message, code=code)
        self.wait = wait


class TooManyFailures(SignInRefused):
    def __init__(self, wait: int) -> None:
        minutes = math.ceil(wait / 60)
        hours = math.ceil(wait / 3600)
        if minutes < 60:
            text = ngettext(
                "Too many failed attempts. Please wait %(count)d minute, then try again.",
                "Too many failed attempts. Please wait %(count)d minutes, then try again.",
                minutes,
            ) % {"count": minutes}
        else:
            text = ngettext(
                "Too many failed attempts. Please wait %(count)d hour, then try again.",
                "Too many failed attempts. Please wait %(count)d hours, then try again.",
                hours,
            ) % {"count": hours}
        super().__init__(text, code="throttled", wait=wait)


class TooBusy(SignInRefused):
    def __init__(self) -> None:
        super().__init__(_("The server is busy. Please try again in a moment."), code="busy", wait=2)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """At most `HASHES_AT_ONCE` password hashes run in this process, whoever asks for them."""
    if not _hash_slots.acquire(timeout=WAIT_FOR_A_HASH):
        raise TooBusy
    try:
        yield
    finally:
        _hash_slots.release()


def address_of(request: HttpRequest | None) -> str:
    """The peer's address; an IPv6 client owns its whole /64 and is counted by it.

    Behind a proxy (SECURE_PROXY_SSL_HEADER is set) it is the last hop of X-Forwarded-For: the one our own proxy
    wrote. Everything left of it is the client's claim.
    """
    if request is None:
        return "unknown"
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        address = forwarded.rsplit(",", 1)[-1].strip()
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def hash_of(username: str) -> str:
    spelled_alike = username.casefold().encode("utf-8", "replace")
    return salted_hmac("accounts.throttle", spelled_alike, algorithm="sha256").hexdigest()


def seconds_to_wait(who: dict[str, str], now: datetime, *, counting_this_one: bool = False) -> int:
    """0 when another attempt is allowed, else the time until the oldest failure that matters has passed."""
    longest = timedelta(0)
    for limit in LIMITS:
        allowed = limit.failures + int(counting_this_one)
        rows = LoginFailure.objects.filter(at__gt=now - limit.window, **{name: who[name] for name in limit.fields})
        decisive = rows.order_by("-at").values_list("at", flat=True)[allowed - 1 : allowed].first()
        if decisive is not None:
            longest = max(longest, decisive + limit.window - now)
    return math.ceil(longest.total_seconds())


class ThrottledModelBackend(ModelBackend):
    """Django's accounts, behind the throttle. Unknown names still cost one hash, as Django does it."""

    @sensitive_variables("password")
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        who = {"username_hash": hash_of(username), "ip": address_of(request)}
        now = timezone.now()
        self._refuse_if_throttled(who, now)
        with hashing_slot():
            counted = LoginFailure.objects.create(at=now, **who)
            try:
                self._refuse_if_throttled(who, now, counting_this_one=True)
            except TooManyFailures:
                counted.delete()
                raise
            user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            LoginFailure.objects.filter(at__lt=now - LONGEST_WINDOW).delete()
            logger.warning("Sign-in failed from %s (name %s)", who["ip"], who["username_hash"][:12])
            return None
        LoginFailure.objects.filter(**who).delete()
        return user

    @sensitive_variables("password")
    async def aauthenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        # Django's own coroutine would hash on the event loop's thread and know nothing of the throttle.
        return await sync_to_async(self.authenticate)(request, username=username, password=password, **kwargs)

    def _refuse_if_throttled(self, who: dict[str, str], now: datetime, *, counting_this_one: bool = False) -> None:
        wait = seconds_to_wait(who, now, counting_this_one=counting_this_one)
        if wait > 0:
            logger.warning("Sign-in throttled from %s (name %s), %d s", who["ip"], who["username_hash"][:12], wait)
            raise TooManyFailures(wait)
