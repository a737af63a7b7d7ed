"""What a claim reads of a long conversation. This runs on SQLite and, given a DATABASE_URL, on PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from conversations.models import Conversation, Message
from conversations.services import Claim, conversation_claim, leases
from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND

pytestmark = pytest.mark.django_db
ROOM = 128_000
THOUGHT = {"thought": True, "text": "hm"}


def talk(*texts: str, **fields: Any) -> Conversation:
    visit = make.session(make.conversation())
    common = {"session": visit, "conversation": visit.conversation, "status": "complete", "created_at": NOW} | fields
    Message.objects.bulk_create(
        Message(position=at, role="user" if at % 2 else "model", text=text, **common)
        for at, text in enumerate(texts, start=1)
    )
    assert visit.conversation is not None
    return visit.conversation


def claim(conversation: Conversation, room: int = ROOM) -> Claim:
    taken = conversation_claim(
        conversation_id=conversation.pk,
        user_id=conversation.owner_id,
        session_id=uuid4(),
        now=NOW,
        lease_until=NOW + 30 * SECOND,
        history_bytes=room,
    )
    assert taken is not None
    return taken


def read(taken: Claim) -> dict[int, int]:
    """Which texts, and how long they are."""
    return {item.position: len(item.text) for item in taken.history if item.text}


def test_the_newest_texts_are_read_and_no_more_than_there_is_room_for() -> None:
    long = talk(*["x" * 200_000] * 198, "question", "answer")
    taken = claim(long)
    assert read(taken) == {199: 8, 200: 6}
    assert [item.position for item in taken.history] == list(range(1, 201))
    assert read(claim(talk(*["x" * 50_000] * 9))) == {8: 50_000, 9: 50_000}
    assert read(claim(talk("short", "x" * 200_000))) == {}


def test_room_is_counted_in_bytes() -> None:
    said = talk("ab", "ö" * 5)
    assert [read(claim(said, room)) for room in (9, 10, 11, 12)] == [{}, {2: 5}, {2: 5}, {1: 2, 2: 5}]


def test_what_is_no_history_takes_no_room() -> None:
    said = talk("one", "two")
    for fields in ({"status": "failed"}, {"role": "tool"}, {"replaced_at": NOW}):
        make.message(said.sessions.get(), Message.objects.count() + 1, text="x" * 100, **fields)
    assert read(claim(said, 10)) == {1: 3, 2: 3}


@pytest.mark.parametrize(
    ("text", "parts", "said"),
    [
        ("ye", [], True),
        ("", [], False),
        ("", [THOUGHT], False),
        ("", [THOUGHT, {"functionCall": {"name": "f"}}], True),
        ("", [{"thought": False, "text": "x"}], True),
        ("", [{"thought": None}], True),
        ("", ["no object", 1, None], False),
    ],
)
def test_of_an_answer_that_was_cut_off_it_is_known_whether_it_said_anything(
    text: str, parts: list[Any], said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "HISTORY_LIMIT", 1)
    cut_off = talk(text, text, text, parts=parts, status="interrupted")
    Message.objects.filter(position__in=(1, 3)).update(role="model")
    taken = claim(cut_off)
    assert [item.said for item in (*taken.earlier, *taken.history)] == [said] * 3
