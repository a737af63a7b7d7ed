"""The throttle's figures, and that it acts before a password is hashed."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.test import RequestFactory
from django.utils import timezone

from accounts import throttle
from accounts.models import LoginFailure
from accounts.throttle import ThrottledModelBackend, TooBusy, TooManyFailures, address_of, hash_of, hashing_slot

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("Alice", password=PASSWORD)


def try_in(username: str, password: str = "wrong", ip: str = "192.0.2.1") -> Any:
    request = RequestFactory().post("/accounts/login/", REMOTE_ADDR=ip)
    return authenticate(request, username=username, password=password)


def pretend_failures(count: int, *, username: str, ip: str, ago: timedelta) -> None:
    at = timezone.now() - ago
    LoginFailure.objects.bulk_create(LoginFailure(username_hash=hash_of(username), ip=ip, at=at) for _ in range(count))


def test_five_failures_for_a_name_from_an_address(alice: Any) -> None:
    for _ in range(5):
        assert try_in("Alice") is None
    with pytest.raises(TooManyFailures) as refusal:
        try_in("Alice", PASSWORD)
    assert 14 * 60 < refusal.value.wait <= 15 * 60
    assert "15 minutes" in str(refusal.value)
    assert try_in("Alice", PASSWORD, ip="192.0.2.2") == alice


def test_it_is_over_after_fifteen_minutes(alice: Any) -> None:
    pretend_failures(5, username="alice", ip="192.0.2.1", ago=timedelta(minutes=14, seconds=50))
    with pytest.raises(TooManyFailures) as refusal:
        try_in("Alice", PASSWORD)
    assert refusal.value.wait <= 11
    assert "1 minute," in str(refusal.value)
    LoginFailure.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert try_in("Alice", PASSWORD) == alice


def test_twenty_failures_from_an_address_whatever_the_names(alice: Any) -> None:
    for number in range(20):
        assert try_in(f"guess {number}") is None
    with pytest.raises(TooManyFailures):
        try_in("Alice", PASSWORD)
    assert try_in("Alice", PASSWORD, ip="192.0.2.2") == alice


def test_a_hundred_failures_for_a_name_in_a_day(alice: Any) -> None:
    for part in range(25):
        pretend_failures(4, username="alice", ip=f"192.0.2.{part + 10}", ago=timedelta(hours=23))
    with pytest.raises(TooManyFailures) as refusal:
        try_in("Alice", PASSWORD)
    assert 55 * 60 < refusal.value.wait <= 60 * 60
    LoginFailure.objects.update(at=timezone.now() - timedelta(hours=24, seconds=1))
    assert try_in("Alice", PASSWORD) == alice


def test_names_are_counted_whatever_their_case(alice: Any) -> None:
    for spelling in ("alice", "ALICE", "Alice", "aLiCe", "alicE"):
        try_in(spelling)
    with pytest.raises(TooManyFailures):
        try_in("alice")


def test_a_success_clears_that_name_from_that_address_only(alice: Any) -> None:
    for _ in range(4):
        try_in("Alice")
    try_in("Alice", ip="192.0.2.2")
    try_in("bob")
    assert try_in("Alice", PASSWORD) == alice
    left = set(LoginFailure.objects.values_list("username_hash", "ip"))
    assert left == {(hash_of("alice"), "192.0.2.2"), (hash_of("bob"), "192.0.2.1")}


def test_a_refused_attempt_does_not_count(alice: Any) -> None:
    pretend_failures(5, username="alice", ip="192.0.2.1", ago=timedelta(minutes=5))
    for _ in range(3):
        with pytest.raises(TooManyFailures):
            try_in("Alice")
    assert LoginFailure.objects.count() == 5


def test_no_password_is_hashed_once_throttled(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def counted(password: str, *rest: Any, **more: Any) -> bool:
        hashed.append(password)
        return check_password(password, *rest, **more)

    monkeypatch.setattr("django.contrib.auth.base_user.check_password", counted)

    def encoded(_: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return f"md5${salt}$x"

    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", encoded)
    pretend_failures(4, username="alice", ip="192.0.2.1", ago=timedelta(minutes=5))
    try_in("Alice")
    assert hashed
    hashed.clear()
    with pytest.raises(TooManyFailures):
        try_in("Alice", PASSWORD)
    assert hashed == []


def test_an_unknown_name_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(
        "django.contrib.auth.hashers.MD5PasswordHasher.encode", lambda self, password, salt: hashed.append(password)
    )
    assert try_in("nobody", "some password") is None
    assert hashed == ["some password"]


def test_an_attempt_counts_while_it_is_hashed(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else any number of parallel guesses would all find room."""
    seen: list[int] = []

    def look(*_: Any, **__: Any) -> bool:
        seen.append(LoginFailure.objects.count())
        return True

    monkeypatch.setattr("django.contrib.auth.base_user.check_password", look)
    try_in("Alice", PASSWORD)
    assert seen == [1]
    assert LoginFailure.objects.count() == 0


def test_two_hashes_at_once_then_busy(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "WAIT_FOR_A_HASH", 0.01)
    assert throttle.HASHES_AT_ONCE == 2
    with hashing_slot(), hashing_slot(), pytest.raises(TooBusy):
        try_in("Alice", PASSWORD)
    assert LoginFailure.objects.count() == 0
    assert try_in("Alice", PASSWORD) == alice


def test_a_slot_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "WAIT_FOR_A_HASH", 5.0)
    with hashing_slot():
        holder = throttle.hashing_slot()
        holder.__enter__()
        timer = threading.Timer(0.05, holder.__exit__, (None, None, None))
        timer.start()
        with hashing_slot():
            pass
        timer.join()


def test_old_failures_are_purged(alice: Any) -> None:
    pretend_failures(3, username="bob", ip="192.0.2.9", ago=timedelta(days=2))
    try_in("Alice")
    assert list(LoginFailure.objects.values_list("username_hash", flat=True)) == [hash_of("alice")]


def test_neither_name_nor_password_is_stored_or_logged(alice: Any, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        try_in("Alice", "my secret guess")
    with pytest.raises(TooManyFailures):
        try_in("Alice", "my secret guess")
    assert "Sign-in failed" in caplog.text
    assert "Sign-in throttled" in caplog.text
    for word in ("Alice", "alice", "secret"):
        assert word not in caplog.text
        assert word not in str(list(LoginFailure.objects.values()))


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_what_an_address_is_counted_as(peer: str, counted: str) -> None:
    assert address_of(RequestFactory().get("/", REMOTE_ADDR=peer)) == counted


def test_forwarded_addresses_count_behind_a_proxy_only(settings: Any) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 192.0.2.7")
    settings.SECURE_PROXY_SSL_HEADER = None
    assert address_of(request) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert address_of(request) == "192.0.2.7"


def test_without_a_request(alice: Any) -> None:
    assert address_of(None) == "unknown"
    assert authenticate(None, username="Alice", password=PASSWORD) == alice
    assert authenticate(None, username="Alice") is None


@pytest.mark.django_db(transaction=True)
async def test_the_asynchronous_way_is_throttled_too(alice: Any) -> None:
    def fail() -> None:
        pretend_failures(5, username="alice", ip="unknown", ago=timedelta(minutes=1))

    from asgiref.sync import sync_to_async

    await sync_to_async(fail)()
    with pytest.raises(TooManyFailures):
        await ThrottledModelBackend().aauthenticate(None, username="Alice", password=PASSWORD)
