"""Plain records that a serving process hands to the writer: no ORM, no I/O.

Each record is a whole statement about one row and carries that row's id, so applying it twice changes
nothing and the last one of a kind and id wins. Times are aware datetimes in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SessionStarted:
    id: UUID
    user_id: int
    client: str
    process: str
    at: datetime
    conversation_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConversationStarted:
    """A conversation exists from its first message on, owned by the session that began it (fence 1)."""

    id: UUID
    owner_id: int
    session_id: UUID
    title: str
    family: str
    at: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class SessionEnded:
    id: UUID
    at: datetime
    close_code: int
    close_reason: str


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    id: UUID
    session_id: UUID
    transport: str
    platform: str
    location: str
    model: str
    endpoint: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptUpdated:
    id: UUID
    outcome: str
    duration_ms: int | None = None
    error_kind: str = ""
    http_status: int | None = None
    close_code: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FallbackHappened:
    id: UUID
    session_id: UUID
    from_attempt_id: UUID | None
    to_attempt_id: UUID | None
    from_transport: str
    to_transport: str
    reason: str
    at: datetime
    message_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MessageSaved:
    """The whole of a message as it stands now. `fence` is the number the session got with its lease."""

    id: UUID
    conversation_id: UUID
    session_id: UUID
    fence: int
    position: int
    role: str
    modality: str
    status: str
    at: datetime
    client_id: str | None = None
    text: str = ""
    parts: list[Any] = field(default_factory=list)
    transport: str = ""
    model: str = ""
    attempt_id: UUID | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    first_output_ms: int | None = None
    completed_at: datetime | None = None


Record = (
    SessionStarted
    | ConversationStarted
    | SessionEnded
    | AttemptStarted
    | AttemptUpdated
    | FallbackHappened
    | MessageSaved
)
