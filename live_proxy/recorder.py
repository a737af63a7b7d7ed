"""One session's part of the record: attempts, fallbacks, messages, and the promise about when they are durable.

Turns drafts and events into `conversations.records` and hands them to the writer. A conversation has a row
from its first message on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from conversations.records import (
    AttemptStarted,
    AttemptUpdated,
    ConversationStarted,
    FallbackHappened,
    MessageSaved,
    SessionEnded,
    SessionStarted,
)
from live_proxy import metrics
from live_proxy.candidates import Candidate
from live_proxy.drafts import Draft
from live_proxy.errors import Failure
from live_proxy.lease import lease_until
from live_proxy.writer import Durability, Writer

TITLE_LENGTH = 60


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Place:
    """Where a session's messages go. `begun`: the conversation has a row. `fence` came with its lease."""

    conversation_id: UUID
    family: str
    fence: int = 1
    begun: bool = False


class Recorder:
    """`message_id` is set by the session to the message that a fallback is for."""

    def __init__(
        self, writer: Writer, *, session_id: UUID, user_id: int, client: str, process: str, place: Place
    ) -> None:
        self._writer = writer
        self._user_id = user_id
        self._client = client
        self._process = process
        self._durations: dict[UUID, int] = {}
        self.session_id = session_id
        self.place = place
        self.message_id: UUID | None = None

    def session_started(self) -> None:
        self._writer.submit(
            SessionStarted(
                id=self.session_id,
                user_id=self._user_id,
                client=self._client,
                process=self._process,
                at=now(),
                conversation_id=self.place.conversation_id if self.place.begun else None,
            )
        )

    def session_ended(self, code: int, reason: str) -> None:
        self._writer.submit(SessionEnded(self.session_id, now(), code, reason))

    # --- attempts (ladder.AttemptLog) -------------------------------------------------------------------------

    async def attempt_started(self, attempt_id: UUID, candidate: Candidate) -> None:
        await self._writer.durable(
            AttemptStarted(
                id=attempt_id,
                session_id=self.session_id,
                transport=candidate.transport,
                platform=candidate.platform,
                location=candidate.location,
                model=candidate.model.name,
                endpoint=candidate.endpoint,
                at=now(),
            )
        )

    def attempt_connected(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None:
        self._durations = {attempt_id: duration_ms}
        self._count(candidate, "connected", duration_ms)
        self._writer.submit(AttemptUpdated(attempt_id, "connected", duration_ms))

    def attempt_failed(self, attempt_id: UUID, candidate: Candidate, duration_ms: int, failure: Failure) -> None:
        self._count(candidate, str(failure.kind), duration_ms)
        self._writer.submit(_failed(attempt_id, "failed", duration_ms, failure))

    def attempt_cancelled(self, attempt_id: UUID, candidate: Candidate, duration_ms: int) -> None:
        self._count(candidate, "cancelled", duration_ms)
        self._writer.submit(AttemptUpdated(attempt_id, "cancelled", duration_ms))

    def attempt_ended(self, attempt_id: UUID, failure: Failure | None) -> None:
        """The upstream that this attempt opened is gone: by our will (`None`) or by its own."""
        duration_ms = self._durations.pop(attempt_id, None)
        if failure is None:
            self._writer.submit(AttemptUpdated(attempt_id, "ended", duration_ms))
        else:
            self._writer.submit(_failed(attempt_id, "ended", duration_ms, failure))

    def fell_back(
        self, from_attempt: UUID | None, to_attempt: UUID, from_: Candidate, to: Candidate, reason: str
    ) -> None:
        metrics.FALLBACKS.labels(from_.transport, to.transport).inc()
        self._writer.submit(
            FallbackHappened(
                id=uuid4(),
                session_id=self.session_id,
                from_attempt_id=from_attempt,
                to_attempt_id=to_attempt,
                from_transport=from_.transport,
                to_transport=to.transport,
                reason=str(reason),
                at=now(),
                message_id=self.message_id,
            )
        )

    @staticmethod
    def _count(candidate: Candidate, kind: str, duration_ms: int) -> None:
        metrics.ATTEMPTS.labels(candidate.transport, candidate.platform, kind).inc()
        metrics.ATTEMPT_SECONDS.labels(candidate.transport).observe(duration_ms / 1000)

    # --- messages ---------------------------------------------------------------------------------------------

    def save(self, drafts: Sequence[Draft]) -> None:
        """Write soon; nobody waits."""
        for record in self._records(drafts):
            self._writer.submit(record)

    async def durable(self, drafts: Sequence[Draft]) -> Durability:
        """Write now, within the promise's time."""
        records = self._records(drafts)
        return await self._writer.durable(*records) if records else Durability.COMMITTED

    def _records(self, drafts: Sequence[Draft]) -> list[ConversationStarted | MessageSaved]:
        records: list[ConversationStarted | MessageSaved] = []
        if drafts and not self.place.begun:
            self.place.begun = True
            at = now()
            records.append(
                ConversationStarted(
                    id=self.place.conversation_id,
                    owner_id=self._user_id,
                    session_id=self.session_id,
                    title=title(drafts),
                    family=self.place.family,
                    at=at,
                    lease_until=lease_until(at),
                )
            )
        records += [self._record(draft) for draft in drafts]
        return records

    def _record(self, draft: Draft) -> MessageSaved:
        serving = draft.serving
        return MessageSaved(
            id=draft.id,
            conversation_id=self.place.conversation_id,
            session_id=self.session_id,
            fence=self.place.fence,
            position=draft.position,
            role=draft.role,
            modality=draft.modality,
            status=draft.status,
            at=draft.created_at,
            client_id=draft.client_id,
            text=draft.text,
            parts=list(draft.parts),
            transport=serving.transport if serving else "",
            model=serving.model if serving else "",
            attempt_id=serving.attempt_id if serving else None,
            usage=draft.usage,
            first_output_ms=draft.first_output_ms,
            completed_at=draft.completed_at,
        )


def title(drafts: Sequence[Draft]) -> str:
    """A conversation is called after the first words of its first message, without what a file has in it."""
    text = next((draft.text for draft in drafts if draft.text), "").lstrip()
    words = " ".join(re.split(r"\n\s*\n|\n`{3,}", text, maxsplit=1)[0].split())
    return words if len(words) <= TITLE_LENGTH else words[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _failed(attempt_id: UUID, outcome: str, duration_ms: int | None, failure: Failure) -> AttemptUpdated:
    return AttemptUpdated(
        attempt_id,
        outcome,
        duration_ms,
        error_kind=str(failure.kind),
        http_status=failure.http_status,
        close_code=failure.code,
        detail=failure.reason,
    )
