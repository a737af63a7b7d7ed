"""What people do with their own conversations: rename, pin, delete and take the deletion back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from conversations.models import Conversation, Message
from conversations.services.unfinished import messages_close

MOST_PINS = 100
UNDO_WITHIN = timedelta(minutes=10)
ERASED_A_CALL = 50
DELETED_AT_ONCE = 500


class TooManyPins(Exception):
    """No more than `MOST_PINS` conversations of one person are pinned."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many conversations, and the sessions that lost theirs, which do not know yet."""

    conversations: int
    sessions: list[UUID]


def conversation_change(
    *, conversation_id: UUID, user_id: int, now: datetime, title: str | None = None, pinned: bool | None = None
) -> bool:
    """Gives it another title, pins it or unpins it. False where that user has no such conversation. That it was used
    last stays as it is. Raises `TooManyPins`."""
    with transaction.atomic():
        conversation = _mine(user_id).select_for_update(no_key=True).filter(pk=conversation_id).first()
        if conversation is None:
            return False
        if title is not None:
            conversation.title = title
        if pinned is True and conversation.pinned_at is None:
            if _mine(user_id).filter(pinned_at__isnull=False).count() >= MOST_PINS:
                raise TooManyPins
            conversation.pinned_at = now
        elif pinned is False:
            conversation.pinned_at = None
        conversation.save(update_fields=["title", "pinned_at"])
    return True


def conversation_delete(*, conversation_id: UUID, user_id: int, now: datetime) -> Deleted:
    """Its owner does not see it any more, and whoever serves it loses it."""
    return _delete(_mine(user_id).filter(pk=conversation_id), now)


def conversations_delete(*, user_id: int, now: datetime) -> Deleted:
    """The same with all of one person's conversations."""
    return _delete(_mine(user_id), now)


def conversation_restore(*, conversation_id: UUID, user_id: int) -> bool:
    """Takes the deletion back, as long as nothing was erased."""
    deleted = Conversation.objects.filter(pk=conversation_id, owner_id=user_id, deleted_at__isnull=False)
    return deleted.update(deleted_at=None) > 0


def erase_deleted(*, now: datetime) -> int:
    """Erases what was deleted longer ago than it can be undone, at most 50 conversations a call, with all that
    belongs to them. Returns how many."""
    late = Conversation.objects.filter(deleted_at__lt=now - UNDO_WITHIN).order_by("deleted_at")
    chosen = list(late.values_list("pk", flat=True)[:ERASED_A_CALL])
    if chosen:
        Conversation.objects.filter(pk__in=chosen, deleted_at__isnull=False).delete()
    return len(chosen)


def _mine(user_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True)


def _delete(conversations: QuerySet[Conversation], now: datetime) -> Deleted:
    """Locks in the order of ids, as everybody does who takes more than one."""
    with transaction.atomic():
        locked = conversations.select_for_update(no_key=True).order_by("pk")
        holders = dict(locked.values_list("pk", "lease_session"))
        for pks in batched(holders, DELETED_AT_ONCE):
            Conversation.objects.filter(pk__in=pks).update(
                deleted_at=now, fence=F("fence") + 1, lease_session=None, lease_until=None
            )
            messages_close(Message.objects.filter(conversation_id__in=pks), now)
    return Deleted(len(holders), [session for session in holders.values() if session is not None])
