"""Who a browser's cookie belongs to, for sockets: Django's own session and user rules, in one blocking call."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.models import AbstractBaseUser
from django.http.cookie import parse_cookie

from live_proxy.config import session_cookie, session_store


def session_key(headers: list[tuple[bytes, bytes]]) -> str:
    """The session cookie of an ASGI scope's headers, empty where there is none."""
    # Django's own reading: one cookie of another program that is odd must not hide ours.
    cookies = (parse_cookie(value.decode("latin-1")) for name, value in headers if name == b"cookie")
    return next((key for found in cookies if (key := found.get(session_cookie(), ""))), "")


def user_of_session(key: str) -> AbstractBaseUser | None:
    """The active user of a session that is still valid (not logged out, expired, or from before a change of
    password), else None. Blocking."""
    if not key:
        return None
    request: Any = SimpleNamespace(session=session_store(key))
    user = get_user(request)
    return user if isinstance(user, AbstractBaseUser) and user.is_active else None


def login_of(key: str) -> str:
    """A name for one sign-in that gives the session key away to nobody."""
    return sha256(key.encode()).hexdigest()
