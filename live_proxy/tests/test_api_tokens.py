"""Tokens: made once, found by digest, refused for what they are, revoked everywhere."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from live_proxy import api_tokens
from live_proxy.models import ApiToken, ControlCommand
from live_proxy.program_auth import Credential, Unauthorised, credential, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


def issue(user: User, **fields: Any) -> tuple[ApiToken, str]:
    return api_tokens.issue(user, "a program", **({"scopes": ["live"]} | fields))


def test_the_key_is_nowhere_in_the_row(alice: User) -> None:
    token, key = issue(alice)
    assert key not in str(ApiToken.objects.filter(pk=token.pk).values())
    assert key.startswith(token.prefix) and len(key) > 40
    assert api_tokens.find(key) == token == api_tokens.find(f"auth_tokens/{key}")
    assert api_tokens.find("") is api_tokens.find("x" * 201) is api_tokens.find(key[:-1]) is None


def test_each_state_has_its_name(alice: User) -> None:
    at = timezone.now()
    token, _ = issue(alice, expires_at=at + timedelta(days=1))
    assert api_tokens.standing(token, "live", at) == "ok"
    assert api_tokens.standing(token, "generate", at) == "scope"
    assert api_tokens.standing(token, "live", at + timedelta(days=2)) == "expired"
    token.user.is_active = False
    assert api_tokens.standing(token, "live", at) == "inactive"
    api_tokens.revoke(token, at)
    token.refresh_from_db()
    assert api_tokens.standing(token, "live", at) == "revoked"


def test_use_is_noted_once_a_minute(alice: User, django_assert_num_queries: Any) -> None:
    token, _ = issue(alice)
    first = timezone.now()
    for at in (first, first + timedelta(seconds=59), first + timedelta(seconds=61)):
        with django_assert_num_queries(1):
            api_tokens.used(token.pk, at)
    token.refresh_from_db()
    assert token.last_used_at == first + timedelta(seconds=61)


def test_revoking_tells_every_process_once(alice: User) -> None:
    token, _ = issue(alice)
    for _round in range(2):
        api_tokens.revoke(token, timezone.now())
    (told,) = ControlCommand.objects.filter(kind=ControlCommand.Kind.CLOSE_LOGIN)
    assert told.subject == api_tokens.login_of_token(token.pk)


def test_nobody_has_more_than_the_limit(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 1)
    token, _ = issue(alice)
    with pytest.raises(api_tokens.TooManyTokens):
        issue(alice)
    api_tokens.revoke(token, timezone.now())
    issue(alice)


def test_the_command_prints_the_key_alone(alice: User) -> None:
    out, err = StringIO(), StringIO()
    call_command("create_api_token", "alice", "--scope", "live", "--days", "7", stdout=out, stderr=err)
    token = api_tokens.find(out.getvalue().strip())
    assert token is not None and token.scopes == ["live"] and token.expires_at is not None
    assert out.getvalue().strip() not in err.getvalue()
    for arguments in (["bob"], ["alice", "--days", "0"], ["alice", "--name", " "]):
        with pytest.raises(CommandError):
            call_command("create_api_token", *arguments, stdout=out, stderr=err)


# --- the ways in which a program sends its key ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "query", "found"),
    [
        ({b"x-goog-api-key": b"K"}, b"", Credential("K")),
        ({b"authorization": b"Bearer K"}, b"", Credential("K", bearer=True)),
        ({b"authorization": b"token auth_tokens/K", b"x-goog-api-key": b"L"}, b"", Credential("auth_tokens/K", True)),
        ({}, b"key=K", Credential("K")),
        ({}, b"alt=sse&access_token=auth_tokens%2FK", Credential("auth_tokens/K", bearer=True)),
        ({b"authorization": b"Basic K"}, b"", None),
        ({}, b"key=", None),
        ({}, b"&" * 4000, None),
        ({}, b"", None),
    ],
)
def test_every_way_to_send_a_key(headers: dict[bytes, bytes], query: bytes, found: Credential | None) -> None:
    assert credential(headers, query) == found


def test_a_refusal_says_why_as_google_does(alice: User) -> None:
    at = timezone.now()
    _, expired = issue(alice, expires_at=at - timedelta(days=1))
    _, key = issue(alice)
    for found, scope, status, code, words in (
        (None, "live", 403, 1008, "unregistered callers"),
        (Credential("K"), "live", 400, 1007, "API key not valid"),
        (Credential("K", bearer=True), "live", 401, 1008, "invalid authentication credentials"),
        (Credential(expired), "live", 400, 1007, "API key expired"),
        (Credential(key), "generate", 403, 1008, "insufficient authentication scopes"),
    ):
        with pytest.raises(Unauthorised, match=words) as refused:
            token_of(found, scope, at)
        assert (refused.value.status, refused.value.code) == (status, code)
    assert token_of(Credential(key), "live", at).user == alice
    assert key not in repr(Credential(key))
