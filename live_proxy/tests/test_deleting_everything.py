"""What else goes when a person deletes everything: on whatever database the tests run on."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, EverythingDeleted, Message, Session, TransportAttempt
from conversations.services import records_apply, visits_erase_ended
from conversations.services.deleting_everything import KEPT_IN_MIND
from conversations.tests.factories import (
    SECOND,
    Visit,
    alice,
    attempt,
    charlie,
    conversation,
    fallback,
    message,
    session,
)
from live_proxy.models import Preferences

pytestmark = pytest.mark.django_db
EARLIER = timezone.now() - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def hers(client: Client) -> None:
    client.force_login(alice())


def delete_everything(client: Client) -> Any:
    return client.delete("/api/conversations/", json.dumps({"confirm": "alice"}), content_type="application/json")


def test_preferences_go_as_well(client: Client) -> None:
    for person in (alice(), charlie()):
        Preferences.objects.create(user=person, voice="Kore", instruction="Answer briefly.")
    assert delete_everything(client).json() == {"deleted": 0}
    assert client.get("/api/preferences/").json()["instruction"] == ""
    assert [row.user for row in Preferences.objects.all()] == [charlie()]


def test_what_is_not_confirmed_deletes_nothing(client: Client) -> None:
    Preferences.objects.create(user=alice(), voice="Kore")
    session(ended_at=EARLIER, started_at=EARLIER)
    answer = client.delete("/api/conversations/", json.dumps({"confirm": "x"}), content_type="application/json")
    assert answer.status_code == 400
    assert (Preferences.objects.count(), Session.objects.count(), EverythingDeleted.objects.count()) == (1, 1, 0)


def test_visits_in_which_nothing_was_said_go_at_once_with_their_attempts(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.services.deleting_everything.VISITS_A_PIECE", 2)
    for _ in range(5):
        silent = session(started_at=EARLIER, ended_at=EARLIER)
        fallback(silent, from_attempt=attempt(silent), to_attempt=attempt(silent))
    spoken = session(conversation(), started_at=EARLIER, ended_at=EARLIER)
    message(spoken, 1)
    his = session(user=charlie(), started_at=EARLIER, ended_at=EARLIER)
    attempt(his)
    delete_everything(client)
    assert set(Session.objects.all()) == {spoken, his}
    assert [row.session for row in TransportAttempt.objects.all()] == [his]
    assert Message.objects.count() == 1, "what was said can be restored for some minutes"


def test_a_visit_that_is_not_over_goes_when_it_is_unless_something_is_said_in_it(client: Client) -> None:
    silent, speaking = Visit(alice()), Visit(alice())
    records_apply(records=[silent.started(at=EARLIER), silent.tried(), speaking.started(at=EARLIER)])
    delete_everything(client)
    later = timezone.now() + SECOND
    said: list[Any] = [speaking.began(at=later), speaking.said(1, at=later)]
    assert records_apply(records=said).refused == set()
    assert visits_erase_ended(now=later) == 0
    records_apply(records=[silent.ended(at=later), speaking.ended(at=later)])
    assert visits_erase_ended(now=later) == 1
    assert [row.pk for row in Session.objects.all()] == [speaking.session_id]
    assert not TransportAttempt.objects.exists()


def test_a_conversation_that_waited_to_be_written_does_not_come_after_all(client: Client) -> None:
    late, new = Visit(alice()), Visit(alice())
    his = Visit(charlie())
    waiting: list[Any] = [late.began(at=timezone.now()), late.said(1)]
    records_apply(records=[late.started(at=EARLIER), new.started(at=EARLIER)])
    delete_everything(client)
    refused = records_apply(records=[*waiting, his.started(), his.began(at=EARLIER), his.said(1)])
    assert refused.refused == {late.message_id(1)}
    after = timezone.now() + SECOND
    assert records_apply(records=[new.began(at=after), new.said(1, at=after)]).refused == set()
    assert set(Conversation.objects.values_list("pk", flat=True)) == {his.conversation_id, new.conversation_id}


def test_the_deletion_is_forgotten_when_nothing_of_before_can_come_any_more(client: Client) -> None:
    visit = Visit(alice())
    records_apply(records=[visit.started(at=EARLIER)])
    delete_everything(client)
    now = timezone.now()
    visits_erase_ended(now=now + KEPT_IN_MIND + SECOND)
    assert EverythingDeleted.objects.count() == 1, "a visit of before is still open"
    records_apply(records=[visit.ended(at=now)])
    visits_erase_ended(now=now)
    assert EverythingDeleted.objects.count() == 1
    visits_erase_ended(now=now + KEPT_IN_MIND + SECOND)
    assert EverythingDeleted.objects.count() == Session.objects.count() == 0


def test_deleting_again_counts_from_then_on(client: Client) -> None:
    delete_everything(client)
    between = Visit(alice())
    records: list[Any] = [between.started(), between.began(id=uuid.uuid4(), at=timezone.now())]
    delete_everything(client)
    records_apply(records=records)
    assert not Conversation.objects.exists()
