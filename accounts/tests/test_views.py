"""Signing in, out and up over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import throttle
from accounts.models import LoginFailure
from accounts.throttle import hash_of

PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def alice(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("alice", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"username": "alice", "password": password, **more})


def test_signing_in_and_out(client: Client, alice: Any) -> None:
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get(LOGIN)["Location"] == "/"
    assert client.get("/accounts/logout/").status_code == 405
    assert client.get("/accounts/password/").status_code == 200
    assert client.post("/accounts/logout/")["Location"] == LOGIN
    assert client.get("/accounts/password/").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "given"), [("/c/x/", "/c/x/"), ("https://attacker.invalid/", "/"), ("//attacker.invalid", "/")]
)
def test_only_own_pages_are_returned_to(client: Client, alice: Any, wanted: str, given: str) -> None:
    assert sign_in(client, next=wanted)["Location"] == given


def test_a_wrong_password_is_an_ordinary_page(client: Client, alice: Any) -> None:
    response = sign_in(client, "wrong")
    assert response.status_code == 200
    assert "correct username and password" in response.text
    assert "wrong" not in response.text.replace("went wrong", "")


def test_throttled_is_429_and_says_how_long(client: Client, alice: Any) -> None:
    at = timezone.now() - timedelta(minutes=5)
    LoginFailure.objects.bulk_create(
        LoginFailure(username_hash=hash_of("alice"), ip="127.0.0.1", at=at) for _ in range(5)
    )
    response = sign_in(client)
    assert response.status_code == 429
    assert "Please wait 10 minutes" in response.text
    assert 590 <= int(response["Retry-After"]) <= 600
    assert "_auth_user_id" not in client.session


def test_busy_is_503(client: Client, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "WAIT_FOR_A_HASH", 0.01)
    with throttle.hashing_slot(), throttle.hashing_slot():
        response = sign_in(client)
        assert response.status_code == 503
        assert "busy" in response.text
        client.force_login(alice)
        assert client.post("/accounts/password/", {}).status_code == 503
    assert sign_in(client).status_code == 302


def test_forms_are_protected_against_forgery(alice: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403
    assert strict.post("/accounts/signup/", {}).status_code == 403
    strict.force_login(alice)
    for address in ("/accounts/logout/", "/accounts/password/"):
        response = strict.post(address, {})
        assert response.status_code == 403
        assert "This form has expired" in response.text


def test_signing_up_only_where_it_is_allowed(client: Client, settings: Any, django_user_model: Any) -> None:
    settings.ALLOW_SIGNUP = False
    form = {"username": "carol", "password1": PASSWORD, "password2": PASSWORD}
    assert client.get("/accounts/signup/").status_code == 404
    assert client.post("/accounts/signup/", form).status_code == 404
    assert "signup" not in client.get(LOGIN).text
    settings.ALLOW_SIGNUP = True
    assert "/accounts/signup/" in client.get(LOGIN).text
    assert client.get("/accounts/signup/").status_code == 200
    assert client.post("/accounts/signup/", {**form, "password2": "other"}).status_code == 200
    assert client.post("/accounts/signup/", form)["Location"] == "/"
    carol = django_user_model.objects.get()
    assert (carol.username, carol.is_staff, carol.is_superuser) == ("carol", False, False)
    assert client.session["_auth_user_id"] == str(carol.pk)
    assert client.get("/accounts/signup/")["Location"] == "/"


def test_a_name_that_differs_in_case_only_is_taken(client: Client, settings: Any, alice: Any) -> None:
    settings.ALLOW_SIGNUP = True
    form = {"username": "ALICE", "password1": PASSWORD, "password2": PASSWORD}
    assert "already exists" in client.post("/accounts/signup/", form).text


def test_changing_the_password(client: Client, alice: Any) -> None:
    client.force_login(alice)
    other = Client()
    other.force_login(alice)
    new = "another long sentence"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/accounts/password/", form)["Location"] == "/"
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert client.get("/accounts/password/").status_code == 200
    assert other.get("/accounts/password/").status_code == 302


def test_pages_carry_no_inline_code(client: Client, alice: Any, settings: Any) -> None:
    settings.ALLOW_SIGNUP = True
    for address in (LOGIN, "/accounts/signup/", "/nowhere/"):
        text = client.get(address).text
        assert "<style" not in text
        assert " style=" not in text
        assert " onclick" not in text
        assert text.count("<script") == text.count("<script src=")
