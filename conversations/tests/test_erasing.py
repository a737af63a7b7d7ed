"""Erasing what was deleted. These run on SQLite and, given a DATABASE_URL, on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.services import (
    UNDO_WITHIN,
    conversation_delete,
    conversation_restore,
    erase_piece,
    erasing,
    records_apply,
)
from conversations.tests.factories import NOW, SECOND, Visit

pytestmark = pytest.mark.django_db
LATE = NOW + UNDO_WITHIN + SECOND


def said(messages: int = 4) -> Visit:
    visit = Visit()
    records_apply(records=[*visit.whole(), visit.fell(), *(visit.said(at) for at in range(3, messages + 1))])
    return visit


def deleted(messages: int = 4) -> Visit:
    visit = said(messages)
    assert conversation_delete(conversation_id=visit.conversation_id, user_id=visit.user_id, now=NOW).conversations
    return visit


def restored(visit: Visit, now=NOW) -> bool:
    return conversation_restore(conversation_id=visit.conversation_id, user_id=visit.user_id, now=now)


def left() -> set[UUID]:
    return set(Conversation.objects.values_list("pk", flat=True))


def test_it_is_erased_with_all_that_belongs_to_it_when_it_can_no_longer_be_undone():
    visit, kept = deleted(), said()
    assert erase_piece(now=NOW + UNDO_WITHIN).conversations == 0
    assert erase_piece(now=LATE) == erasing.Erased(1, more=False)
    assert left() == {kept.conversation_id}
    assert set(Message.objects.values_list("conversation_id", flat=True)) == {kept.conversation_id}
    for model in (TransportAttempt, FallbackEvent):
        assert set(model.objects.values_list("session_id", flat=True)) == {kept.session_id}
    assert [row.pk for row in Session.objects.all()] == [kept.session_id]
    assert not restored(visit)


def test_what_is_restored_is_not_erased():
    visit = deleted()
    assert restored(visit, NOW + UNDO_WITHIN)
    assert erase_piece(now=LATE).conversations == 0
    assert Message.objects.count() == 4


def test_a_piece_is_short_however_long_the_conversation(monkeypatch):
    monkeypatch.setattr(erasing, "ROWS_A_PIECE", 10)
    visit = deleted(33)
    pieces: list[erasing.Erased] = []
    while not pieces or pieces[-1].more:
        before = Message.objects.count()
        pieces.append(erase_piece(now=LATE))
        assert before - Message.objects.count() <= 10
        assert not restored(visit), "a part of it is gone"
    assert (sum(piece.conversations for piece in pieces), left()) == (1, set())


def test_long_messages_fill_a_piece():
    visit = Visit()
    long = "word " * (erasing.CHARACTERS_A_PIECE // 8)
    records_apply(records=[visit.started(), visit.began(), *(visit.said(at, text=long) for at in range(1, 6))])
    conversation_delete(conversation_id=visit.conversation_id, user_id=visit.user_id, now=NOW)
    counts = []
    for _ in range(3):
        counts.append((erase_piece(now=LATE).more, Message.objects.count()))
    assert counts == [(True, 3), (True, 1), (False, 0)]


def test_many_short_ones_go_in_one_piece():
    for _ in range(60):
        deleted(2)
    assert erase_piece(now=LATE).more
    while erase_piece(now=LATE).more:
        pass
    assert left() == set()


@pytest.mark.django_db(transaction=True)
def test_a_restore_under_way_is_never_half_erased():
    """Whichever comes first has all of it."""
    visit = deleted()
    chosen, go_on = threading.Event(), threading.Event()

    def restore():
        try:
            with transaction.atomic():
                done = restored(visit, NOW + timedelta(minutes=1))
                chosen.set()
                go_on.wait(10 if connection.features.has_select_for_update else 0.5)
            return done
        finally:
            connection.close()

    def erase():
        try:
            return erase_piece(now=LATE).conversations
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        restoring = pool.submit(restore)
        assert chosen.wait(10)
        assert pool.submit(erase).result(10) == 0
        go_on.set()
        assert restoring.result(10)
    assert (left(), Message.objects.count()) == ({visit.conversation_id}, 4)


@pytest.mark.django_db(transaction=True)
def test_several_who_erase_share_the_work():
    for _ in range(30):
        deleted()

    def erase(_):
        try:
            erased, more = 0, True
            while more:
                piece = erase_piece(now=LATE)
                erased, more = erased + piece.conversations, piece.more
            return erased
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(erase, range(4)))
    assert (total + erase_piece(now=LATE).conversations, left()) == (30, set())
