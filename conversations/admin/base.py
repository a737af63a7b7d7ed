"""What all review lists share: nothing can be changed, and no query grows with the age of the service."""

import re
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from conversations.admin.filters import users_matching

COUNTED_ROWS = 10_000
_UUID_PREFIX = re.compile(r"[0-9a-f]{8,32}")


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than 10,000 rows. Older rows are reached by a filter, which a person needs anyway."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:COUNTED_ROWS].count())


def uuid_range(term: str) -> tuple[UUID, UUID] | None:
    """The ids that begin with `term`, which may be as short as what the lists show."""
    digits = term.strip().lower().replace("-", "")
    if not _UUID_PREFIX.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


class ReviewChangeList(ChangeList):
    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            # Otherwise the heading offers to show all, where all is shown already.
            self.full_result_count = self.result_count


class ReviewAdmin(ModelAdmin):
    """A list without add, change or delete. `user_path` leads to the person, `id_paths` to searchable ids."""

    user_path = "user"
    id_paths: tuple[str, ...] = ("id",)
    actions = None
    list_display_links = None
    list_per_page = 50
    list_max_show_all = 50
    list_filter_submit = True
    list_fullwidth = True
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ReviewChangeList

    def show(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page of one row, or the way to it."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        try:
            pk = UUID(object_id)
        except ValueError:
            raise Http404 from None
        return self.show(request, pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Every word must be found: in a text column, as the beginning of an id, or as a person."""
        for word in search_term.split():
            ids = uuid_range(word)
            found = Q()
            if ids:
                for path in self.id_paths:
                    found |= Q(**{f"{path}__gte": ids[0], f"{path}__lte": ids[1]})
            if ids is None or ids[0] != ids[1]:
                # A whole id is looked up by index alone; anything shorter may be a word of the text as well.
                found |= Q(**{f"{self.user_path}__in": users_matching(word)})
                for path in self.search_fields:
                    found |= Q(**{f"{path}__icontains": word})
            queryset = queryset.filter(found)
        return queryset, False
