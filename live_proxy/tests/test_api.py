"""The record as JSON."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Message, Session

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
LIST = "/api/conversations/"


@pytest.fixture
def alice(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="alice")


@pytest.fixture
def charlie(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="charlie")


def conversation(owner: Any, minute: int = 0, messages: int = 0) -> Conversation:
    at = START + timedelta(minutes=minute)
    made = Conversation.objects.create(owner=owner, title=f"At {minute}", family="F", created_at=at, updated_at=at)
    session = Session.objects.create(
        conversation=made, user=owner, client="web", process="p", heartbeat_at=at, started_at=at
    )
    Message.objects.bulk_create(
        Message(
            conversation=made,
            session=session,
            position=position,
            role="model" if position % 2 else "user",
            text=f"message {position}",
            status="complete",
            transport="websocket",
            model="gemini-live-2.5-flash",
            created_at=at,
        )
        for position in range(messages)
    )
    return made


def of(one: Conversation | uuid.UUID) -> str:
    return f"{LIST}{one.pk if isinstance(one, Conversation) else one}/messages/"


def test_signing_in_comes_first(client: Client, alice: Any) -> None:
    for address in (LIST, of(conversation(alice)), of(uuid.uuid4())):
        response = client.get(address)
        assert response.status_code == 401
        assert response.json() == {"error": {"code": 401, "message": "Please sign in."}}


def test_somebody_elses_is_as_unknown_as_any(client: Client, alice: Any, charlie: Any) -> None:
    hers = conversation(alice, messages=2)
    client.force_login(charlie)
    foreign, unknown = client.get(of(hers)), client.get(of(uuid.uuid4()))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json() == {"error": {"code": 404, "message": "There is no such conversation."}}
    assert client.get(LIST).json() == {"conversations": [], "next": None, "pinned": []}


def test_conversations_come_last_used_first_and_in_pages(client: Client, alice: Any) -> None:
    for minute in range(60):
        conversation(alice, minute)
    client.force_login(alice)
    first = client.get(LIST).json()
    assert [row["title"] for row in first["conversations"]] == [f"At {minute}" for minute in range(59, 9, -1)]
    assert set(first["conversations"][0]) == {"id", "title", "family", "pinned", "created_at", "updated_at"}
    assert first["next"] == "2026-05-01T12:10:00.123456Z"
    second = client.get(LIST, {"before": first["next"]}).json()
    assert [row["title"] for row in second["conversations"]] == [f"At {minute}" for minute in range(9, -1, -1)]
    assert second["next"] is None


def test_messages_come_in_order_and_in_pages(client: Client, alice: Any) -> None:
    talk = conversation(alice, messages=7)
    client.force_login(alice)
    first = client.get(of(talk), {"limit": 4}).json()
    assert first["conversation"]["id"] == str(talk.pk)
    assert [row["position"] for row in first["messages"]] == [0, 1, 2, 3]
    assert first["next"] == 3
    second = client.get(of(talk), {"after": first["next"], "limit": 4}).json()
    assert [row["text"] for row in second["messages"]] == ["message 4", "message 5", "message 6"]
    assert second["next"] is None
    assert set(second["messages"][0]) == {
        "id", "client_id", "position", "role", "modality", "text", "parts", "transport", "model", "status",
        "first_output_ms", "usage", "created_at", "completed_at",
    }  # fmt: skip
    assert client.get(of(talk), {"after": 6}).json()["messages"] == []


def test_messages_are_read_backwards_too(client: Client, alice: Any) -> None:
    talk = conversation(alice, messages=7)
    client.force_login(alice)
    last = client.get(of(talk), {"before": 2**31 - 1, "limit": 4}).json()
    assert [row["position"] for row in last["messages"]] == [3, 4, 5, 6]
    assert (last["next"], last["previous"]) == (None, 3)
    first = client.get(of(talk), {"before": last["previous"], "limit": 4}).json()
    assert [row["position"] for row in first["messages"]] == [0, 1, 2]
    assert (first["next"], first["previous"]) == (None, None)
    assert client.get(of(talk), {"before": 0}).json()["messages"] == []
    assert client.get(of(talk), {"before": 3, "after": 1}).status_code == 400


def test_a_page_backwards_of_very_long_messages_is_short_and_none_is_left_out(client: Client, alice: Any) -> None:
    talk = conversation(alice, messages=5)
    Message.objects.update(text="long " * 80_000)
    client.force_login(alice)
    before: int | None = 2**31 - 1
    found: list[int] = []
    while before is not None:
        answer = client.get(of(talk), {"before": before})
        assert len(answer.content) < 1_100_000
        found = [row["position"] for row in answer.json()["messages"]] + found
        before = answer.json()["previous"]
    assert found == [0, 1, 2, 3, 4]


def test_a_page_of_very_long_messages_is_short_and_none_is_left_out(client: Client, alice: Any) -> None:
    talk = conversation(alice, messages=5)
    Message.objects.update(text="long " * 80_000)
    client.force_login(alice)
    query: dict[str, Any] = {}
    pages = []
    while query.get("after", -1) is not None:
        answer = client.get(of(talk), query)
        assert len(answer.content) < 1_100_000
        pages.append([row["position"] for row in answer.json()["messages"]])
        query = {"after": answer.json()["next"]}
    assert pages == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("before", ["", "yesterday", "2026-05-01", "2026-05-01T12:00:00", "2026-99-01T00:00:00Z", "9" * 5000, "\x00"]),
        ("limit", ["", "0", "-1", "51", "1e3", "٣", "1.5", "9" * 5000]),
    ],
)
def test_bad_parameters_of_the_list_are_400(client: Client, alice: Any, name: str, values: list[str]) -> None:
    client.force_login(alice)
    for value in values:
        response = client.get(LIST, {name: value})
        assert response.status_code == 400, value
        assert name in response.json()["error"]["message"]


def test_extreme_times_are_no_error_of_ours(client: Client, alice: Any) -> None:
    client.force_login(alice)
    for value in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"):
        assert client.get(LIST, {"before": value}).status_code in (200, 400)


@pytest.mark.parametrize("value", ["", "-1", "x", "2147483648", "٣", "9" * 5000])
def test_bad_positions_are_400(client: Client, alice: Any, value: str) -> None:
    client.force_login(alice)
    talk = conversation(alice, messages=1)
    assert client.get(of(talk), {"after": value}).status_code == 400
    assert client.get(of(talk), {"before": value}).status_code == 400


def test_the_number_of_queries_does_not_grow(client: Client, alice: Any, django_assert_num_queries: Any) -> None:
    talk = conversation(alice, messages=30)
    for minute in range(20):
        conversation(alice, minute)
    client.force_login(alice)
    with django_assert_num_queries(4):  # session, user, list, pinned
        client.get(LIST)
    with django_assert_num_queries(6):  # session, user, conversation, how much the messages are, messages, replaced
        client.get(of(talk))


def test_a_page_says_how_many_messages_were_replaced(client: Client, alice: Any) -> None:
    talk = conversation(alice, messages=6)
    other = conversation(alice, messages=2)
    client.force_login(alice)
    assert client.get(of(talk)).json()["replaced"] == 0
    Message.objects.filter(conversation=talk, position__gte=4).update(replaced_at=timezone.now())
    assert client.get(of(talk)).json()["replaced"] == 2
    assert client.get(of(other)).json()["replaced"] == 0


def test_without_a_database_a_sentence_says_so(client: Client, alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> Any:
        raise OperationalError("secret words")

    client.force_login(alice)
    monkeypatch.setattr("live_proxy.views.api.conversations_of", away)
    response = client.get(LIST)
    assert response.status_code == 503
    assert response.json()["error"]["message"] == "The service cannot reach its database; try again."


def test_answers_are_private_and_for_reading(client: Client, alice: Any) -> None:
    client.force_login(alice)
    response = client.get(LIST)
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Type"] == "application/json"
    assert client.post(LIST).status_code == 405
