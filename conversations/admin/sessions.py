"""The list of sessions and the page with the attempts of one."""

from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from conversations.admin.badges import beginning, column, conversation_url, link, moment, session_url
from conversations.admin.base import ReviewAdmin
from conversations.admin.filters import CloseCodeFilter, DayFilter, OpenFilter, UserFilter
from conversations.admin_site import ReviewResponse
from conversations.models import Session
from conversations.review import session_review


@admin.register(Session)
class SessionAdmin(ReviewAdmin):
    id_paths = ("id", "conversation_id")
    list_display = ("when", "user", "client_name", "state", "length", "close", "why", "process", "conversation_link")
    list_filter = (
        ("client", ChoicesDropdownFilter),
        OpenFilter,
        CloseCodeFilter,
        ("process", FieldTextFilter),
        UserFilter,
        ("started_at", DayFilter),
    )
    list_select_related = ("user", "conversation")
    ordering = ("-started_at",)
    sortable_by = ("when",)
    search_fields = ("process", "close_reason")
    search_help_text = "Process, close reason, user, or the beginning of a session or conversation id"

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        review = session_review(session_id=pk, user=request.user)
        if review is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "review": review}
        return ReviewResponse(request, "admin/review/session.html", context)

    @column("Started", ordering="started_at")
    def when(self, session: Session) -> SafeString:
        return link(session_url(session.pk), moment(session.started_at) or "")

    @column("User")
    def user(self, session: Session) -> str:
        return session.user.get_username()

    @column("Client")
    def client_name(self, session: Session) -> str:
        return session.get_client_display()

    @column("State", label={"open": "success", "abandoned": "warning", "ended": "default"})
    def state(self, session: Session) -> tuple[str, str]:
        if session.ended_at is None:
            return "open", "Open"
        return ("abandoned", "Abandoned") if session.close_reason == "abandoned" else ("ended", "Ended")

    @column("Length")
    def length(self, session: Session) -> str | None:
        if session.ended_at is None:
            return None
        seconds = max(0, int((session.ended_at - session.started_at).total_seconds()))
        return f"{seconds // 60}:{seconds % 60:02d} min"

    @column("Close code")
    def close(self, session: Session) -> int | None:
        return session.close_code

    @column("Why")
    def why(self, session: Session) -> str | None:
        return beginning(session.close_reason) or None

    @column("Conversation")
    def conversation_link(self, session: Session) -> SafeString | None:
        if session.conversation is None:
            return None
        title = beginning(session.conversation.title, 40) or str(session.conversation_id)[:8]
        return link(conversation_url(session.conversation.pk), title)
