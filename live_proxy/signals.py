"""What happens to a user elsewhere in Django and must reach the sockets of every process."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from live_proxy.browser_auth import login_of
from live_proxy.commands import tell
from live_proxy.models import ControlCommand


@receiver(user_logged_out, dispatch_uid="live_proxy.logged_out")
def _logged_out(request: HttpRequest | None, **_: Any) -> None:
    key = request.session.session_key if request is not None else None
    if key:
        tell(ControlCommand.Kind.CLOSE_LOGIN, login_of(key))


@receiver(post_save, sender=get_user_model(), dispatch_uid="live_proxy.user_saved")
def _saved(instance: Any, created: bool, update_fields: frozenset[str] | None, raw: bool = False, **_: Any) -> None:
    signing_in = update_fields is not None and set(update_fields) == {"last_login"}
    if not created and not signing_in and not raw:
        tell(ControlCommand.Kind.CHECK_USER, instance.pk)


@receiver(post_delete, sender=get_user_model(), dispatch_uid="live_proxy.user_deleted")
def _deleted(instance: Any, **_: Any) -> None:
    tell(ControlCommand.Kind.CHECK_USER, instance.pk)
