"""One search of a person at a time, none for long. This runs on SQLite and, given a DATABASE_URL, on PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from conversations import search_postgresql, search_sqlite, search_turns
from conversations.tests.factories import alice, charlie, conversation

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/conversations/search/"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 0 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Whoever looks for “endless” never finds it; this counts how often that has begun."""
    begun = threading.Semaphore(0)
    for index in (search_sqlite, search_postgresql):
        monkeypatch.setattr(index, "newest", endless_or(index.newest, begun))
    return begun


def endless_or(newest: Callable[..., Any], begun: threading.Semaphore) -> Callable[..., Any]:
    def look(turn: Any, *, what: Any, **more: Any) -> Any:
        if what.words == ["endless"]:
            begun.release()
            with connection.cursor() as cursor:
                cursor.execute(ENDLESS)
        return newest(turn, what=what, **more)

    return look


def asks(user: Any, query: str) -> tuple[int, Any]:
    client = Client()
    client.force_login(user)
    try:
        answer = client.get(ADDRESS, {"q": query})
        return answer.status_code, answer.json()
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()


def test_what_takes_too_long_is_ended_and_said(begun: threading.Semaphore, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation(title="umbrella")
    monkeypatch.setattr(search_turns, "SECONDS", 0.2)
    status, body = asks(alice(), "endless")
    assert status == 503
    assert body["error"] == {"code": 503, "message": "The search took too long. Try longer or rarer words."}
    monkeypatch.undo()
    status, body = asks(alice(), "umbrella")
    assert (status, len(body["results"])) == (200, 1)
    with connection.cursor() as cursor:  # the limit was that of the search alone
        cursor.execute("SELECT 1" if connection.vendor == "sqlite" else "SHOW statement_timeout")
        assert cursor.fetchone()[0] in (1, "8s")


def test_a_newer_search_takes_the_place(begun: threading.Semaphore, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation(title="umbrella")
    monkeypatch.setattr(search_turns, "SECONDS", 30.0)
    user = alice()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(asks, user, "endless")
        assert begun.acquire(timeout=10)
        status, body = asks(user, "umbrella")
        assert (status, len(body["results"])) == (200, 1)
        status, body = first.result(10)
    assert (status, body["error"]["message"]) == (503, "A newer search of yours has taken its place.")


def test_what_others_search_for_goes_on(begun: threading.Semaphore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_turns, "SECONDS", 1.0)
    user, his = alice(), charlie()
    conversation(title="umbrella")
    with ThreadPoolExecutor(1) as other:
        first = other.submit(asks, his, "endless")
        assert begun.acquire(timeout=10)
        assert asks(user, "umbrella")[0] == 200
        assert "took too long" in first.result(10)[1]["error"]["message"]


def test_few_search_at_once_and_who_waits_holds_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    class Full:
        def acquire(self, blocking: bool = True, timeout: float = 0) -> bool:
            if blocking:
                held.append(connection.connection)
            return False

    monkeypatch.setattr(search_turns, "_places", Full())
    status, body = asks(alice(), "umbrella")
    assert (status, body["error"]["message"]) == (503, "Too many people are searching. Try again in a moment.")
    assert held == [None]


def test_nothing_is_left_of_searches_that_ended(begun: threading.Semaphore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_turns, "SECONDS", 0.1)
    asks(alice(), "endless")
    asks(alice(), "umbrella")
    assert search_turns._newest == {}
    assert all(search_turns._places.acquire(blocking=False) for _ in range(search_turns.AT_ONCE))
    search_turns._places.release(search_turns.AT_ONCE)
