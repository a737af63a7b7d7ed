"""The messages of a batch: whose writer may still write, which are newer than what is stored, and their rows."""

from datetime import datetime
from uuid import UUID

from conversations.cleaning import clean_count, clean_json, clean_text
from conversations.models import Conversation, Message
from conversations.records import MessageSaved
from conversations.services.applied import Applied, Dropped, Stored
from conversations.services.coalescing import Batch, status_moves_back

_UPDATED_IN_MESSAGE = "modality text parts transport model attempt status usage first_output_ms completed_at".split()


def _client_id(record: MessageSaved) -> str | None:
    return clean_text(record.client_id, 64) if record.client_id else None


def _client_ids_in_use(batch: Batch) -> dict[tuple[UUID, str], UUID]:
    """By conversation and client id, the message of the thread that has it."""
    named = {client_id for record in batch.messages.values() if (client_id := _client_id(record))}
    if not named:
        return {}
    conversations = {record.conversation_id for record in batch.messages.values()}
    holders = Message.objects.filter(
        conversation_id__in=conversations, client_id__in=named, replaced_at__isnull=True
    ).values_list("conversation_id", "client_id", "pk")
    return {(conversation, client_id): pk for conversation, client_id, pk in holders if client_id}


def _message_row(record: MessageSaved, stored: Stored, client_id: str | None) -> Message:
    return Message(
        id=record.id,
        client_id=client_id,
        conversation_id=record.conversation_id,
        session_id=record.session_id,
        position=record.position,
        role=clean_text(record.role, 8),
        modality=clean_text(record.modality, 8),
        text=clean_text(record.text),
        parts=clean_json(record.parts),
        transport=clean_text(record.transport, 10),
        model=clean_text(record.model, 200),
        attempt_id=record.attempt_id if record.attempt_id in stored.attempts else None,
        status=clean_text(record.status, 12),
        usage=clean_json(record.usage),
        first_output_ms=clean_count(record.first_output_ms),
        created_at=record.at,
        completed_at=record.completed_at,
    )


def messages_save(batch: Batch, applied: Applied, stored: Stored) -> None:
    if not batch.messages:
        return
    saved = Message.objects.filter(pk__in=batch.messages).values_list("pk", "status", "conversation_id")
    known = {pk: (status, conversation_id) for pk, status, conversation_id in saved}
    holders = _client_ids_in_use(batch)
    rows: list[Message] = []
    latest: dict[UUID, datetime] = {}
    for record in batch.messages.values():
        conversation = stored.conversations.get(record.conversation_id)
        if conversation is None or record.fence < conversation.fence:
            applied.refused.add(record.id)
            continue
        session = stored.sessions.get(record.session_id)
        if session is None:
            applied.dropped.append(Dropped("MessageSaved", record.id, "SessionMissing"))
            continue
        if session.conversation_id != record.conversation_id:
            applied.refused.add(record.id)  # a number alone is no permit: each conversation begins with the same
            continue
        status, conversation_id = known.get(record.id, (record.status, record.conversation_id))
        if conversation_id != record.conversation_id:
            # An id that is in use elsewhere must not become a way to overwrite another conversation.
            applied.dropped.append(Dropped("MessageSaved", record.id, "IdTaken"))
            continue
        if status_moves_back(status, record.status):
            continue
        client_id = _client_id(record)
        if client_id and holders.setdefault((record.conversation_id, client_id), record.id) != record.id:
            client_id = None  # sent again without anybody knowing: better on record twice than its answer alone
        rows.append(_message_row(record, stored, client_id))
        seen = max(record.at, record.completed_at or record.at)
        latest[record.conversation_id] = max(latest.get(record.conversation_id, conversation.updated_at), seen)
    if rows:
        Message.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED_IN_MESSAGE
        )
    moved = [
        Conversation(id=pk, updated_at=at) for pk, at in latest.items() if at > stored.conversations[pk].updated_at
    ]
    if moved:
        Conversation.objects.bulk_update(moved, ["updated_at"])
