"""What a batch of records meets in the database, and what became of it. Plain, no queries."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from conversations.records import AttemptUpdated


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that cannot be stored. `reason` is a class of reason, never what the record said."""

    kind: str
    id: UUID
    reason: str


@dataclass(slots=True)
class Applied:
    """`refused`: messages whose writer no longer owns their conversation, or whose conversation is gone.
    `dropped`: records whose parents are gone or that contradict what is stored."""

    refused: set[UUID] = field(default_factory=set)
    dropped: list[Dropped] = field(default_factory=list)


@dataclass(slots=True)
class StoredSession:
    user_id: int
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True)
class StoredConversation:
    owner_id: int
    fence: int
    lease_session: UUID | None
    updated_at: datetime


@dataclass(slots=True)
class Stored:
    """What the database holds of the rows that a batch refers to."""

    sessions: dict[UUID, StoredSession]
    conversations: dict[UUID, StoredConversation]
    attempts: dict[UUID, AttemptUpdated]
