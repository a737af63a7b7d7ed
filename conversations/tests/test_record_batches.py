"""Batches of records. These run on SQLite and, given a DATABASE_URL, on PostgreSQL."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.records import Record
from conversations.services import (
    Applied,
    Dropped,
    records_apply,
)
from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND, Visit

pytestmark = pytest.mark.django_db


def rows():
    """Everything that is stored, to compare before and after."""
    models = (Session, Conversation, TransportAttempt, Message, FallbackEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- Records ---------------------------------------------------------------------------------------------------------


def test_no_records_need_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert records_apply(records=[]) == Applied()


def test_a_whole_visit_is_stored():
    visit = Visit()
    fell = visit.fell(to_attempt_id=visit.attempt_id, message_id=visit.message_id(2))
    said = visit.said(3, attempt_id=visit.attempt_id, client_id="c1", usage={"total": 7}, parts=[{"text": "x"}])
    assert records_apply(records=[*visit.whole(), said, fell, visit.ended()]) == Applied()
    session = Session.objects.get()
    assert (session.conversation_id, session.close_code, session.ended_at) == (visit.conversation_id, 1000, NOW)
    stored = Conversation.objects.get()
    assert (stored.fence, stored.lease_session, stored.title) == (1, None, "Hello"), "its lease ends with the session"
    assert stored.updated_at == NOW + 3 * SECOND
    assert TransportAttempt.objects.get().outcome == "connected"
    message = Message.objects.get(position=3)
    assert (message.client_id, message.usage, message.attempt_id) == ("c1", {"total": 7}, visit.attempt_id)
    assert FallbackEvent.objects.get().message_id == visit.message_id(2)


@pytest.mark.parametrize("order", ["as made", "reversed"])
def test_the_order_inside_a_batch_does_not_matter(order):
    visit = Visit()
    records = [*visit.whole(), visit.fell(), visit.ended()]
    assert records_apply(records=records if order == "as made" else records[::-1]) == Applied()
    assert (Session.objects.get().close_code, Message.objects.count()) == (1000, 2)
    assert TransportAttempt.objects.get().outcome == "connected"


def test_applying_twice_changes_nothing():
    visit = Visit()
    records = [*visit.whole(), visit.fell(), visit.turned_out("ended", close_code=1000), visit.ended()]
    records_apply(records=records)
    before = rows()
    assert records_apply(records=records) == Applied()
    assert rows() == before


def test_replaying_any_beginning_of_the_journal_moves_nothing_back():
    visit = Visit()
    records = [*visit.whole(), visit.said(4, "pending"), visit.said(4), visit.turned_out("ended"), visit.ended()]
    records_apply(records=records)
    before = rows()
    for length in range(len(records)):
        records_apply(records=records[: length + 1])
        assert rows() == before


def test_the_last_statement_about_a_message_wins():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(3, "pending", text="a"), visit.said(3, "pending", text="ab")])
    assert Message.objects.get(position=3).text == "ab"
    records_apply(records=[visit.said(3, "interrupted", text="abc")])
    assert Message.objects.get(position=3).status == "interrupted"


def test_a_late_pending_message_does_not_overwrite_a_complete_one():
    visit = Visit()
    records_apply(records=visit.whole())
    records_apply(records=[visit.said(2, "pending", text="")])
    records_apply(records=[visit.said(3), visit.said(3, "pending", text="")])
    assert {message.text for message in Message.objects.filter(status="complete")} == {"text 1", "text 2", "text 3"}


def test_an_attempt_started_again_keeps_its_outcome():
    visit = Visit()
    records_apply(records=[visit.started(), visit.tried()])
    records_apply(records=[visit.turned_out("failed", error_kind="quota", http_status=429, detail="Slow down")])
    records_apply(records=[visit.tried(), visit.turned_out("connected")])
    attempt = TransportAttempt.objects.get()
    assert (attempt.outcome, attempt.error_kind, attempt.http_status) == ("failed", "quota", 429)


@pytest.mark.parametrize("together", [True, False])
def test_an_attempt_keeps_its_set_up_time_when_it_ends(together):
    visit = Visit()
    first, last = visit.turned_out("connected", duration_ms=180), visit.turned_out("ended", close_code=1000)
    records_apply(records=[visit.started(), visit.tried(), first, *([last] if together else [])])
    records_apply(records=[last])
    attempt = TransportAttempt.objects.get()
    assert (attempt.outcome, attempt.duration_ms, attempt.close_code) == ("ended", 180, 1000)


def test_a_session_started_again_stays_ended():
    visit = Visit()
    records_apply(records=[visit.started(), visit.ended()])
    records_apply(records=[visit.started()])
    assert Session.objects.get().ended_at == NOW


def test_a_session_can_join_a_conversation_that_exists():
    visit, later = Visit(), Visit()
    records_apply(records=visit.whole())
    records_apply(records=[later.started(conversation_id=visit.conversation_id)])
    assert Session.objects.get(pk=later.session_id).conversation_id == visit.conversation_id


def test_messages_with_an_old_fence_are_refused():
    visit = Visit()
    records_apply(records=visit.whole())
    Conversation.objects.update(fence=2)
    late, timely = visit.said(3), visit.said(4, fence=2)
    applied = records_apply(records=[late, timely])
    assert (applied.refused, applied.dropped) == ({late.id}, [])
    assert list(Message.objects.values_list("position", flat=True)) == [1, 2, 4]


@pytest.mark.parametrize("together", [True, False])
def test_nobody_writes_into_a_conversation_by_beginning_it_again(together):
    hers, his, mine_too = Visit(make.alice()), Visit(make.charlie()), Visit(make.alice())
    his.conversation_id = mine_too.conversation_id = hers.conversation_id
    intruders: list[Record] = [his.started(), his.began(title="mine now"), his.said(3), his.said(5)]
    intruders += [mine_too.started(), mine_too.began(title="mine now"), mine_too.said(4)]
    refused = {his.message_id(at) for at in (3, 4, 5)}
    if together:
        assert records_apply(records=[*hers.whole(), *intruders]).refused == refused
    else:
        records_apply(records=hers.whole())
        assert records_apply(records=intruders).refused == refused
    assert list(Message.objects.values_list("position", "session_id")) == [(1, hers.session_id), (2, hers.session_id)]
    stored = Conversation.objects.get()
    assert (stored.owner, stored.title, stored.lease_session) == (make.alice(), "Hello", hers.session_id)
    assert Session.objects.get(pk=his.session_id).conversation_id is None
    assert records_apply(records=[*hers.whole(), hers.said(3)]) == Applied()


def test_nobody_joins_somebody_elses_conversation():
    hers, his = Visit(make.alice()), Visit(make.charlie())
    records_apply(records=hers.whole())
    said = his.said(3, conversation_id=hers.conversation_id, fence=9)
    assert records_apply(records=[his.started(conversation_id=hers.conversation_id), said]).refused == {said.id}
    assert Session.objects.get(pk=his.session_id).conversation_id is None


def test_messages_of_a_deleted_conversation_are_refused():
    visit = Visit()
    records_apply(records=visit.whole())
    Conversation.objects.all().delete()
    assert records_apply(records=[visit.said(3)]).refused == {visit.message_id(3)}


def test_records_without_parents_are_dropped_and_the_others_stored():
    visit, lost = Visit(), Visit()
    orphans: list[Record] = [lost.tried(), lost.fell(), lost.ended(), lost.turned_out("failed")]
    applied = records_apply(records=[*orphans, *visit.whole()])
    assert {(each.kind, each.reason) for each in applied.dropped} == {
        ("AttemptStarted", "SessionMissing"),
        ("FallbackHappened", "SessionMissing"),
        ("SessionEnded", "SessionMissing"),
        ("AttemptUpdated", "AttemptMissing"),
    }
    assert Message.objects.count() == 2


def test_records_of_a_user_that_is_gone_are_dropped():
    visit = Visit()
    visit.user_id = 999_999
    applied = records_apply(records=visit.whole())
    assert {each.reason for each in applied.dropped} == {"UserMissing", "SessionMissing", "AttemptMissing"}
    assert applied.refused == {visit.message_id(1), visit.message_id(2)}
    assert not any(rows())


def test_a_contradiction_drops_one_record_only():
    """Two messages at one position: the batch is repeated record by record."""
    visit = Visit()
    twin = visit.said(2, id=uuid.uuid4())
    applied = records_apply(records=[*visit.whole(), twin, visit.said(3), visit.ended()])
    assert applied.dropped == [Dropped("MessageSaved", twin.id, "IntegrityError")]
    assert list(Message.objects.values_list("position", flat=True)) == [1, 2, 3]
    assert Session.objects.get().close_code == 1000


@pytest.mark.parametrize("together", [True, False])
def test_a_client_id_is_stored_once_a_conversation_and_no_question_is_lost_for_it(together):
    visit = Visit()
    first, second = visit.said(3, client_id="x"), visit.said(5, client_id="x")
    for records in [[*visit.whole(), first, second]] if together else [visit.whole(), [first], [second]]:
        assert records_apply(records=records) == Applied()
    for _ in range(2):
        assert list(Message.objects.filter(position__gt=2).values_list("position", "client_id")) == [
            (3, "x"),
            (5, None),
        ]
        assert records_apply(records=[second, first]) == Applied()


def test_a_client_id_is_free_again_when_its_message_was_replaced():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(3, client_id="x")])
    Message.objects.filter(position=3).update(replaced_at=NOW)
    assert records_apply(records=[visit.said(5, client_id="x")]) == Applied()
    assert Message.objects.get(position=5).client_id == "x"


def test_an_id_in_use_elsewhere_does_not_overwrite_another_conversation():
    hers, his = Visit(make.alice()), Visit(make.charlie())
    records_apply(records=[*hers.whole(), *his.whole()])
    applied = records_apply(records=[his.said(3, id=hers.message_id(1), text="mine now")])
    assert applied.dropped == [Dropped("MessageSaved", hers.message_id(1), "IdTaken")]
    assert Message.objects.get(pk=hers.message_id(1)).text == "text 1"


def test_unstorable_characters_and_absurd_sizes_are_mended():
    visit = Visit()
    nasty = "a\x00b\ud800" * 200
    records: list[Record] = [
        visit.started(process=nasty),
        visit.began(title=nasty, family=nasty),
        visit.tried(model=nasty, location=nasty, platform=nasty),
        visit.turned_out("failed", detail=nasty, error_kind=nasty, duration_ms=-5, close_code=2**40),
        visit.said(1, text=nasty, parts=[{nasty: float("nan")}], usage={"total": 2**80}, model=nasty, client_id=nasty),
        visit.fell(reason=nasty),
        visit.ended(close_reason=nasty),
    ]
    assert records_apply(records=records) == Applied()
    attempt, message = TransportAttempt.objects.get(), Message.objects.get()
    assert (len(attempt.detail), len(attempt.model), attempt.duration_ms) == (500, 200, 0)
    assert message.text == "a\ufffdb\ufffd" * 200
    assert list(message.parts[0].values()) == [None]
    assert len(Session.objects.get().close_reason) == 200


def test_a_batch_needs_few_queries_whatever_its_size():
    visits = [Visit() for _ in range(40)]
    records = [record for visit in visits for record in [*visit.whole(), visit.fell(), visit.ended()]]
    with CaptureQueriesContext(
        connection,
    ) as small:
        records_apply(records=[*visits[0].whole(), visits[0].fell(), visits[0].ended()])
    with CaptureQueriesContext(connection) as large:
        assert records_apply(records=records) == Applied()
    assert Message.objects.count() == 80
    assert len(small) <= 22
    assert len(large) <= len(small) + 4


def test_updated_at_only_moves_forward():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(9)])
    records_apply(records=[visit.said(3)])
    assert Conversation.objects.get().updated_at == NOW + 9 * SECOND
