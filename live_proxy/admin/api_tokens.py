"""Everybody's tokens: who has which, and the end of one that got lost."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from live_proxy.api_tokens import revoke
from live_proxy.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    actions = None
    list_display = ("name", "prefix", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at",)
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    ordering = ("-created_at",)
    list_per_page = 50
    show_full_result_count = False
    exclude = ("digest",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a key is shown to its owner alone

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        revoke(obj, timezone.now())  # what it had opened is closed as well
        obj.delete()
