"""Erases for good what its owner deleted and can no longer take back: piece by piece, so that nobody who writes has to
wait for long. SQLite has one lock for all writers, and each message leaves an index of words with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Length

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.services.library import UNDO_WITHIN

CONVERSATIONS_A_PIECE = 50
ROWS_A_PIECE = 200
CHARACTERS_A_PIECE = 1_000_000
BEGUN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Erased:
    """How many conversations are gone, and whether another call would find more to do."""

    conversations: int
    more: bool


@dataclass(slots=True)
class _Room:
    """What one piece may still take."""

    rows: int
    characters: int

    @property
    def none(self) -> bool:
        return self.rows <= 0 or self.characters <= 0


def erase_piece(*, now: datetime) -> Erased:
    """Erases some of what was deleted longer ago than it can be undone, with all that belongs to it.

    A conversation that is too long for one piece counts as deleted ages ago from its first one on, so that no clock
    and no waiting brings a part of it back. What somebody else works on is passed over.
    """
    room, erased = _Room(ROWS_A_PIECE, CHARACTERS_A_PIECE), 0
    with transaction.atomic():
        late = Conversation.objects.filter(deleted_at__lt=now - UNDO_WITHIN).order_by("deleted_at")
        chosen = list(late.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CONVERSATIONS_A_PIECE])
        for pk in chosen:
            if not _erase(pk, room):
                Conversation.objects.filter(pk=pk).update(deleted_at=BEGUN)
            else:
                erased += 1
            if room.none:
                break
    return Erased(erased, more=room.none or erased == CONVERSATIONS_A_PIECE)


def _erase(conversation_id: UUID, room: _Room) -> bool:
    """Whether all of it is gone."""
    of_sessions = {"session__conversation_id": conversation_id}
    for rows in (
        FallbackEvent.objects.filter(**of_sessions),
        Message.objects.filter(conversation_id=conversation_id),
        TransportAttempt.objects.filter(**of_sessions),
        # Batches lock sessions before conversations: one that is locked now is left for another time.
        Session.objects.select_for_update(skip_locked=True).filter(conversation_id=conversation_id),
    ):
        _delete_some(rows, room)
        if room.none:
            return False
    if Session.objects.filter(conversation_id=conversation_id).exists():
        return False
    Conversation.objects.filter(pk=conversation_id).delete()
    room.rows -= 1
    return True


def _delete_some(rows: QuerySet[Any], room: _Room) -> None:
    if rows.model is Message:
        pks = list(_within(rows.values_list("pk", Length("text"))[: room.rows], room))
    else:
        pks = list(rows.values_list("pk", flat=True)[: room.rows])
    room.rows -= len(pks)
    if pks:
        rows.model.objects.filter(pk__in=pks).only("pk").delete()


def _within(sized: Iterable[tuple[UUID, int]], room: _Room) -> Iterable[UUID]:
    """The first of these that there is room for; one of any size where there is some at all."""
    for pk, characters in sized:
        if room.none:
            return
        room.characters -= characters
        yield pk
