"""How an answer was served, as its owner sees it."""

from typing import Any

import pytest
from django.test import Client

from conversations.models import Message
from conversations.tests import factories
from conversations.tests.factories import NOW, SECOND, alice, charlie

pytestmark = pytest.mark.django_db


def address(message: Message) -> str:
    return f"/api/conversations/{message.conversation_id}/messages/{message.pk}/served/"


@pytest.fixture
def answer() -> Any:
    """The second answer of a session, for which one model failed before another served."""
    session = factories.session(factories.conversation())
    first = factories.attempt(session, outcome="ended", duration_ms=80)
    factories.message(session, 1)
    factories.message(session, 2, attempt=first, completed_at=NOW + 3 * SECOND)
    failed = factories.attempt(
        session,
        started_at=NOW + 4 * SECOND,
        outcome="failed",
        error_kind="quota",
        close_code=1011,
        detail="secret words",
    )
    serving = factories.attempt(session, started_at=NOW + 5 * SECOND, transport="sdk", duration_ms=120)
    factories.message(session, 3)
    usage = {"prompt": 7, "output": 5, "total": 12, "raw": {"promptTokenCount": 7}}
    answer = factories.message(
        session, 4, transport="sdk", attempt=serving, usage=usage, first_output_ms=321, completed_at=NOW + 9 * SECOND
    )
    factories.fallback(session, message=answer, from_attempt=failed, to_attempt=serving, reason="quota")
    factories.attempt(session, started_at=NOW + 60 * SECOND)
    return answer


def test_everything_that_led_to_it_and_nothing_else(client: Client, answer: Message) -> None:
    client.force_login(alice())
    found = client.get(address(answer)).json()
    assert found["message"]["transport"] == "sdk"
    assert found["message"]["first_output_ms"] == 321
    assert found["message"]["usage"] == {"prompt": 7, "output": 5, "total": 12}
    attempts = [(one["transport"], one["outcome"], one["error_kind"], one["code"]) for one in found["attempts"]]
    assert attempts == [("websocket", "failed", "quota", 1011), ("sdk", "connected", "", None)]
    assert [(one["from_transport"], one["to_transport"], one["reason"]) for one in found["fallbacks"]] == [
        ("websocket", "sdk", "quota")
    ]


def test_what_google_said_is_not_told(client: Client, answer: Message) -> None:
    client.force_login(alice())
    assert "secret words" not in client.get(address(answer)).text


def test_an_answer_of_an_upstream_that_was_there_before(client: Client) -> None:
    session = factories.session(factories.conversation())
    attempt = factories.attempt(session, outcome="connected")
    factories.message(session, 2, attempt=attempt, completed_at=NOW + 3 * SECOND)
    later = factories.message(session, 4, attempt=attempt, completed_at=NOW + 9 * SECOND)
    client.force_login(alice())
    assert len(client.get(address(later)).json()["attempts"]) == 1


def test_nobody_else_sees_it(client: Client, answer: Message) -> None:
    assert client.get(address(answer)).status_code == 401
    client.force_login(charlie())
    assert client.get(address(answer)).status_code == 404
    client.force_login(alice())
    other = factories.conversation()
    wrong = f"/api/conversations/{other.pk}/messages/{answer.pk}/served/"
    assert client.get(wrong).status_code == 404
    assert client.post(address(answer)).status_code == 405
