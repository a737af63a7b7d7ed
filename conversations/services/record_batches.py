"""Stores batches of records in a number of queries that does not grow with the batch.

Locks are taken on sessions first, then on users, and on conversations last, each in the order of their ids: so do the
heartbeat and the sweep, and none of them can deadlock with another.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DataError, IntegrityError, transaction
from django.db.models import Case, Value, When

from conversations.cleaning import clean_count, clean_text
from conversations.models import Conversation, FallbackEvent, Message, Outcome, Session, TransportAttempt
from conversations.records import AttemptStarted, AttemptUpdated, Record
from conversations.services.applied import Applied, Dropped, Stored, StoredConversation, StoredSession
from conversations.services.coalescing import (
    Batch,
    attempt_updates_merged,
    batch_of,
    in_apply_order,
    outcome_moves_back,
)
from conversations.services.deleting_everything import owners_lock
from conversations.services.saving_messages import messages_save

_UPDATED_IN_ATTEMPT = "outcome duration_ms error_kind http_status close_code detail".split()


def records_apply(*, records: Sequence[Record]) -> Applied:
    """Stores `records` in one transaction; applying them again changes nothing.

    Where the database objects to the batch, each record is tried alone and only the bad ones are dropped.
    Raises `django.db.OperationalError` (and `InterfaceError`) when the database is away: nothing was stored.
    """
    if not records:
        return Applied()
    try:
        return _apply_together(records)
    except (IntegrityError, DataError):
        return _apply_one_by_one(records)


def _apply_one_by_one(records: Sequence[Record]) -> Applied:
    # Foreign keys are checked at commit, so each record needs a transaction of its own, not a savepoint.
    applied = Applied()
    for record in in_apply_order(records):
        try:
            alone = _apply_together([record])
        except (IntegrityError, DataError) as error:
            applied.dropped.append(Dropped(type(record).__name__, record.id, type(error).__name__))
        else:
            applied.refused |= alone.refused
            applied.dropped += alone.dropped
    return applied


def _apply_together(records: Sequence[Record]) -> Applied:
    batch, applied = batch_of(records), Applied()
    with transaction.atomic():
        _insert_sessions(batch, applied)
        stored_sessions = _lock_sessions(batch.session_ids())
        _end_sessions(batch, applied, stored_sessions)
        _insert_conversations(batch, applied)
        stored = Stored(
            sessions=stored_sessions,
            conversations=_lock_conversations(batch.conversation_ids()),
            attempts=_read_attempts(batch.attempt_ids()),
        )
        _join_conversations(batch, stored)
        _save_attempts(batch, applied, stored)
        messages_save(batch, applied, stored)
        _insert_fallbacks(batch, applied, stored)
        _release_leases(batch)
    return applied


def _release_leases(batch: Batch) -> None:
    """Whoever opens a conversation next need not wait until the lease of an ended session runs out."""
    if batch.ends:
        Conversation.objects.filter(lease_session__in=list(batch.ends)).update(lease_session=None, lease_until=None)


def _users_among(ids: Iterable[int]) -> set[int]:
    wanted = set(ids)
    return set(get_user_model().objects.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()


def _insert_sessions(batch: Batch, applied: Applied) -> None:
    users = _users_among(record.user_id for record in batch.sessions.values())
    rows = []
    for record in batch.sessions.values():
        if record.user_id not in users:
            applied.dropped.append(Dropped("SessionStarted", record.id, "UserMissing"))
            continue
        rows.append(
            Session(
                id=record.id,
                user_id=record.user_id,
                client=clean_text(record.client, 8),
                process=clean_text(record.process, 100),
                heartbeat_at=record.at,
                started_at=record.at,
            )
        )
    if rows:
        Session.objects.bulk_create(rows, ignore_conflicts=True)


def _lock_sessions(ids: set[UUID]) -> dict[UUID, StoredSession]:
    if not ids:
        return {}
    rows = Session.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    columns = rows.values_list("pk", "user_id", "conversation_id")
    return {pk: StoredSession(user_id, conversation_id) for pk, user_id, conversation_id in columns}


def _end_sessions(batch: Batch, applied: Applied, stored_sessions: Collection[UUID]) -> None:
    rows = []
    for record in batch.ends.values():
        if record.id not in stored_sessions:
            applied.dropped.append(Dropped("SessionEnded", record.id, "SessionMissing"))
            continue
        rows.append(
            Session(
                id=record.id,
                ended_at=record.at,
                close_code=clean_count(record.close_code),
                close_reason=clean_text(record.close_reason, 200),
            )
        )
    if rows:
        Session.objects.bulk_update(rows, ["ended_at", "close_code", "close_reason"])


def _insert_conversations(batch: Batch, applied: Applied) -> None:
    if not batch.conversations:
        return
    owners = owners_lock(record.owner_id for record in batch.conversations.values())
    rows = []
    for record in batch.conversations.values():
        if record.owner_id not in owners:
            applied.dropped.append(Dropped("ConversationStarted", record.id, "UserMissing"))
            continue
        everything_deleted = owners[record.owner_id]
        if everything_deleted is not None and record.at <= everything_deleted:
            continue  # its messages are refused, as those of a deleted conversation are
        rows.append(
            Conversation(
                id=record.id,
                owner_id=record.owner_id,
                title=clean_text(record.title, 200),
                family=clean_text(record.family, 100),
                fence=1,
                lease_session=record.session_id,
                lease_until=record.lease_until,
                created_at=record.at,
                updated_at=record.at,
            )
        )
    if rows:
        Conversation.objects.bulk_create(rows, ignore_conflicts=True)


def _lock_conversations(ids: set[UUID]) -> dict[UUID, StoredConversation]:
    if not ids:
        return {}
    rows = Conversation.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    columns = rows.values_list("pk", "owner_id", "fence", "lease_session", "updated_at")
    return {row[0]: StoredConversation(*row[1:]) for row in columns}


def _join_conversations(batch: Batch, stored: Stored) -> None:
    """Points sessions at their conversations: the one they joined, or the one that they began. Whoever begins one
    that is there already, somebody else's or another session's, has begun nothing and stays without."""
    wanted = {record.id: record.conversation_id for record in batch.sessions.values() if record.conversation_id}
    for session_id, conversation_id in batch.begun.items():
        begun = stored.conversations.get(conversation_id)
        if begun is not None and begun.lease_session == session_id:
            wanted[session_id] = conversation_id
    joins = {}
    for session_id, conversation_id in wanted.items():
        session, conversation = stored.sessions.get(session_id), stored.conversations.get(conversation_id)
        if session is None or conversation is None or session.conversation_id is not None:
            continue
        if session.user_id == conversation.owner_id:
            joins[session_id] = session.conversation_id = conversation_id
    if joins:
        chosen = Case(*(When(pk=session, then=Value(conversation)) for session, conversation in joins.items()))
        Session.objects.filter(pk__in=joins).update(conversation=chosen)


def _read_attempts(ids: set[UUID]) -> dict[UUID, AttemptUpdated]:
    if not ids:
        return {}
    rows = TransportAttempt.objects.filter(pk__in=ids).values_list("pk", *_UPDATED_IN_ATTEMPT)
    return {row[0]: AttemptUpdated(*row) for row in rows}


def _attempt_row(start: AttemptStarted) -> TransportAttempt:
    return TransportAttempt(
        id=start.id,
        session_id=start.session_id,
        transport=clean_text(start.transport, 10),
        platform=clean_text(start.platform, 10),
        location=clean_text(start.location, 40),
        model=clean_text(start.model, 200),
        endpoint=clean_text(start.endpoint, 20),
        started_at=start.at,
    )


def _set_update(row: TransportAttempt, update: AttemptUpdated) -> TransportAttempt:
    row.outcome = clean_text(update.outcome, 10)
    row.duration_ms = clean_count(update.duration_ms)
    row.error_kind = clean_text(update.error_kind, 40)
    row.http_status = clean_count(update.http_status)
    row.close_code = clean_count(update.close_code)
    row.detail = clean_text(update.detail, 500)
    return row


def _save_attempts(batch: Batch, applied: Applied, stored: Stored) -> None:
    new: dict[UUID, TransportAttempt] = {}
    for start in batch.attempts.values():
        if start.id in stored.attempts:
            continue
        if start.session_id not in stored.sessions:
            applied.dropped.append(Dropped("AttemptStarted", start.id, "SessionMissing"))
            continue
        new[start.id] = _attempt_row(start)
    changed = []
    for update in batch.attempt_updates.values():
        if update.id in new:
            _set_update(new[update.id], update)
        elif (known := stored.attempts.get(update.id)) is None:
            applied.dropped.append(Dropped("AttemptUpdated", update.id, "AttemptMissing"))
        elif not outcome_moves_back(known.outcome, update.outcome):
            changed.append(_set_update(TransportAttempt(id=update.id), attempt_updates_merged(known, update)))
    if new:
        TransportAttempt.objects.bulk_create(new.values(), ignore_conflicts=True)
        stored.attempts |= {pk: AttemptUpdated(pk, Outcome.PENDING) for pk in new}
    if changed:
        TransportAttempt.objects.bulk_update(changed, _UPDATED_IN_ATTEMPT)


def _insert_fallbacks(batch: Batch, applied: Applied, stored: Stored) -> None:
    named = {record.message_id for record in batch.fallbacks.values() if record.message_id}
    messages = set(Message.objects.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    rows = []
    for record in batch.fallbacks.values():
        if record.session_id not in stored.sessions:
            applied.dropped.append(Dropped("FallbackHappened", record.id, "SessionMissing"))
            continue
        rows.append(
            FallbackEvent(
                id=record.id,
                session_id=record.session_id,
                message_id=record.message_id if record.message_id in messages else None,
                from_attempt_id=record.from_attempt_id if record.from_attempt_id in stored.attempts else None,
                to_attempt_id=record.to_attempt_id if record.to_attempt_id in stored.attempts else None,
                from_transport=clean_text(record.from_transport, 10),
                to_transport=clean_text(record.to_transport, 10),
                reason=clean_text(record.reason, 40),
                created_at=record.at,
            )
        )
    if rows:
        FallbackEvent.objects.bulk_create(rows, ignore_conflicts=True)
