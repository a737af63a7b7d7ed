"""Rows of the record as JSON."""

from datetime import UTC, datetime
from typing import Any

from conversations.selectors import ConversationItem, MessageItem


def instant(value: datetime | None) -> str | None:
    # Microseconds stay: `next` is compared with the rows again, and a "+" would have to be escaped in a URL.
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def conversation_json(row: ConversationItem) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "family": row.family,
        "pinned": row.pinned_at is not None,
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }


def message_json(row: MessageItem) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "client_id": row.client_id,
        "position": row.position,
        "role": row.role,
        "modality": row.modality,
        "text": row.text,
        "parts": row.parts,
        "transport": row.transport,
        "model": row.model,
        "status": row.status,
        "first_output_ms": row.first_output_ms,
        "usage": row.usage,
        "created_at": instant(row.created_at),
        "completed_at": instant(row.completed_at),
    }
