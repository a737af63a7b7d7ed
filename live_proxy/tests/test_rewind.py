"""Going back to an earlier message."""

import uuid
from typing import Any

import pytest
from django.test import Client

from conversations.models import Message
from conversations.services import Applied, Claim, conversation_claim, records_apply
from conversations.tests.factories import NOW, SECOND, Visit, alice, charlie

pytestmark = pytest.mark.django_db


def told(visit: Visit) -> None:
    records_apply(records=[visit.started(), visit.began(), visit.tried(), *(visit.said(at) for at in (1, 2, 3, 4))])


def address(visit: Visit) -> str:
    return f"/api/conversations/{visit.conversation_id}/rewind/"


def rewind(client: Client, visit: Visit, position: int) -> Any:
    return client.post(address(visit), {"message": str(visit.message_id(position))}, content_type="application/json")


def claimed(visit: Visit, session_id: uuid.UUID | None = None) -> Claim:
    claim = conversation_claim(
        conversation_id=visit.conversation_id,
        user_id=visit.user_id,
        session_id=session_id or uuid.uuid4(),
        now=NOW,
        lease_until=NOW + 30 * SECOND,
    )
    assert claim is not None
    return claim


def thread(client: Client, visit: Visit) -> list[int]:
    found = client.get(f"/api/conversations/{visit.conversation_id}/messages/").json()["messages"]
    return [row["position"] for row in found]


def test_the_thread_ends_before_it_and_the_record_keeps_all(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    client.force_login(alice())
    assert rewind(client, visit, 3).json() == {"replaced": 2}
    assert thread(client, visit) == [1, 2]
    assert Message.objects.count() == 4


def test_a_message_that_is_replaced_already_takes_nothing_with_it(client: Client) -> None:
    """A request sent twice, or an edit in a tab that does not know of another tab's."""
    visit, later = Visit(alice()), Visit(alice())
    told(visit)
    client.force_login(alice())
    rewind(client, visit, 3)
    claim = claimed(visit, later.session_id)
    records_apply(
        records=[
            later.started(conversation_id=visit.conversation_id),
            *(
                later.said(at, conversation_id=visit.conversation_id, fence=claim.fence, status="complete")
                for at in (5, 6)
            ),
        ]
    )
    assert rewind(client, visit, 3).json() == {"replaced": 0}
    assert thread(client, visit) == [1, 2, 5, 6]
    late = later.said(7, conversation_id=visit.conversation_id, fence=claim.fence)
    assert records_apply(records=[late]).refused == set(), "who serves it keeps it"


def test_late_words_of_who_was_serving_do_not_come_back(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    client.force_login(alice())
    rewind(client, visit, 3)
    applied = records_apply(records=[visit.said(4, status="interrupted", text="late"), visit.said(5, text="later")])
    assert applied.refused
    assert thread(client, visit) == [1, 2]


def test_an_answer_under_way_is_closed_with_what_there_is(client: Client) -> None:
    """Its last words are refused from here on, so nothing else would close it."""
    visit = Visit(alice())
    told(visit)
    half = [visit.said(4 + 2 * nth, "pending", text=text) for nth, text in enumerate(["It is", ""], start=1)]
    records_apply(records=[visit.said(5, "pending"), half[0], half[1]])
    client.force_login(alice())
    assert rewind(client, visit, 5).json() == {"replaced": 3}
    stored = {
        row.position: (row.status, row.completed_at is not None) for row in Message.objects.filter(position__gt=4)
    }
    assert stored == {5: ("complete", True), 6: ("interrupted", True), 8: ("failed", True)}


def test_the_next_session_knows_what_is_left_and_writes_behind_all(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    client.force_login(alice())
    rewind(client, visit, 3)
    claim = claimed(visit)
    assert [item.position for item in claim.history] == [1, 2]
    assert (claim.next_position, claim.previous_session) == (5, None)


def test_the_same_words_may_be_sent_again_with_the_same_id(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    records_apply(records=[visit.said(5, client_id="mine")])
    client.force_login(alice())
    rewind(client, visit, 5)
    claim = claimed(visit)
    assert claim.history[-1].position == 4
    assert records_apply(records=[visit.said(6, client_id="mine", role="user", fence=claim.fence)]) == Applied()
    assert thread(client, visit) == [1, 2, 3, 4, 6]


def test_one_goes_back_to_a_question(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    client.force_login(alice())
    assert rewind(client, visit, 2).status_code == 400
    assert thread(client, visit) == [1, 2, 3, 4]


def test_nobody_else_may(client: Client) -> None:
    visit = Visit(alice())
    told(visit)
    assert rewind(client, visit, 1).status_code == 401
    client.force_login(charlie())
    foreign = rewind(client, visit, 1)
    unknown = rewind(client, Visit(charlie()), 1)
    assert (foreign.status_code, foreign.json()) == (unknown.status_code, unknown.json())
    assert foreign.status_code == 404
    assert not Message.objects.filter(replaced_at__isnull=False).exists()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"message": 1}', '{"message": "x"}', '{"message": null}', "{" * 9999]
)
def test_what_cannot_be_understood_is_refused(client: Client, body: str) -> None:
    visit = Visit(alice())
    told(visit)
    client.force_login(alice())
    assert client.post(address(visit), body, content_type="application/json").status_code == 400


def test_another_site_cannot_do_it() -> None:
    visit = Visit(alice())
    told(visit)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice())
    assert rewind(client, visit, 1).status_code == 403
    assert client.get(address(visit)).status_code == 405
