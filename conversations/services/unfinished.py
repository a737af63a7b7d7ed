"""Messages that nobody will finish any more: their session is dead, or may not write to the conversation now."""

from datetime import datetime

from django.db.models import Case, QuerySet, Value, When

from conversations.models import Message, Role, Status


def messages_close(messages: QuerySet[Message], now: datetime) -> int:
    """An answer under way becomes interrupted when something of it was said, else failed. Returns how many answers
    there were."""
    answers = messages.filter(role=Role.MODEL, status=Status.PENDING).update(
        status=Case(When(text="", then=Value(Status.FAILED)), default=Value(Status.INTERRUPTED)),
        completed_at=now,
    )
    # What somebody said was said, whether or not it was answered.
    messages.filter(role=Role.USER, status=Status.PENDING).update(status=Status.COMPLETE, completed_at=now)
    return answers
