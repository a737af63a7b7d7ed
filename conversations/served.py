"""How one answer was served: by whom, what was tried before, and what it cost. For its owner; two queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from conversations.models import FallbackEvent, Message, TransportAttempt

MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class AttemptItem:
    """`code` is the close code or HTTP status, `duration_ms` goes from the start to set-up or failure."""

    transport: str
    platform: str
    location: str
    model: str
    started_at: datetime
    duration_ms: int | None
    outcome: str
    error_kind: str
    code: int | None


@dataclass(frozen=True, slots=True)
class FallbackItem:
    from_transport: str
    to_transport: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """`attempts` are those of the same session that were begun after the answer before this one, the serving one
    among them, oldest first."""

    transport: str
    model: str
    status: str
    created_at: datetime
    completed_at: datetime | None
    first_output_ms: int | None
    usage: dict[str, Any]
    attempts: list[AttemptItem]
    fallbacks: list[FallbackItem]


def served(*, conversation_id: UUID, message_id: UUID, user_id: int) -> Served | None:
    """None where that user has no such message."""
    mine = Message.objects.filter(
        conversation_id=conversation_id, conversation__owner_id=user_id, conversation__deleted_at__isnull=True
    )
    message = mine.filter(pk=message_id).select_related("attempt").first()
    if message is None:
        return None
    ended = message.completed_at or message.created_at
    answered = mine.filter(session_id=message.session_id, position__lt=message.position, attempt__isnull=False)
    before = answered.order_by("-position").values_list("completed_at", "created_at").first()
    led = Q(session_id=message.session_id, started_at__lte=ended)
    if before is not None:
        led &= Q(started_at__gte=before[0] or before[1])
    attempts = TransportAttempt.objects.filter(led | Q(pk=message.attempt_id)).order_by("-started_at", "-pk")
    events = FallbackEvent.objects.filter(
        Q(message_id=message.pk) | Q(to_attempt_id=message.attempt_id, to_attempt__isnull=False)
    ).order_by("created_at", "pk")
    return Served(
        transport=message.transport,
        model=message.model,
        status=message.status,
        created_at=message.created_at,
        completed_at=message.completed_at,
        first_output_ms=message.first_output_ms,
        usage={key: value for key, value in message.usage.items() if key != "raw"},
        attempts=[_attempt(row) for row in reversed(attempts[:MOST_ATTEMPTS])],
        fallbacks=[
            FallbackItem(row.from_transport, row.to_transport, row.reason, row.created_at)
            for row in events[:MOST_ATTEMPTS]
        ],
    )


def _attempt(row: TransportAttempt) -> AttemptItem:
    return AttemptItem(
        transport=row.transport,
        platform=row.platform,
        location=row.location,
        model=row.model,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        outcome=row.outcome,
        error_kind=row.error_kind,
        code=row.close_code or row.http_status,
    )
