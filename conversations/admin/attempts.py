"""The lists of attempts and fallbacks: what was tried, how it ended, and why the next one was taken."""

from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from conversations.admin.badges import (
    OUTCOME_COLOURS,
    TRANSPORT_COLOURS,
    badge,
    beginning,
    codes,
    column,
    conversation_url,
    link,
    milliseconds,
    moment,
    session_url,
)
from conversations.admin.base import ReviewAdmin
from conversations.admin.filters import DayFilter, UserFilter
from conversations.models import FallbackEvent, Session, TransportAttempt
from conversations.review import attempt_anchor, fallback_anchor


@admin.register(TransportAttempt)
class TransportAttemptAdmin(ReviewAdmin):
    user_path = "session__user"
    id_paths = ("id", "session_id", "session__conversation_id")
    list_display = (
        "when",
        "user",
        "transport_badge",
        "platform",
        "location",
        "model_link",
        "outcome_badge",
        "kind",
        "code",
        "why",
        "duration",
    )
    list_filter = (
        ("transport", ChoicesDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("error_kind", FieldTextFilter),
        ("platform", FieldTextFilter),
        ("location", FieldTextFilter),
        ("model", FieldTextFilter),
        UserFilter,
        ("started_at", DayFilter),
    )
    list_select_related = ("session__user",)
    ordering = ("-started_at",)
    sortable_by = ("when",)
    search_fields = ("model", "error_kind", "detail")
    search_help_text = "Model, error kind, reason, user, or the beginning of an id"

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        attempt = get_object_or_404(TransportAttempt.objects.select_related("session"), pk=pk)
        return redirect(_place_of(request, attempt.session, attempt_anchor(pk)))

    @column("When", ordering="started_at")
    def when(self, attempt: TransportAttempt) -> str | None:
        return moment(attempt.started_at)

    @column("User")
    def user(self, attempt: TransportAttempt) -> str:
        return attempt.session.user.get_username()

    @column("Transport", label=TRANSPORT_COLOURS)
    def transport_badge(self, attempt: TransportAttempt) -> tuple[str, str] | None:
        return badge(attempt.transport, attempt.get_transport_display())

    @column("Model")
    def model_link(self, attempt: TransportAttempt) -> SafeString:
        return link(reverse("admin:conversations_transportattempt_change", args=[attempt.pk]), attempt.model)

    @column("Outcome", label=OUTCOME_COLOURS)
    def outcome_badge(self, attempt: TransportAttempt) -> tuple[str, str] | None:
        return badge(attempt.outcome, attempt.get_outcome_display())

    @column("Error")
    def kind(self, attempt: TransportAttempt) -> str | None:
        return attempt.error_kind.replace("_", " ") or None

    @column("Code")
    def code(self, attempt: TransportAttempt) -> str | None:
        return codes(attempt)

    @column("Reason")
    def why(self, attempt: TransportAttempt) -> str | None:
        return beginning(attempt.detail) or None

    @column("Duration")
    def duration(self, attempt: TransportAttempt) -> str | None:
        return milliseconds(attempt.duration_ms)


@admin.register(FallbackEvent)
class FallbackEventAdmin(ReviewAdmin):
    user_path = "session__user"
    id_paths = ("id", "session_id", "session__conversation_id")
    list_display = ("when", "user", "from_badge", "from_model", "to_badge", "to_model", "why")
    list_filter = (
        ("from_transport", ChoicesDropdownFilter),
        ("to_transport", ChoicesDropdownFilter),
        ("reason", FieldTextFilter),
        UserFilter,
        ("created_at", DayFilter),
    )
    list_select_related = ("session__user", "from_attempt", "to_attempt")
    ordering = ("-created_at",)
    sortable_by = ("when",)
    search_fields = ("reason",)
    search_help_text = "Reason, user, or the beginning of an id"

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        event = get_object_or_404(FallbackEvent.objects.select_related("session"), pk=pk)
        return redirect(_place_of(request, event.session, fallback_anchor(pk)))

    @column("When", ordering="created_at")
    def when(self, event: FallbackEvent) -> str | None:
        return moment(event.created_at)

    @column("User")
    def user(self, event: FallbackEvent) -> str:
        return event.session.user.get_username()

    @column("From", label=TRANSPORT_COLOURS)
    def from_badge(self, event: FallbackEvent) -> tuple[str, str] | None:
        return badge(event.from_transport, event.get_from_transport_display())

    @column("Model before")
    def from_model(self, event: FallbackEvent) -> str | None:
        return event.from_attempt.model if event.from_attempt else None

    @column("To", label=TRANSPORT_COLOURS)
    def to_badge(self, event: FallbackEvent) -> tuple[str, str] | None:
        return badge(event.to_transport, event.get_to_transport_display())

    @column("Model after")
    def to_model(self, event: FallbackEvent) -> str | None:
        return event.to_attempt.model if event.to_attempt else None

    @column("Why")
    def why(self, event: FallbackEvent) -> SafeString:
        url = reverse("admin:conversations_fallbackevent_change", args=[event.pk])
        return link(url, event.reason.replace("_", " ") or "(not said)")


def _place_of(request: HttpRequest, session: Session, anchor: str) -> str:
    """Attempts are shown beside what was said, to those who may read it, and with their session otherwise."""
    if session.conversation_id and request.user.has_perm("conversations.view_conversation"):
        return conversation_url(session.conversation_id, anchor=anchor)
    return session_url(session.pk, anchor=anchor)
