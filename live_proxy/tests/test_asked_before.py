"""Which typed messages may be served again."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from live_proxy.session.asked_before import AskedBefore


@dataclass
class Row:
    role: str
    position: int
    client_id: str | None = None
    status: str = "complete"
    said: bool = False
    id: UUID = field(default_factory=uuid4)


@pytest.mark.parametrize(
    ("status", "said", "answered"),
    [
        ("complete", False, True),
        ("interrupted", True, True),
        ("interrupted", False, False),
        ("failed", True, False),
        ("pending", True, False),
        ("no_reply", False, False),
    ],
)
def test_only_what_was_heard_counts_as_an_answer(status: str, said: bool, answered: bool) -> None:
    before = AskedBefore.of_record([Row("user", 1, "one"), Row("model", 2, None, status, said)])
    asked = before.find("one")
    assert asked is not None
    assert asked.answered is answered


def test_an_answer_belongs_to_the_question_before_it() -> None:
    before = AskedBefore.of_record([Row("user", 1, "one"), Row("user", 2, "two"), Row("model", 3)])
    assert [before.known[name].answered for name in ("one", "two")] == [False, True]


def test_turns_that_are_over_settle_what_they_asked() -> None:
    before = AskedBefore()
    before.ask("one", uuid4(), 1)
    before.settle(answered=False)
    assert (before.known["one"].open, before.known["one"].answered) == (False, False)
    before.known["one"].open = True
    before.settle(answered=True)
    assert (before.known["one"].open, before.known["one"].answered) == (False, True)
    assert before.find("two") is None and before.find(None) is None
