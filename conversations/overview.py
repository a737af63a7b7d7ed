"""The figures of the admin's first page: the last 24 hours, from indexes on time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count

from conversations.models import FallbackEvent, Message, Outcome, Session, Transport, TransportAttempt

PERIOD = timedelta(hours=24)
KINDS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a list: a count, and what it is of 100 of the largest one, for its bar."""

    name: str
    label: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person may not see is None, which is not the same as nothing having happened."""

    sessions: int | None = None
    open_sessions: int | None = None
    messages: int | None = None
    transports: list[Share] | None = None
    fallbacks: int | None = None
    attempts: int | None = None
    failed_attempts: int | None = None
    error_kinds: list[Share] | None = None

    @property
    def allowed(self) -> bool:
        return any(value is not None for value in (self.sessions, self.messages, self.fallbacks, self.attempts))

    @property
    def empty(self) -> bool:
        return not any((self.sessions, self.open_sessions, self.messages, self.fallbacks, self.attempts))


def overview_of(*, user: AbstractBaseUser | AnonymousUser, now: datetime) -> Overview:
    """Counts of what began in the 24 hours before `now`, limited to the models that `user` may view."""
    since = now - PERIOD
    figures: dict[str, Any] = {}
    if _may_view(user, "session"):
        figures["sessions"] = Session.objects.filter(started_at__gte=since).count()
        figures["open_sessions"] = Session.objects.filter(ended_at__isnull=True).count()
    if _may_view(user, "message"):
        counts = _counted(Message.objects.filter(created_at__gte=since).exclude(transport=""), "transport")
        figures["messages"] = Message.objects.filter(created_at__gte=since).count()
        labels = {str(value): str(label) for value, label in Transport.choices}
        figures["transports"] = _shares({each: counts.get(each, 0) for each in labels}, labels)
    if _may_view(user, "fallbackevent"):
        figures["fallbacks"] = FallbackEvent.objects.filter(created_at__gte=since).count()
    if _may_view(user, "transportattempt"):
        recent = TransportAttempt.objects.filter(started_at__gte=since)
        kinds = _counted(recent.filter(outcome=Outcome.FAILED), "error_kind")
        figures["attempts"] = recent.count()
        figures["failed_attempts"] = sum(kinds.values())
        most = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:KINDS_SHOWN]
        figures["error_kinds"] = _shares(dict(most), {"": "unknown"})
    return Overview(**figures)


def _may_view(user: Any, model: str) -> bool:
    return bool(user.has_perm(f"conversations.view_{model}") or user.has_perm(f"conversations.change_{model}"))


def _counted(rows: Any, column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(count=Count("pk")))


def _shares(counts: dict[str, int], labels: dict[str, str]) -> list[Share]:
    most = max(counts.values(), default=0) or 1
    return [
        Share(name=name, label=labels.get(name, name.replace("_", " ")), count=count, percent=round(100 * count / most))
        for name, count in counts.items()
    ]
