"""The list of conversations and the page that shows one whole."""

import logging
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Model, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from conversations.admin.badges import beginning, column, conversation_url, link, moment
from conversations.admin.base import ReviewAdmin, ReviewChangeList
from conversations.admin.erasure import Deletion, deletion_of_conversations, log_without_title
from conversations.admin.filters import DayFilter, FamilyFilter, HadFallbackFilter, TransportUsedFilter, UserFilter
from conversations.admin_site import ReviewResponse
from conversations.models import Conversation, FallbackEvent, Message, Status, Transport
from conversations.review import conversation_review

logger = logging.getLogger(__name__)


class ConversationChangeList(ReviewChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Adds the figures of the rows on this page: two queries, however many conversations there are."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        shown = {conversation.pk: conversation for conversation in self.result_list}
        counted: dict[UUID, dict[str, int]] = defaultdict(dict)
        troubled: dict[UUID, int] = defaultdict(int)
        trouble = Count("pk", filter=Q(status__in=[Status.FAILED, Status.INTERRUPTED]))
        messages = Message.objects.filter(conversation__in=shown).order_by().values_list("conversation", "transport")
        for pk, transport, count, bad in messages.annotate(Count("pk"), bad=trouble):
            counted[pk][transport] = count
            troubled[pk] += bad
        events = FallbackEvent.objects.filter(session__conversation__in=shown).order_by()
        fallbacks = dict(events.values_list("session__conversation").annotate(Count("pk")))
        for pk, conversation in shown.items():
            conversation.by_transport = counted[pk]
            conversation.troubled = troubled[pk]
            conversation.fallback_count = fallbacks.get(pk, 0)


@admin.register(Conversation)
class ConversationAdmin(ReviewAdmin):
    user_path = "owner"
    id_paths = ("id", "lease_session")
    list_display = ("when", "user", "headline", "family", "message_count", "transports", "fallback_count", "trouble")
    list_filter = (UserFilter, FamilyFilter, TransportUsedFilter, HadFallbackFilter, ("updated_at", DayFilter))
    list_select_related = ("owner",)
    ordering = ("-updated_at",)
    sortable_by = ("when",)
    search_fields = ("title",)
    search_help_text = "Title, user, or the beginning of an id"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConversationChangeList]:
        return ConversationChangeList

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        digits = request.GET.get("page", "")
        page = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 1
        review = conversation_review(conversation_id=pk, page=page, user=request.user)
        if review is None:
            raise Http404
        logger.info("[Review] conversation %s opened by user %s", pk, request.user.pk)
        context = {
            **self.admin_site.each_context(request),
            "review": review,
            "may_delete": self.has_delete_permission(request),
        }
        return ReviewResponse(request, "admin/review/conversation.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deletion:
        return deletion_of_conversations(objs)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return log_without_title(request, queryset)

    @column("Last message", ordering="updated_at")
    def when(self, conversation: Conversation) -> str | None:
        return moment(conversation.updated_at)

    @column("User")
    def user(self, conversation: Conversation) -> str:
        return conversation.owner.get_username()

    @column("Conversation")
    def headline(self, conversation: Conversation) -> SafeString:
        return link(conversation_url(conversation.pk), beginning(conversation.title) or str(conversation))

    @column("Messages")
    def message_count(self, conversation: Any) -> int:
        return sum(conversation.by_transport.values())

    @column("Transports")
    def transports(self, conversation: Any) -> SafeString | None:
        used = [(each.value, each.label, conversation.by_transport.get(each.value)) for each in Transport]
        chips = [each for each in used if each[2]]
        return format_html_join(" ", '<span class="review-chip" data-transport="{}">{} {}</span>', chips) or None

    @column("Fallbacks")
    def fallback_count(self, conversation: Any) -> int | None:
        return conversation.fallback_count or None

    @column("Failed or cut", label={"troubled": "danger"})
    def trouble(self, conversation: Any) -> tuple[str, str] | None:
        return ("troubled", str(conversation.troubled)) if conversation.troubled else None
