"""Leases and the sweep. These run on SQLite and, given a DATABASE_URL, on PostgreSQL."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.services import (
    Applied,
    Claim,
    conversation_claim,
    conversation_delete,
    conversation_rewind,
    conversations_delete,
    lease_release,
    leases,
    records_apply,
    sessions_heartbeat,
    sessions_sweep,
)
from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND, Visit

pytestmark = pytest.mark.django_db


def asked(visit: Visit, session_id: uuid.UUID | None = None, **fields: Any) -> Claim | None:
    defaults: dict[str, Any] = {"conversation_id": visit.conversation_id, "user_id": visit.user_id, "now": NOW}
    defaults |= {"session_id": session_id or uuid.uuid4(), "lease_until": NOW + 30 * SECOND, "history_bytes": 10_000}
    return conversation_claim(**defaults | fields)


def claim(visit: Visit, session_id: uuid.UUID | None = None, **fields: Any) -> Claim:
    taken = asked(visit, session_id, **fields)
    assert taken is not None
    return taken


def rows():
    """Everything that is stored, to compare before and after."""
    models = (Session, Conversation, TransportAttempt, Message, FallbackEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- Leases ----------------------------------------------------------------------------------------------------------


def test_a_claim_tells_what_the_new_owner_needs():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(3, client_id="c3")])
    me = uuid.uuid4()
    taken = claim(visit, me)
    assert (taken.fence, taken.next_position, taken.family, taken.title) == (2, 4, "Live", "Hello")
    assert taken.previous_session == visit.session_id
    assert [(item.position, item.role, item.text, item.client_id) for item in taken.history] == [
        (1, "user", "text 1", None),
        (2, "model", "text 2", None),
        (3, "user", "text 3", "c3"),
    ]
    assert Conversation.objects.get().lease_session == me


def test_each_claim_gets_a_higher_fence():
    visit = Visit()
    records_apply(records=visit.whole())
    assert [claim(visit).fence for _ in range(3)] == [2, 3, 4]


def test_what_the_last_owner_had_under_way_is_closed():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(4, "pending", text="It is"), visit.said(6, "pending", text="")])
    taken = claim(visit)
    assert [item.status for item in taken.history] == ["complete", "complete", "pending", "pending"]
    assert [item.status for item in claim(visit).history] == ["complete", "complete", "interrupted", "failed"]


def test_an_expired_or_own_lease_names_no_previous_session():
    visit = Visit()
    records_apply(records=visit.whole())
    assert claim(visit, now=NOW + 31 * SECOND).previous_session is None
    me = uuid.uuid4()
    claim(visit, me)
    assert claim(visit, me).previous_session is None


def test_nobody_claims_an_unknown_or_foreign_conversation():
    visit = Visit()
    records_apply(records=visit.whole())
    assert asked(visit, user_id=make.charlie().pk) is None
    assert asked(visit, conversation_id=uuid.uuid4()) is None
    assert Conversation.objects.get().fence == 1


def test_history_is_the_newest_two_hundred_in_order():
    visit = Visit()
    records_apply(records=[*visit.whole(), *(visit.said(position) for position in range(3, 231))])
    taken = claim(visit)
    assert [item.position for item in taken.history] == list(range(31, 231))
    assert taken.next_position == 231


def test_what_was_asked_before_those_is_known_without_its_words(monkeypatch):
    monkeypatch.setattr(leases, "EARLIER_LIMIT", 20)
    visit = Visit()
    long_ago = [visit.said(position, client_id=f"c{position}") for position in range(3, 231)]
    records_apply(records=[*visit.whole(), *long_ago])
    taken = claim(visit)
    assert [item.position for item in taken.earlier] == list(range(11, 31))
    assert {(item.client_id, item.text) for item in taken.earlier} == {(f"c{at}", "") for at in range(11, 31)}
    assert claim(visit).history == taken.history


def test_an_empty_conversation_starts_at_position_one():
    conversation = make.conversation()
    taken = conversation_claim(
        conversation_id=conversation.pk,
        user_id=conversation.owner_id,
        session_id=uuid.uuid4(),
        now=NOW,
        lease_until=NOW,
    )
    assert taken is not None
    assert (taken.next_position, taken.history, taken.earlier) == (1, [], [])


def test_only_the_holder_releases_a_lease():
    visit = Visit()
    records_apply(records=visit.whole())
    lease_release(conversation_id=visit.conversation_id, session_id=uuid.uuid4())
    assert Conversation.objects.get().lease_session == visit.session_id
    lease_release(conversation_id=visit.conversation_id, session_id=visit.session_id)
    assert Conversation.objects.get().lease_session is None
    assert records_apply(records=[visit.said(3)]).refused == set()


def test_a_heartbeat_extends_held_leases_and_names_lost_ones(django_assert_max_num_queries):
    held, lost, idle = Visit(), Visit(), Visit()
    records_apply(records=[*held.whole(), *lost.whole(), idle.started()])
    claim(lost)
    later, until = NOW + 10 * SECOND, NOW + 40 * SECOND
    fences = dict.fromkeys([held.session_id, lost.session_id, idle.session_id, uuid.uuid4()], 1)
    with django_assert_max_num_queries(6):
        assert sessions_heartbeat(fences=fences, now=later, lease_until=until) == {lost.session_id}
    assert set(Session.objects.values_list("heartbeat_at", flat=True)) == {later}
    assert Conversation.objects.get(pk=held.conversation_id).lease_until == until
    assert Conversation.objects.get(pk=lost.conversation_id).lease_until == NOW + 30 * SECOND


def test_a_heartbeat_names_those_whose_conversation_nobody_holds_since_it_was_taken_away():
    deleted, rewound, swept = visits = Visit(), Visit(), Visit()
    records_apply(records=[record for visit in visits for record in visit.whole()])
    conversation_delete(conversation_id=deleted.conversation_id, user_id=deleted.user_id, now=NOW)
    conversation_rewind(
        conversation_id=rewound.conversation_id,
        user_id=rewound.user_id,
        message_id=rewound.message_id(1),
        now=NOW,
    )
    lease_release(conversation_id=swept.conversation_id, session_id=swept.session_id)
    fences = {visit.session_id: 1 for visit in visits}
    lost = sessions_heartbeat(fences=fences, now=NOW, lease_until=NOW + 30 * SECOND)
    assert lost == {deleted.session_id, rewound.session_id}


def test_a_heartbeat_of_nobody_needs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert sessions_heartbeat(fences={}, now=NOW, lease_until=NOW) == set()


# --- The sweep -------------------------------------------------------------------------------------------------------


def sweep(after=120):
    return sessions_sweep(now=NOW + after * SECOND, stale_after=60 * SECOND)


def test_a_sweep_closes_what_a_dead_process_left():
    visit = Visit()
    half, silent = visit.said(4, "pending", text="It is"), visit.said(6, "pending", text="")
    records_apply(records=[*visit.whole(), visit.said(3, "pending"), half, silent])
    swept = sweep()
    assert (swept.sessions, swept.attempts, swept.messages) == (1, 1, 2)
    session = Session.objects.get()
    assert (session.ended_at, session.close_code, session.close_reason) == (NOW, 1006, "abandoned")
    assert TransportAttempt.objects.get().outcome == "abandoned"
    assert dict(Message.objects.values_list("position", "status")) == {
        1: "complete",
        2: "complete",
        3: "complete",
        4: "interrupted",
        6: "failed",
    }
    assert Conversation.objects.get().lease_session is None


def test_a_second_sweep_finds_nothing():
    visit = Visit()
    records_apply(records=visit.whole())
    assert sweep().sessions == 1
    before = rows()
    assert sweep().sessions == 0
    assert rows() == before


def test_a_sweep_leaves_the_living_the_ended_and_other_leases_alone():
    living, ended, overtaken = Visit(), Visit(), Visit()
    records_apply(records=[*living.whole(), *ended.whole(), ended.ended(), *overtaken.whole()])
    sessions_heartbeat(fences={living.session_id: 1}, now=NOW + 100 * SECOND, lease_until=NOW + 130 * SECOND)
    claim(overtaken)
    assert sweep().sessions == 1
    assert Session.objects.get(pk=living.session_id).ended_at is None
    assert Session.objects.get(pk=ended.session_id).close_code == 1000
    assert Conversation.objects.get(pk=overtaken.conversation_id).lease_session is not None


def test_a_sweep_takes_no_more_than_five_hundred():
    conversation = make.conversation()
    user = make.alice()
    Session.objects.bulk_create(
        Session(user=user, conversation=conversation, client="web", process="p", heartbeat_at=NOW, started_at=NOW)
        for _ in range(501)
    )
    assert [sweep().sessions, sweep().sessions, sweep().sessions] == [500, 1, 0]


def test_what_a_slow_process_says_later_beats_the_sweep():
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(4, "pending", text="It is")])
    sweep()
    sessions_heartbeat(fences={visit.session_id: 1}, now=NOW + 130 * SECOND, lease_until=NOW + 160 * SECOND)
    assert Session.objects.get().ended_at is None
    records_apply(records=[visit.said(4), visit.turned_out("ended", close_code=1000), visit.ended()])
    assert Message.objects.get(position=4).status == "complete"
    assert TransportAttempt.objects.get().outcome == "ended"
    assert Session.objects.get().close_reason == "bye"


def test_a_message_can_be_stored_again_under_a_newer_fence():
    """The session that took over finishes a message that the old one had begun."""
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.said(4, "pending", text="")])
    taken = claim(visit)
    done = replace(visit.said(4), fence=taken.fence)
    assert records_apply(records=[done]) == Applied()
    assert Message.objects.get(position=4).status == "complete"


# --- Two at once -----------------------------------------------------------------------------------------------------


def at_once(call, times):
    def run(_):
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.django_db(transaction=True)
def test_claims_at_the_same_time_get_different_fences():
    visit = Visit()
    records_apply(records=visit.whole())
    assert sorted(taken.fence for taken in at_once(lambda: claim(visit), 6)) == [2, 3, 4, 5, 6, 7]


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_the_same_time_close_each_session_once():
    visits = [Visit() for _ in range(20)]
    records_apply(records=[record for visit in visits for record in visit.whole()])
    swept = at_once(sweep, 4)
    assert (sum(each.sessions for each in swept), sum(each.attempts for each in swept)) == (20, 20)


@pytest.mark.django_db(transaction=True)
def test_records_heartbeats_and_sweeps_do_not_block_each_other_for_good():
    visits = [Visit() for _ in range(10)]
    records_apply(records=[record for visit in visits for record in visit.whole()])
    ids = [visit.session_id for visit in visits]
    said = [visit.said(4) for visit in visits]
    jobs = [
        lambda: records_apply(records=[*said, *(visit.ended() for visit in visits)]),
        lambda: sessions_heartbeat(fences=dict.fromkeys(ids[::-1], 1), now=NOW, lease_until=NOW + 30 * SECOND),
        sweep,
        lambda: [claim(visit) for visit in visits],
    ]
    turns = iter(jobs * 3)
    assert len(at_once(lambda: next(turns)(), 12)) == 12
    assert all(Session.objects.values_list("ended_at", flat=True))


@pytest.mark.django_db(transaction=True)
def test_deleting_everything_locks_in_the_order_of_ids_as_records_do():
    """A batch has the first conversation and wants the last, which lies before it in the table."""
    if not connection.features.has_select_for_update:
        pytest.skip("one writer at a time: nothing to lock")
    last, first = sorted((make.conversation() for _ in range(2)), key=lambda row: row.pk, reverse=True)
    Conversation.objects.filter(pk=first.pk).update(title="rewritten, so that it lies behind the other")
    locked = Conversation.objects.select_for_update(no_key=True)

    def waiting() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return cursor.fetchone()[0] > 0

    def delete() -> int:
        try:
            return conversations_delete(user_id=make.alice().pk, now=NOW).conversations
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked.get(pk=first.pk)
            deleting = pool.submit(delete)
            deadline = time.monotonic() + 4
            while not waiting():
                assert time.monotonic() < deadline
            locked.get(pk=last.pk)
        assert deleting.result(10) == 2
