"""The list of messages: who said what, and which transport and model carried it."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import F, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from conversations.admin.badges import (
    STATUS_COLOURS,
    TRANSPORT_COLOURS,
    badge,
    beginning,
    column,
    conversation_url,
    link,
    milliseconds,
    moment,
)
from conversations.admin.base import ReviewAdmin
from conversations.admin.filters import DayFilter, UserFilter
from conversations.models import Message, Modality, Role
from conversations.review import message_anchor, page_of


@admin.register(Message)
class MessageAdmin(ReviewAdmin):
    user_path = "conversation__owner"
    id_paths = ("id", "conversation_id", "session_id", "attempt_id")
    list_display = (
        "when",
        "user",
        "role_name",
        "beginning",
        "transport_badge",
        "model_name",
        "status_badge",
        "first_output",
        "tokens",
    )
    list_filter = (
        ("transport", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("role", ChoicesDropdownFilter),
        ("modality", ChoicesDropdownFilter),
        UserFilter,
        ("model", FieldTextFilter),
        ("created_at", DayFilter),
    )
    list_select_related = ("conversation__owner",)
    ordering = ("-created_at",)
    sortable_by = ("when",)
    search_fields = ("text",)
    search_help_text = "Text, user, or the beginning of a message, conversation or session id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        # A spoken hour can be long: the list takes the beginning of each text and leaves the rest.
        rows: QuerySet[Message] = super().get_queryset(request)
        return rows.annotate(text_begins=Left("text", 400), tokens_total=F("usage__total")).defer(
            "text", "parts", "usage"
        )

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """A message is read where it was said."""
        return redirect(message_url(get_object_or_404(Message.objects.only("conversation_id", "position"), pk=pk)))

    @column("When", ordering="created_at")
    def when(self, message: Message) -> str | None:
        return moment(message.created_at)

    @column("User")
    def user(self, message: Message) -> str:
        return message.conversation.owner.get_username()

    @column("Role")
    def role_name(self, message: Message) -> str:
        return f"{Role(message.role).label}{' 🎤' if message.modality == Modality.AUDIO else ''}"

    @column("Message")
    def beginning(self, message: Any) -> SafeString:
        return link(message_url(message), beginning(message.text_begins) or "(no text)")

    @column("Transport", label=TRANSPORT_COLOURS)
    def transport_badge(self, message: Message) -> tuple[str, str] | None:
        return badge(message.transport, message.get_transport_display())

    @column("Model")
    def model_name(self, message: Message) -> str | None:
        return message.model or None

    @column("Status", label=STATUS_COLOURS)
    def status_badge(self, message: Message) -> tuple[str, str] | None:
        return badge(message.status, message.get_status_display())

    @column("First output")
    def first_output(self, message: Message) -> str | None:
        return milliseconds(message.first_output_ms)

    @column("Tokens")
    def tokens(self, message: Any) -> str | None:
        return f"{message.tokens_total:,}" if isinstance(message.tokens_total, int) else None


def message_url(message: Message) -> str:
    return conversation_url(
        message.conversation_id, page=page_of(message.position), anchor=message_anchor(message.position)
    )
