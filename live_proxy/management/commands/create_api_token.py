"""`manage.py create_api_token`: a token for a program, printed once."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from live_proxy.api_tokens import MAX_TOKENS, TooManyTokens, issue
from live_proxy.models import ApiToken

LONGEST = 3650


class Command(BaseCommand):
    help = "Make an API token for a user. The key alone goes to standard output, so that it can be captured."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--scope", action="append", choices=ApiToken.Scope.values, help="default: all of them")
        parser.add_argument("--days", type=int, help="how long it holds; without it, until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError("There is no such user. `manage.py createsuperuser` makes one.")
        if not user.is_active:
            raise CommandError("That user is deactivated; a token of theirs would open nothing.")
        days, name = options["days"], options["name"].strip()
        if days is not None and not 0 < days <= LONGEST:
            raise CommandError(f"--days must be from 1 to {LONGEST}.")
        if not 0 < len(name) <= 80:
            raise CommandError("--name must have 1 to 80 characters.")
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        try:
            _, key = issue(user, name, scopes=options["scope"] or ApiToken.Scope.values, expires_at=expires_at)
        except TooManyTokens:
            raise CommandError(f"That user has {MAX_TOKENS} active tokens. Revoke one first.") from None
        self.stderr.write("Keep this token: it is not stored and will not be shown again.")
        self.stdout.write(key)
