"""How a handle becomes good, and for what."""

import uuid
from typing import Any

import pytest

from conversations.services import conversation_claim, records_apply
from conversations.tests.factories import NOW, SECOND, Visit
from live_proxy import resumptions
from live_proxy.session.program import Kept

pytestmark = pytest.mark.django_db


def keep(visit: Visit, position: int, **more: Any) -> bool:
    fields: dict[str, Any] = {"session_id": visit.session_id, "user_id": visit.user_id, "handle": "a handle"}
    fields |= {"conversation_id": visit.conversation_id, "fence": 1, "family": "Live", "now": NOW}
    return resumptions.keep(Kept(None, "", position), **fields | more)


def test_a_handle_stands_for_its_conversation() -> None:
    visit = Visit()
    assert not keep(visit, 1), "nothing was said yet"
    records_apply(records=visit.whole())
    assert keep(visit, 3)
    found = resumptions.find("a handle", user_id=visit.user_id, now=NOW)
    assert found is not None
    assert (found.conversation_id, found.position) == (visit.conversation_id, 3)


def test_who_may_no_longer_write_keeps_no_handle() -> None:
    """It counts on from what was never stored, and another's messages may come to stand there."""
    visit = Visit()
    records_apply(records=visit.whole())
    assert keep(visit, 3)
    conversation_claim(
        conversation_id=visit.conversation_id,
        user_id=visit.user_id,
        session_id=uuid.uuid4(),
        now=NOW,
        lease_until=NOW + 30 * SECOND,
    )
    assert not keep(visit, 5)
    found = resumptions.find("a handle", user_id=visit.user_id, now=NOW)
    assert found is not None and found.position == 3
