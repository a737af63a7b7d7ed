"""The page where people make and revoke their tokens."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from live_proxy import api_tokens
from live_proxy.models import ApiToken

pytestmark = pytest.mark.django_db
PAGE = "/accounts/tokens/"
FORM = {"name": "laptop <b>", "scopes": ["live"], "days": "30"}


@pytest.fixture
def alice(client: Client) -> User:
    user = User.objects.create_user("alice")
    client.force_login(user)
    return user


def test_only_people_who_signed_in(client: Client) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/accounts/login/")
    assert client.post(PAGE, FORM).status_code == 302 and not ApiToken.objects.exists()


def test_a_key_is_shown_once(client: Client, alice: User) -> None:
    assert "None yet" in client.get(PAGE).content.decode()
    made = client.post(PAGE, FORM)
    assert made.status_code == 201
    assert "no-store" in made.headers["Cache-Control"]
    (key,) = re.findall(r'value="(lp_[^"]+)"', made.content.decode())
    token = api_tokens.find(key)
    assert token is not None and token.user == alice and token.scopes == ["live"]
    again = client.get(PAGE).content.decode()
    assert key not in again and token.prefix in again
    assert "laptop &lt;b&gt;" in again


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["all"]}, {"days": "9"}]
)
def test_what_is_wrong_is_said(client: Client, alice: User, change: dict[str, object]) -> None:
    response = client.post(PAGE, FORM | change)
    assert response.status_code == 400 and "field-error" in response.content.decode()
    assert not ApiToken.objects.exists()


def test_revoking_is_by_post_and_of_ones_own(client: Client, alice: User) -> None:
    token, _ = api_tokens.issue(alice, "mine", scopes=["live"])
    other, _ = api_tokens.issue(User.objects.create_user("bob"), "theirs", scopes=["live"])
    assert client.get(f"{PAGE}{token.pk}/revoke/").status_code == 405
    assert client.post(f"{PAGE}{other.pk}/revoke/").status_code == 404
    assert client.post(f"{PAGE}{token.pk}/revoke/").headers["Location"] == PAGE
    token.refresh_from_db()
    other.refresh_from_db()
    assert token.revoked_at is not None and other.revoked_at is None
    assert "theirs" not in client.get(PAGE).content.decode()


def test_staff_see_everybodys_and_no_digest(admin_client: Client) -> None:
    token, _ = api_tokens.issue(User.objects.create_user("bob"), "theirs", scopes=["live"])
    page = admin_client.get("/admin/live_proxy/apitoken/").content.decode()
    assert "theirs" in page and token.digest not in page
    assert token.digest not in admin_client.get(f"/admin/live_proxy/apitoken/{token.pk}/change/").content.decode()
    admin_client.post(f"/admin/live_proxy/apitoken/{token.pk}/delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()
