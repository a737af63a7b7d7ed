"""Personal keys for programs: issued once in plain text, found by digest, used, revoked. Blocking."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from live_proxy.commands import tell
from live_proxy.models import ApiToken, ControlCommand

MAX_TOKENS = 50
MAX_KEY = 200
PREFIX = 11
EPHEMERAL = "auth_tokens/"  # how Google's SDKs spell a token that is not an API key
USED_EVERY = timedelta(minutes=1)

Standing = Literal["ok", "revoked", "expired", "inactive", "scope"]


class TooManyTokens(Exception):
    """The user has as many active tokens as one may have."""


def issue(
    user: AbstractBaseUser, name: str, *, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its key, which nobody can read again. Raises `TooManyTokens`."""
    if ApiToken.objects.filter(user_id=user.pk, revoked_at=None).count() >= MAX_TOKENS:
        raise TooManyTokens
    key = "lp_" + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user_id=user.pk,
        name=name,
        prefix=key[:PREFIX],
        digest=_digest(key),
        scopes=list(scopes),
        expires_at=expires_at,
    )
    return token, key


def find(key: str) -> ApiToken | None:
    """The token of a key, whatever its state."""
    key = key.removeprefix(EPHEMERAL)
    if not 0 < len(key) <= MAX_KEY:
        return None
    return ApiToken.objects.select_related("user").filter(digest=_digest(key)).first()


def standing(token: ApiToken, scope: str, now: datetime) -> Standing:
    """Whether the token opens `scope`, or why not."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is not None and token.expires_at <= now:
        return "expired"
    if not token.user.is_active:
        return "inactive"
    return "ok" if scope in token.scopes else "scope"


def used(token_id: int, now: datetime) -> None:
    """Note the use, at most once a minute."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    ApiToken.objects.filter(stale, pk=token_id).update(last_used_at=now)


def revoke(token: ApiToken, now: datetime) -> None:
    """End the token and every socket that it opened, at any process."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            tell(ControlCommand.Kind.CLOSE_LOGIN, login_of_token(token.pk))


def login_of_token(token_id: int) -> str:
    """What the sockets opened by a token are known by."""
    return f"token-{token_id}"


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "replace")).hexdigest()
