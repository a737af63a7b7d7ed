"""What people do with their own conversations: rename, pin, delete and take the deletion back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, QuerySet

from conversations.models import Conversation, Message
from conversations.services.unfinished import messages_close

MOST_PINS = 100
UNDO_WITHIN = timedelta(minutes=10)
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
        if pinned:
            _lock_pins(user_id)
        conversation = _mine(user_id).select_for_update(no_key=True).filter(pk=conversation_id).first()
        if conversation is None:
            return False
        if title is not None:
            conversation.title = title
        if pinned is True and conversation.pinned_at is None:
            if _no_more_pins(user_id):
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


def conversation_restore(*, conversation_id: UUID, user_id: int, now: datetime) -> bool:
    """Takes a deletion back, for `UNDO_WITHIN`: from then on it may be erased at any moment. It comes back unpinned
    where as many as may be are pinned. False where there is nothing to take back."""
    with transaction.atomic():
        _lock_pins(user_id)
        deleted = Conversation.objects.select_for_update(no_key=True).filter(
            pk=conversation_id, owner_id=user_id, deleted_at__gte=now - UNDO_WITHIN
        )
        conversation = deleted.first()
        if conversation is None:
            return False
        if _no_more_pins(user_id):
            conversation.pinned_at = None
        conversation.deleted_at = None
        conversation.save(update_fields=["deleted_at", "pinned_at"])
    return True


def _mine(user_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True)


def _lock_pins(user_id: int) -> None:
    """Two who pin at the same time would both find room for one more."""
    get_user_model().objects.select_for_update(no_key=True).filter(pk=user_id).first()


def _no_more_pins(user_id: int) -> bool:
    return _mine(user_id).filter(pinned_at__isnull=False).count() >= MOST_PINS


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
