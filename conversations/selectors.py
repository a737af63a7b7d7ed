"""Everything that the pages and the API read of the record. Each function runs one query, but for messages: another
one says first how much they are.

Rows are given to their owner only; asking for somebody else's gives the same answer as asking for nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Length

from conversations.models import Conversation, Message, Session


@dataclass(frozen=True, slots=True)
class ConversationItem:
    id: UUID
    title: str
    family: str
    pinned_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MessageItem:
    """A message as its owner sees it; `usage` is in tokens, `first_output_ms` in milliseconds."""

    id: UUID
    client_id: str | None
    position: int
    role: str
    modality: str
    text: str
    parts: list[Any]
    transport: str
    model: str
    status: str
    usage: dict[str, Any]
    first_output_ms: int | None
    created_at: datetime
    completed_at: datetime | None


BUDGET = 1_000_000
_SIZE = Length("text") + Length(Cast("parts", TextField())) + Length(Cast("usage", TextField()))
_CONVERSATION_FIELDS = tuple(ConversationItem.__dataclass_fields__)
_MESSAGE_FIELDS = tuple(MessageItem.__dataclass_fields__)


def conversations_of(*, user_id: int, limit: int = 50, before: datetime | None = None) -> list[ConversationItem]:
    """The user's conversations that are not pinned, last used first. `before` takes the `updated_at` of the last one
    of a page."""
    mine = Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True, pinned_at__isnull=True)
    mine = mine.order_by("-updated_at", "-pk")
    if before is not None:
        mine = mine.filter(updated_at__lt=before)
    return [ConversationItem(*row) for row in mine.values_list(*_CONVERSATION_FIELDS)[:limit]]


def pinned_of(*, user_id: int) -> list[ConversationItem]:
    """All of the user's pinned conversations, last used first; whoever pins makes sure that they stay few."""
    mine = Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True, pinned_at__isnull=False)
    return [ConversationItem(*row) for row in mine.order_by("-updated_at").values_list(*_CONVERSATION_FIELDS)]


def conversations_by_id(*, user_id: int, ids: Collection[UUID]) -> dict[UUID, ConversationItem]:
    """Those of the user's conversations that have one of `ids`."""
    mine = Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True, pk__in=ids)
    return {row[0]: ConversationItem(*row) for row in mine.values_list(*_CONVERSATION_FIELDS)}


def conversations_from(*, user_id: int, after: UUID | None, limit: int) -> list[ConversationItem]:
    """All of the user's conversations in the order of their ids, for reading them piece by piece."""
    mine = Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True).order_by("pk")
    if after is not None:
        mine = mine.filter(pk__gt=after)
    return [ConversationItem(*row) for row in mine.values_list(*_CONVERSATION_FIELDS)[:limit]]


def processes_with_open_sessions() -> set[str]:
    """The names of the processes that open sessions are said to be at, dead ones among them."""
    return set(Session.objects.filter(ended_at__isnull=True).values_list("process", flat=True).distinct())


def conversation_of(*, conversation_id: UUID, user_id: int) -> ConversationItem | None:
    """One conversation of that user, or None."""
    mine = Conversation.objects.filter(pk=conversation_id, owner_id=user_id, deleted_at__isnull=True)
    row = mine.values_list(*_CONVERSATION_FIELDS).first()
    return None if row is None else ConversationItem(*row)


def messages_of(
    *, conversation_id: UUID, user_id: int, after_position: int = -1, limit: int, budget: int = BUDGET
) -> tuple[list[MessageItem], bool]:
    """The first messages after a position, and whether there are more; see `first_messages`."""
    messages = _thread(conversation_id, user_id).filter(position__gt=after_position)
    found, more = first_messages(messages, limit=limit, budget=budget)
    return [MessageItem(*row) for row in found.values_list(*_MESSAGE_FIELDS)], more


def messages_before(
    *, conversation_id: UUID, user_id: int, before_position: int, limit: int, budget: int = BUDGET
) -> tuple[list[MessageItem], bool]:
    """The last messages before a position, in their order, and whether there are earlier ones."""
    messages = _thread(conversation_id, user_id).filter(position__lt=before_position)
    found, more = first_messages(messages, limit=limit, budget=budget, backwards=True)
    return [MessageItem(*row) for row in found.values_list(*_MESSAGE_FIELDS)], more


def _thread(conversation_id: UUID, user_id: int) -> QuerySet[Message]:
    return Message.objects.filter(
        conversation_id=conversation_id,
        conversation__owner_id=user_id,
        conversation__deleted_at__isnull=True,
        replaced_at__isnull=True,
    )


def first_messages(
    messages: QuerySet[Message], *, limit: int, budget: int, backwards: bool = False
) -> tuple[QuerySet[Message], bool]:
    """The first of one conversation's messages, or the last: at most `limit`, and no further one where they would come
    to more than `budget` characters together. A message may hold a million. Reads the sizes; the messages are not read
    yet."""
    sizes = list(
        messages.order_by("-position" if backwards else "position").values_list("position", _SIZE)[: limit + 1]
    )
    taken, spent = 0, 0
    for _, size in sizes[:limit]:
        spent += size
        if taken and spent > budget:
            break
        taken += 1
    if not taken:
        return messages.none(), False
    edge = sizes[taken - 1][0]
    kept = messages.filter(position__gte=edge) if backwards else messages.filter(position__lte=edge)
    return kept.order_by("position"), taken < len(sizes)


def messages_replaced(*, conversation_id: UUID) -> int:
    """How many messages others took the place of."""
    return Message.objects.filter(conversation_id=conversation_id, replaced_at__isnull=False).count()


def conversation_exists(*, conversation_id: UUID) -> bool:
    """Whoever's it is."""
    return Conversation.objects.filter(pk=conversation_id).exists()


def goes_on_at(*, conversation_id: UUID, position: int) -> bool:
    """Whether the thread is as it was when its next message was to stand at `position`: nothing was added, and
    nothing taken out, which would have ended with the last message."""
    messages = Message.objects.filter(conversation_id=conversation_id).order_by("-position")
    return messages.values_list("position", "replaced_at").first() == (position - 1, None)
