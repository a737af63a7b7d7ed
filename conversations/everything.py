"""All that is on record of one person's conversations, for taking it along. Each function reads piece by piece: one
or two queries a piece, none of them open between two pieces, and no piece grows without bound.

Rows are plain dictionaries by the names of the record. What Google said word for word, and the names of our own
machines, are for the review alone.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from conversations.models import FallbackEvent, Message, Session, TransportAttempt
from conversations.selectors import BUDGET, ConversationItem, conversations_from, first_messages

ROWS = 200
Row = dict[str, Any]

_MESSAGE = (
    *("id", "client_id", "session", "position", "role", "modality", "text", "parts", "transport", "model", "attempt"),
    *("status", "usage", "first_output_ms", "created_at", "completed_at", "replaced_at"),
)
_SESSION = ("id", "client", "started_at", "ended_at", "close_code", "close_reason")
_ATTEMPT = (
    *("id", "session", "transport", "platform", "location", "model", "started_at", "duration_ms", "outcome"),
    *("error_kind", "http_status", "close_code"),
)
_FALLBACK = (
    *("id", "session", "message", "from_attempt", "to_attempt", "from_transport", "to_transport", "reason"),
    "created_at",
)


def conversations_of_person(user_id: int) -> Iterator[ConversationItem]:
    """In the order of their ids."""
    after: UUID | None = None
    while rows := conversations_from(user_id=user_id, after=after, limit=ROWS):
        yield from rows
        after = rows[-1].id


def messages_on_record(conversation_id: UUID, user_id: int, *, replaced: bool) -> Iterator[list[Row]]:
    """In the order of the thread; with those that were `replaced`, or without."""
    mine = Message.objects.filter(
        conversation_id=conversation_id, conversation__owner_id=user_id, conversation__deleted_at__isnull=True
    )
    if not replaced:
        mine = mine.filter(replaced_at__isnull=True)
    after, more = -1, True
    while more:
        found, more = first_messages(mine.filter(position__gt=after), limit=ROWS, budget=BUDGET)
        if rows := list(found.values(*_MESSAGE)):
            yield rows
            after = rows[-1]["position"]
        else:
            more = False


def how_it_was_carried(user_id: int, conversation_id: UUID | None) -> Iterator[tuple[str, Iterator[list[Row]]]]:
    """`sessions`, `attempts` and `fallbacks` of a conversation of that person, oldest first; without one, those of the
    visits in which nothing was said."""
    sessions = Session.objects.filter(user_id=user_id)
    if conversation_id is None:
        sessions = sessions.filter(conversation__isnull=True)
    else:
        sessions = sessions.filter(conversation_id=conversation_id, conversation__deleted_at__isnull=True)
    yield "sessions", _oldest_first(sessions, "started_at", _SESSION)
    yield "attempts", _oldest_first(TransportAttempt.objects.filter(session__in=sessions), "started_at", _ATTEMPT)
    yield "fallbacks", _oldest_first(FallbackEvent.objects.filter(session__in=sessions), "created_at", _FALLBACK)


def _oldest_first[T: Model](rows: QuerySet[T], when: str, fields: tuple[str, ...]) -> Iterator[list[Row]]:
    rows = rows.order_by(when, "pk")
    later = rows
    while found := list(later.values(*fields)[:ROWS]):
        yield found
        last: datetime = found[-1][when]
        later = rows.filter(Q(**{f"{when}__gt": last}) | Q(**{when: last, "pk__gt": found[-1]["id"]}))
