"""Sorts a batch of records by kind and keeps one statement per row: pure, no queries.

The order inside a batch does not matter for the outcome, because each kind is applied in an order that is
safe for foreign keys and because a row only ever moves forward along the ranks below.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from conversations.models import Outcome, Status
from conversations.records import (
    AttemptStarted,
    AttemptUpdated,
    ConversationStarted,
    FallbackHappened,
    MessageSaved,
    Record,
    SessionEnded,
    SessionStarted,
)

APPLY_ORDER: tuple[type, ...] = (
    SessionStarted,
    ConversationStarted,
    AttemptStarted,
    AttemptUpdated,
    MessageSaved,
    FallbackHappened,
    SessionEnded,
)

# "Abandoned" is what a sweeper concludes from silence; what the process itself says later is worth more.
_OUTCOME_RANK: dict[str, int] = {Outcome.PENDING: 0, Outcome.CONNECTED: 1, Outcome.ABANDONED: 2}
_STATUS_RANK: dict[str, int] = {Status.PENDING: 0, Status.COMPLETE: 2}


def outcome_moves_back(before: str, after: str) -> bool:
    return _OUTCOME_RANK.get(after, 3) < _OUTCOME_RANK.get(before, 3)


def status_moves_back(before: str, after: str) -> bool:
    return _STATUS_RANK.get(after, 1) < _STATUS_RANK.get(before, 1)


def attempt_updates_merged(before: AttemptUpdated, after: AttemptUpdated) -> AttemptUpdated:
    """One update that says what both say. A figure that only the earlier one knows is kept: the set-up time
    comes with "connected", the close code with "ended"."""
    first, last = (after, before) if outcome_moves_back(before.outcome, after.outcome) else (before, after)
    return replace(
        last,
        duration_ms=first.duration_ms if last.duration_ms is None else last.duration_ms,
        error_kind=last.error_kind or first.error_kind,
        http_status=first.http_status if last.http_status is None else last.http_status,
        close_code=first.close_code if last.close_code is None else last.close_code,
        detail=last.detail or first.detail,
    )


@dataclass(slots=True)
class Batch:
    sessions: dict[UUID, SessionStarted] = field(default_factory=dict)
    conversations: dict[UUID, ConversationStarted] = field(default_factory=dict)
    begun: dict[UUID, UUID] = field(default_factory=dict)  # by session, the conversation that it says it began
    attempts: dict[UUID, AttemptStarted] = field(default_factory=dict)
    attempt_updates: dict[UUID, AttemptUpdated] = field(default_factory=dict)
    messages: dict[UUID, MessageSaved] = field(default_factory=dict)
    fallbacks: dict[UUID, FallbackHappened] = field(default_factory=dict)
    ends: dict[UUID, SessionEnded] = field(default_factory=dict)

    def session_ids(self) -> set[UUID]:
        named = {record.session_id for record in self.attempts.values()}
        named |= {record.session_id for record in self.messages.values()}
        named |= {record.session_id for record in self.fallbacks.values()}
        return named | set(self.sessions) | set(self.begun) | set(self.ends)

    def conversation_ids(self) -> set[UUID]:
        joined = {record.conversation_id for record in self.sessions.values() if record.conversation_id}
        return {record.conversation_id for record in self.messages.values()} | joined | set(self.begun.values())

    def attempt_ids(self) -> set[UUID]:
        named = {record.attempt_id for record in self.messages.values()}
        for fallback in self.fallbacks.values():
            named |= {fallback.from_attempt_id, fallback.to_attempt_id}
        return {each for each in named if each} | set(self.attempts) | set(self.attempt_updates)


def batch_of(records: Iterable[Record]) -> Batch:
    """What `records` say in the end, one statement per row and kind."""
    batch = Batch()
    for record in records:
        match record:
            case SessionStarted():
                batch.sessions.setdefault(record.id, record)
            case ConversationStarted():
                batch.conversations.setdefault(record.id, record)
                batch.begun.setdefault(record.session_id, record.id)
            case AttemptStarted():
                batch.attempts.setdefault(record.id, record)
            case FallbackHappened():
                batch.fallbacks.setdefault(record.id, record)
            case SessionEnded():
                batch.ends[record.id] = record
            case AttemptUpdated():
                known = batch.attempt_updates.get(record.id)
                batch.attempt_updates[record.id] = attempt_updates_merged(known, record) if known else record
            case MessageSaved():
                saved = batch.messages.get(record.id)
                if saved is None or not status_moves_back(saved.status, record.status):
                    batch.messages[record.id] = record
    return batch


def in_apply_order(records: Sequence[Record]) -> list[Record]:
    """`records`, parents first; records of one kind keep their order."""
    return sorted(records, key=lambda record: APPLY_ORDER.index(type(record)))
