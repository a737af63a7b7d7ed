"""Handles: how a program finds its conversation again, here or at another process. Blocking, for the database's
threads.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import IntegrityError

from conversations.models import Conversation
from live_proxy.breaker.rules import key_of
from live_proxy.candidates import Candidate
from live_proxy.config import encryption_keys
from live_proxy.models import Resumption
from live_proxy.session.program import Kept

LIFE = timedelta(hours=2)
MAX_HANDLE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a handle stands for. `upstream` is Google's own handle with the key of the candidate that gave it."""

    conversation_id: UUID
    family: str
    position: int
    candidate: str
    upstream: str


def new_handle() -> str:
    return secrets.token_urlsafe(32)


def keep(
    kept: Kept,
    *,
    session_id: UUID,
    handle: str,
    user_id: int,
    conversation_id: UUID,
    fence: int,
    family: str,
    now: datetime,
) -> bool:
    """Make `handle` good for `kept`. Says no where the conversation has no row (yet, or any more), or another may
    write to it meanwhile: what this session knows is not what is on record then."""
    if not Conversation.objects.filter(pk=conversation_id, fence=fence).exists():
        return False
    try:
        Resumption.objects.update_or_create(
            session=session_id,
            defaults={
                "digest": _digest(handle),
                "user_id": user_id,
                "conversation_id": conversation_id,
                "family": family,
                "candidate": key_of(kept.candidate) if kept.candidate and kept.handle else "",
                "upstream_handle": _cipher().encrypt(kept.handle.encode()) if kept.handle else b"",
                "position": kept.position,
                "expires_at": now + LIFE,
            },
        )
    except IntegrityError:
        return False
    return True


def find(handle: str, *, user_id: int, now: datetime) -> Found | None:
    """What a handle stands for, where it is this user's and still good."""
    if not 0 < len(handle) <= MAX_HANDLE:
        return None
    row = Resumption.objects.filter(digest=_digest(handle), user_id=user_id, expires_at__gt=now).first()
    if row is None:
        return None
    return Found(row.conversation_id, row.family, row.position, row.candidate, _plain(bytes(row.upstream_handle)))


def forget_expired(now: datetime) -> int:
    return Resumption.objects.filter(expires_at__lte=now).delete()[0]


def candidate_of(found: Found, candidates: tuple[Candidate, ...]) -> tuple[Candidate, str] | None:
    """The candidate that can go on with Google's session, and its handle."""
    if not found.upstream:
        return None
    return next(((each, found.upstream) for each in candidates if key_of(each) == found.candidate), None)


def _digest(handle: str) -> str:
    return sha256(handle.encode()).hexdigest()


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in encryption_keys()])


def _plain(sealed: bytes) -> str:
    """Empty where it was sealed with a key that is no longer known."""
    try:
        return _cipher().decrypt(sealed).decode() if sealed else ""
    except InvalidToken:
        return ""
