"""Users and groups in Unfold's dress."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from conversations.admin.erasure import Deletion, deletion_of_users

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    actions = None  # people are deleted one at a time, on purpose
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser hands out rights: otherwise changing users would be as good as being one."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if _is_superuser(request):
            return fields
        return (*fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return bool(allowed and (_is_superuser(request) or not getattr(obj, "is_superuser", False)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Deleting a person deletes the whole record of what they said.
        return _is_superuser(request)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deletion:
        return deletion_of_users(objs)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    actions = None


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
