"""Filters that stay cheap on large tables: none of them lists the distinct values of a column."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_user_model
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, TextFilter
from unfold.utils import parse_date_str

from conversations.models import FallbackEvent, Message, Transport
from conversations.services.sweeping import ABANDONED

USERS_MATCHED = 200


def users_matching(term: str) -> list[int]:
    """Ids of the users whose name or address contains `term`, found before the large table is touched."""
    users = get_user_model().objects.filter(Q(username__icontains=term) | Q(email__icontains=term))
    return list(users.order_by("pk").values_list("pk", flat=True)[:USERS_MATCHED])


class UserFilter(TextFilter):
    title = "user"
    parameter_name = "user"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Model]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.user_path: str = getattr(model_admin, "user_path", "user")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        term = (self.value() or "").strip()
        if not term:
            return queryset
        return queryset.filter(**{f"{self.user_path}__in": users_matching(term)})


class DayFilter(RangeDateFilter):
    """A range of days that includes its last one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "day"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        first = _midnight(self.used_parameters.get(f"{self.parameter_name}_from"))
        last = _midnight(self.used_parameters.get(f"{self.parameter_name}_to"))
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": last + timedelta(days=1)})
        return queryset


def _midnight(value: Any) -> datetime | None:
    day = parse_date_str(value) if value else None
    return timezone.make_aware(datetime.combine(day, time())) if day else None


class TransportUsedFilter(DropdownFilter):
    title = "transport used"
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(each.value, str(each.label)) for each in Transport]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in Transport.values:
            return queryset
        return queryset.filter(Exists(Message.objects.filter(conversation=OuterRef("pk"), transport=self.value())))


class HadFallbackFilter(DropdownFilter):
    title = "fallback"
    parameter_name = "fallback"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("yes", "With a fallback"), ("no", "Without")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        fell = Exists(FallbackEvent.objects.filter(session__conversation=OuterRef("pk")))
        return queryset.filter(fell if self.value() == "yes" else ~fell)


class FamilyFilter(TextFilter):
    title = "family"
    parameter_name = "family"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(family__icontains=self.value()) if self.value() else queryset


class OpenFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("open", "Open"), ("ended", "Ended"), ("abandoned", "Abandoned")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                return queryset.filter(ended_at__isnull=True)
            case "ended":
                return queryset.filter(ended_at__isnull=False).exclude(close_reason=ABANDONED)
            case "abandoned":
                return queryset.filter(close_reason=ABANDONED)
            case _:
                return queryset


class CloseCodeFilter(TextFilter):
    title = "close code"
    parameter_name = "code"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        digits = (self.value() or "").strip()
        return queryset.filter(close_code=int(digits)) if re.fullmatch("[0-9]{1,5}", digits) else queryset
