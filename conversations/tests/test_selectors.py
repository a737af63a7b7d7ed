import uuid
from typing import Any

import pytest

from conversations.selectors import conversation_of, conversations_of, messages_of
from conversations.tests import factories as make
from conversations.tests.factories import NOW, SECOND

pytestmark = pytest.mark.django_db


def test_a_person_lists_only_their_own_conversations_last_used_first(django_assert_num_queries):
    alice, charlie = make.alice(), make.charlie()
    made = [make.conversation(alice, title=str(age), updated_at=NOW - age * SECOND) for age in range(5)]
    make.conversation(charlie)
    with django_assert_num_queries(1):
        assert [item.title for item in conversations_of(user_id=alice.pk)] == list("01234")
    page = conversations_of(user_id=alice.pk, limit=2, before=made[1].updated_at)
    assert [item.title for item in page] == ["2", "3"]


def test_a_conversation_is_its_owners_alone():
    conversation = make.conversation(make.alice())
    found = conversation_of(conversation_id=conversation.pk, user_id=make.alice().pk)
    assert found is not None
    assert (found.id, found.title) == (conversation.pk, "Weather in Bergen")
    assert conversation_of(conversation_id=conversation.pk, user_id=make.charlie().pk) is None
    assert conversation_of(conversation_id=uuid.uuid4(), user_id=make.alice().pk) is None


def test_messages_come_in_order_and_from_a_position_on(django_assert_num_queries):
    session = make.session(make.conversation())
    for position in range(1, 8):
        make.message(session, position, usage={"total": position})
    asked: dict[str, Any] = {"conversation_id": session.conversation_id, "user_id": session.user_id}
    with django_assert_num_queries(2):
        everything, more = messages_of(**asked, limit=7)
    assert [(item.position, item.usage) for item in everything] == [(n, {"total": n}) for n in range(1, 8)]
    assert not more
    some, more = messages_of(**asked, after_position=2, limit=3)
    assert [item.position for item in some] == [3, 4, 5]
    assert more
    assert messages_of(**asked, after_position=7, limit=3) == ([], False)


def test_long_messages_come_in_smaller_numbers(django_assert_num_queries):
    conversation = make.conversation()
    session = make.session(conversation)
    for position, size in enumerate((40, 40, 40, 500, 10, 10), 1):
        half = {"parts": [{"text": "x" * (size // 2)}], "text": "x" * (size // 2)}
        make.message(session, position, **half)
    pages, after, more = [], 0, True
    while more:
        found, more = messages_of(
            conversation_id=conversation.pk, user_id=session.user_id, after_position=after, limit=9, budget=150
        )
        pages.append([item.position for item in found])
        after = found[-1].position
    assert pages == [[1, 2], [3], [4], [5, 6]]


def test_nobody_reads_the_messages_of_others():
    conversation = make.conversation()
    make.message(make.session(conversation), 1)
    assert messages_of(conversation_id=conversation.pk, user_id=make.charlie().pk, limit=3) == ([], False)
