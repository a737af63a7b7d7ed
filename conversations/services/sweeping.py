"""Closes what a dead process left open, judged by its heartbeat, or by word that it is dead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from conversations.models import Conversation, Message, Outcome, Session, TransportAttempt
from conversations.services.unfinished import messages_close

ABANDONED = "abandoned"
ABANDONED_CLOSE_CODE = 1006
SESSIONS_A_SWEEP = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows were closed."""

    sessions: int = 0
    attempts: int = 0
    messages: int = 0


def sessions_sweep(*, now: datetime, stale_after: timedelta, dead: Collection[str] = ()) -> Swept:
    """Ends the sessions that were not heard of for `stale_after`, and those of the processes that are known to be
    `dead`, at most 500 a call, oldest first.

    They end at their last heartbeat. Model messages that were under way become interrupted when something of
    them was said, else failed. A second sweeper at the same time passes over what the first one holds.
    """
    with transaction.atomic():
        stale = list(
            Session.objects.select_for_update(no_key=True, skip_locked=True)
            .filter(Q(heartbeat_at__lt=now - stale_after) | Q(process__in=dead), ended_at__isnull=True)
            .order_by("heartbeat_at")
            .values_list("pk", "conversation_id")[:SESSIONS_A_SWEEP]
        )
        if not stale:
            return Swept()
        ids = [pk for pk, _ in stale]
        Session.objects.filter(pk__in=ids).update(
            ended_at=F("heartbeat_at"), close_code=ABANDONED_CLOSE_CODE, close_reason=ABANDONED
        )
        # Conversations before attempts and messages: the order in which a batch of records takes its locks.
        joined = {conversation_id for _, conversation_id in stale} - {None}
        locked = Conversation.objects.select_for_update(no_key=True).filter(pk__in=joined).order_by("pk")
        ended = set(ids)
        freed = [pk for pk, holder in locked.values_list("pk", "lease_session") if holder in ended]
        Conversation.objects.filter(pk__in=freed).update(lease_session=None, lease_until=None)
        attempts = TransportAttempt.objects.filter(
            session_id__in=ids, outcome__in=[Outcome.PENDING, Outcome.CONNECTED]
        ).update(outcome=Outcome.ABANDONED)
        messages = messages_close(Message.objects.filter(session_id__in=ids), now)
    return Swept(sessions=len(ids), attempts=attempts, messages=messages)
