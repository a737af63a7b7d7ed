"""Deletion for the sake of privacy: by superusers, completely, and without a copy in the log."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from conversations.models import Conversation, Message, Session

# to delete, counts by name, permissions that are missing, objects that protect it
Deletion = tuple[list[str], dict[str, int], set[str], list[str]]


def deletion_of_conversations(conversations: Iterable[Conversation]) -> Deletion:
    """What a confirmation page shows. The lists themselves are read-only, so their permissions do not count."""
    chosen = list(conversations)
    messages = Message.objects.filter(conversation__in=chosen).count()
    sessions = Session.objects.filter(conversation__in=chosen).count()
    lines = [f"{conversation} with {messages} messages and {sessions} sessions" for conversation in chosen]
    return lines, {"conversations": len(chosen), "messages": messages, "sessions": sessions}, set(), []


def deletion_of_users(users: Iterable[Any]) -> Deletion:
    chosen = list(users)
    conversations = Conversation.objects.filter(owner__in=chosen).count()
    messages = Message.objects.filter(conversation__owner__in=chosen).count()
    lines = [f"{user} with everything that belongs to this person" for user in chosen]
    counts = {
        str(get_user_model()._meta.verbose_name_plural): len(chosen),
        "conversations": conversations,
        "messages": messages,
    }
    return lines, counts, set(), []


def log_without_title(request: HttpRequest, conversations: Iterable[Conversation]) -> list[LogEntry]:
    """Says who deleted which conversation. Its title is the beginning of what was said, so it is left out."""
    kind = ContentType.objects.get_for_model(Conversation)
    return [
        LogEntry.objects.create(
            user_id=int(request.user.pk or 0),
            content_type=kind,
            object_id=str(conversation.pk),
            object_repr=f"Conversation {conversation.pk}",
            action_flag=DELETION,
        )
        for conversation in conversations
    ]
