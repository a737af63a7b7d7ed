"""Who owns a conversation: a lease in the database, a fencing number that only grows, and a heartbeat."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Expression, Max, Q, QuerySet, Value, When

from conversations.models import Conversation, Message, Role, Session, Status
from conversations.services.measures import Bytes, HoldsMoreThanThoughts
from conversations.services.sweeping import ABANDONED, ABANDONED_CLOSE_CODE
from conversations.services.unfinished import messages_close

HISTORY_LIMIT = 200
EARLIER_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One message as the next upstream and the recognition of repeated client ids need it.

    `said`: of an answer that was cut off, whether it has more than thoughts. `text` is empty where it was not read.
    """

    id: UUID
    client_id: str | None
    position: int
    role: str
    status: str
    said: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the new owner of a conversation starts from.

    `fence` goes into every `MessageSaved`; `next_position` is 1 in an empty conversation; `previous_session`
    is set only where another session still held the lease; `history` is oldest first, the newest 200; `earlier` are
    those before it, at most 2000, without their texts.
    """

    fence: int
    next_position: int
    family: str
    title: str
    previous_session: UUID | None
    history: list[HistoryItem]
    earlier: list[HistoryItem]

    def goes_on_at(self, position: int) -> bool:
        """Whether the thread is as it was when its next message was to stand at `position`. What its owner took out
        of it since always ended with the last message."""
        whole = bool(self.history) and self.history[-1].position == self.next_position - 1
        return whole and self.next_position == position


def conversation_claim(
    *,
    conversation_id: UUID,
    user_id: int,
    session_id: UUID,
    now: datetime,
    lease_until: datetime,
    history_bytes: int = 0,
) -> Claim | None:
    """Makes `session_id` the owner of a conversation of that user; None when there is no such conversation.

    Someone else's conversation gives the same answer as an unknown one. Whoever held it before finds its
    writes refused from here on, and what it had under way is closed; `history` has it as it was, with the newest
    texts that are no longer than `history_bytes` together: all this is read while others wait for the lock.
    """
    with transaction.atomic():
        mine = Conversation.objects.select_for_update(no_key=True).filter(
            pk=conversation_id, owner_id=user_id, deleted_at__isnull=True
        )
        conversation = mine.first()
        if conversation is None:
            return None
        held = conversation.lease_until is not None and conversation.lease_until > now
        previous = conversation.lease_session if held and conversation.lease_session != session_id else None
        conversation.fence += 1
        conversation.lease_session = session_id
        conversation.lease_until = lease_until
        conversation.save(update_fields=["fence", "lease_session", "lease_until"])
        last = Message.objects.filter(conversation_id=conversation_id).aggregate(last=Max("position"))["last"]
        history = _history_of(conversation_id, history_bytes)
        messages_close(Message.objects.filter(conversation_id=conversation_id), now)
        return Claim(
            fence=conversation.fence,
            next_position=1 if last is None else last + 1,
            family=conversation.family,
            title=conversation.title,
            previous_session=previous,
            history=history,
            earlier=_before(conversation_id, history) if len(history) == HISTORY_LIMIT else [],
        )


def _history_of(conversation_id: UUID, room: int) -> list[HistoryItem]:
    newest = list(_items(_thread(conversation_id), Bytes("text"))[:HISTORY_LIMIT])
    fitting = []
    for pk, _, _, role, status, _, size in newest:
        if role in (Role.USER, Role.MODEL) and status in (Status.COMPLETE, Status.INTERRUPTED):
            room -= size
            if room < 0:
                break  # what comes before a gap is no use
            fitting.append(pk)
    texts = dict(Message.objects.filter(pk__in=fitting).values_list("pk", "text"))
    return [replace(HistoryItem(*row), text=texts.get(row[0], "")) for *row, _ in reversed(newest)]


def _before(conversation_id: UUID, history: list[HistoryItem]) -> list[HistoryItem]:
    older = _thread(conversation_id).filter(position__lt=history[0].position)
    return [HistoryItem(*row) for row in reversed(_items(older)[:EARLIER_LIMIT])]


def _items(messages: QuerySet[Message], *more: Expression) -> QuerySet[Message, tuple[Any, ...]]:
    """The fields of a `HistoryItem` but for its text, and `more`. Of parts only an answer that was cut off is asked."""
    cut_off = Q(role=Role.MODEL, status=Status.INTERRUPTED)
    said = Case(When(~Q(text=""), Value(True)), When(cut_off, HoldsMoreThanThoughts("parts")), default=Value(False))
    return messages.values_list("pk", "client_id", "position", "role", "status", said, *more)


def _thread(conversation_id: UUID) -> QuerySet[Message]:
    """Newest first."""
    return Message.objects.filter(conversation_id=conversation_id, replaced_at__isnull=True).order_by("-position")


def lease_release(*, conversation_id: UUID, session_id: UUID) -> None:
    """Gives the conversation up, if `session_id` still holds it. The fence stays, so late writes still count."""
    Conversation.objects.filter(pk=conversation_id, lease_session=session_id).update(
        lease_session=None, lease_until=None
    )


def sessions_heartbeat(*, fences: Mapping[UUID, int], now: datetime, lease_until: datetime) -> set[UUID]:
    """Says that these sessions live, extends the leases they hold, and returns those that lost theirs.

    `fences` has the number that each session writes with: where nobody holds its conversation, a higher one there
    tells a conversation that was taken away from a lease that a sweeper ended. A session that a sweeper took for
    dead is opened again: its process was slow or cut off, not gone.
    """
    if not fences:
        return set()
    with transaction.atomic():
        alive = Session.objects.select_for_update(no_key=True).filter(pk__in=set(fences)).order_by("pk")
        rows = list(alive.values_list("pk", "conversation_id", "ended_at", "close_reason"))
        ids = [pk for pk, _, ended_at, reason in rows if ended_at is None or reason == ABANDONED]
        Session.objects.filter(pk__in=ids).update(heartbeat_at=now)
        if any(ended_at is not None for pk, _, ended_at, _ in rows if pk in ids):
            Session.objects.filter(pk__in=ids, close_code=ABANDONED_CLOSE_CODE).update(
                ended_at=None, close_code=None, close_reason=""
            )
        joined = {conversation_id for _, conversation_id, _, _ in rows} - {None}
        locked = Conversation.objects.select_for_update(no_key=True).filter(pk__in=joined).order_by("pk")
        held = {pk: (holder, fence) for pk, holder, fence in locked.values_list("pk", "lease_session", "fence")}
        Conversation.objects.filter(pk__in=joined, lease_session__in=ids).update(lease_until=lease_until)
    lost = set()
    for pk, conversation_id, _, _ in rows:
        holder, fence = held.get(conversation_id, (pk, 0))
        if holder != pk and (holder is not None or fence > fences[pk]):
            lost.add(pk)
    return lost
