"""Reads a whole conversation or session for review, in a number of queries that does not depend on its size.

The result is ready to be shown: the thread in pages of 200 positions, and the attempts and fallbacks of each
session in the order in which they happened. What `user` has no permission to view is left out as None.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from conversations.models import Conversation, FallbackEvent, Message, Session, Status, TransportAttempt
from conversations.review_parts import Part, Tokens, parts_of, tokens_of

POSITIONS_A_PAGE = 200
ATTEMPTS_SHOWN = 500
SESSIONS_SHOWN = 100
SILENCE_SHOWN = timedelta(minutes=10)


def page_of(position: int) -> int:
    """The page of the thread on which a position is; positions are counted from 1."""
    return max(0, position - 1) // POSITIONS_A_PAGE + 1


def message_anchor(position: int) -> str:
    return f"message-{position}"


def attempt_anchor(attempt_id: UUID) -> str:
    return f"attempt-{attempt_id}"


def fallback_anchor(fallback_id: UUID) -> str:
    return f"fallback-{fallback_id}"


def session_anchor(session_id: UUID) -> str:
    return f"session-{session_id}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the thread. `silence` is the pause before it in words, `new_session` the visit that it begins."""

    message: Message
    anchor: str
    parts: list[Part]
    tokens: Tokens | None
    attempt: str | None
    fallbacks: list[FallbackEvent]
    silence: str | None
    new_session: Session | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A message that an attempt carried, and where it is read."""

    position: int
    page: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Step:
    """An attempt or a fallback. `percent` compares the duration with the longest one of the page."""

    attempt: TransportAttempt | None = None
    fallback: FallbackEvent | None = None
    anchor: str = ""
    percent: int = 0
    carried: list[Carried] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Visit:
    session: Session
    anchor: str
    steps: list[Step] | None


@dataclass(frozen=True, slots=True)
class ConversationReview:
    conversation: Conversation
    thread: list[Turn] | None
    visits: list[Visit] | None
    page: int
    pages: int
    messages: int
    troubled: int
    by_transport: dict[str, int]
    attempts: int
    fallbacks: int
    cut: bool


@dataclass(frozen=True, slots=True)
class SessionReview:
    session: Session
    visit: Visit
    messages: int
    cut: bool


def conversation_review(*, conversation_id: UUID, page: int, user: Any) -> ConversationReview | None:
    """The page of one conversation; None when there is no such conversation. `page` is moved into range."""
    conversation = Conversation.objects.select_related("owner").filter(pk=conversation_id).first()
    if conversation is None:
        return None
    said = Message.objects.filter(conversation_id=conversation_id)
    visible = user.has_perm("conversations.view_message")
    last, by_transport, troubled, total = _totals(said)
    pages = page_of(last or 1)
    page = min(max(page, 1), pages)

    sessions: list[Session] = []
    if user.has_perm("conversations.view_session"):
        visits = Session.objects.filter(conversation_id=conversation_id).order_by("-started_at", "pk")
        sessions = list(reversed(visits[:SESSIONS_SHOWN]))
    attempts = _attempts(user, Q(session__conversation_id=conversation_id))
    fallbacks = _fallbacks(user, Q(session__conversation_id=conversation_id))
    carried = _carried(said, attempts) if visible else {}
    steps = _steps_by_session(attempts, fallbacks, carried)
    return ConversationReview(
        conversation=conversation,
        thread=_thread(said, page, sessions, attempts, fallbacks) if visible else None,
        visits=_visits(sessions, steps, attempts is not None or fallbacks is not None),
        page=page,
        pages=pages,
        messages=total,
        troubled=troubled,
        by_transport=by_transport,
        attempts=len(attempts or ()),
        fallbacks=len(fallbacks or ()),
        cut=len(attempts or ()) >= ATTEMPTS_SHOWN or len(sessions) >= SESSIONS_SHOWN,
    )


def session_review(*, session_id: UUID, user: Any) -> SessionReview | None:
    """The page of one session with all that was tried in it; None when there is no such session."""
    session = Session.objects.select_related("user", "conversation").filter(pk=session_id).first()
    if session is None:
        return None
    said = Message.objects.filter(session_id=session_id)
    attempts = _attempts(user, Q(session_id=session_id))
    fallbacks = _fallbacks(user, Q(session_id=session_id))
    carried = _carried(said, attempts) if user.has_perm("conversations.view_message") else {}
    steps = _steps_by_session(attempts, fallbacks, carried)
    return SessionReview(
        session=session,
        visit=_visits([session], steps, attempts is not None or fallbacks is not None)[0],
        messages=said.count(),
        cut=len(attempts or ()) >= ATTEMPTS_SHOWN,
    )


def _totals(said: QuerySet[Message]) -> tuple[int | None, dict[str, int], int, int]:
    last, by_transport, troubled, total = None, Counter[str](), 0, 0
    trouble = Count("pk", filter=Q(status__in=[Status.FAILED, Status.INTERRUPTED]))
    groups = said.order_by().values_list("transport").annotate(Max("position"), Count("pk"), trouble=trouble)
    for transport, highest, count, bad in groups:
        last = highest if last is None else max(last, highest)
        total += count
        troubled += bad
        if transport:
            by_transport[transport] += count
    return last, dict(by_transport), troubled, total


def _attempts(user: Any, where: Q) -> list[TransportAttempt] | None:
    if not user.has_perm("conversations.view_transportattempt"):
        return None
    newest = TransportAttempt.objects.filter(where).order_by("-started_at", "-pk")[:ATTEMPTS_SHOWN]
    return list(reversed(newest))


def _fallbacks(user: Any, where: Q) -> list[FallbackEvent] | None:
    if not user.has_perm("conversations.view_fallbackevent"):
        return None
    newest = FallbackEvent.objects.filter(where).select_related("from_attempt", "to_attempt")
    return list(reversed(newest.order_by("-created_at", "-pk")[:ATTEMPTS_SHOWN]))


def _carried(said: QuerySet[Message], attempts: list[TransportAttempt] | None) -> dict[UUID, list[Carried]]:
    carried: dict[UUID, list[Carried]] = defaultdict(list)
    if not attempts:
        return carried
    rows = said.filter(attempt__in=[attempt.pk for attempt in attempts]).order_by("position")
    for attempt_id, position in rows.values_list("attempt_id", "position"):
        if attempt_id is not None:
            carried[attempt_id].append(Carried(position, page_of(position), message_anchor(position)))
    return carried


def _thread(
    said: QuerySet[Message],
    page: int,
    sessions: list[Session],
    attempts: list[TransportAttempt] | None,
    fallbacks: list[FallbackEvent] | None,
) -> list[Turn]:
    first = (page - 1) * POSITIONS_A_PAGE
    # Position 0 is not used, but a row that has it must not be invisible.
    lowest = first + 1 if page > 1 else 0
    messages = said.filter(position__gte=lowest, position__lte=first + POSITIONS_A_PAGE).order_by("position")
    linked = {attempt.pk for attempt in attempts or ()}
    visits = {session.pk: session for session in sessions}
    fell: dict[UUID, list[FallbackEvent]] = defaultdict(list)
    for fallback in fallbacks or ():
        if fallback.message_id is not None:
            fell[fallback.message_id].append(fallback)
    thread: list[Turn] = []
    before: Message | None = None
    for message in messages:
        other = before is None or before.session_id != message.session_id
        thread.append(
            Turn(
                message=message,
                anchor=message_anchor(message.position),
                parts=parts_of(message.parts),
                tokens=tokens_of(message.usage),
                attempt=attempt_anchor(message.attempt_id) if message.attempt_id in linked else None,
                fallbacks=fell[message.pk],
                silence=_silence(before, message.created_at),
                new_session=visits.get(message.session_id) if other else None,
            )
        )
        before = message
    return thread


def _silence(before: Message | None, at: datetime) -> str | None:
    gap = at - (before.completed_at or before.created_at) if before else timedelta()
    if gap < SILENCE_SHOWN:
        return None
    minutes = int(gap.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _steps_by_session(
    attempts: list[TransportAttempt] | None,
    fallbacks: list[FallbackEvent] | None,
    carried: dict[UUID, list[Carried]],
) -> dict[UUID, list[Step]]:
    """Attempts by their start; a fallback just before the attempt it led to, or after the one it came from."""
    began = {attempt.pk: attempt.started_at for attempt in attempts or ()}
    longest = max((attempt.duration_ms or 0 for attempt in attempts or ()), default=0) or 1
    placed: dict[UUID, list[tuple[datetime, int, Step]]] = defaultdict(list)
    for attempt in attempts or ():
        percent = max(1, round(100 * (attempt.duration_ms or 0) / longest)) if attempt.duration_ms else 0
        step = Step(
            attempt=attempt, anchor=attempt_anchor(attempt.pk), percent=percent, carried=carried.get(attempt.pk, [])
        )
        placed[attempt.session_id].append((attempt.started_at, 1, step))
    for fallback in fallbacks or ():
        step = Step(fallback=fallback, anchor=fallback_anchor(fallback.pk))
        at, rank = fallback.created_at, 2
        if fallback.to_attempt_id in began:
            at, rank = began[fallback.to_attempt_id], 0
        elif fallback.from_attempt_id in began:
            at = began[fallback.from_attempt_id]
        placed[fallback.session_id].append((at, rank, step))
    return {pk: [step for _, _, step in sorted(steps, key=lambda each: each[:2])] for pk, steps in placed.items()}


def _visits(sessions: Iterable[Session], steps: dict[UUID, list[Step]], visible: bool) -> list[Visit]:
    return [
        Visit(session=each, anchor=session_anchor(each.pk), steps=steps.get(each.pk, []) if visible else None)
        for each in sessions
    ]
