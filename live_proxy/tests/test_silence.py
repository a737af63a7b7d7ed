"""When silence is a failure."""

from __future__ import annotations

import pytest

from live_proxy.errors import ErrorKind
from live_proxy.session.silence import Silence


@pytest.fixture
def silence() -> Silence:
    return Silence(first_output=10, stall=15)


def test_a_person_who_may_still_be_talking_is_never_hurried(silence: Silence) -> None:
    assert silence.broken(1e9) is None
    silence.still_thinking(0)
    assert silence.broken(1e9) is None


def test_an_answer_that_does_not_begin_is_told_once(silence: Silence) -> None:
    silence.input_ended(100)
    assert silence.broken(109.9) is None
    assert silence.broken(110) is ErrorKind.NO_OUTPUT
    assert silence.broken(1e9) is None


def test_an_answer_that_stops_is_told_once(silence: Silence) -> None:
    silence.output(100)  # not preceded by an end of input: a spoken turn
    silence.output(110)
    assert silence.broken(124.9) is None
    assert silence.broken(125) is ErrorKind.STALL
    assert silence.broken(126) is None


def test_a_thought_waits_as_long_again(silence: Silence) -> None:
    silence.input_ended(0)
    silence.still_thinking(9)
    assert silence.broken(18.9) is None
    assert silence.broken(19) is ErrorKind.NO_OUTPUT
    silence.output(20)
    silence.still_thinking(30)
    assert silence.broken(44.9) is None
    assert silence.broken(45) is ErrorKind.STALL


def test_an_ended_turn_is_not_watched(silence: Silence) -> None:
    silence.input_ended(0)
    silence.off()
    silence.still_thinking(1)
    assert silence.broken(1e9) is None


def test_a_new_question_counts_from_its_own_end(silence: Silence) -> None:
    silence.output(0)
    silence.input_ended(5)
    assert silence.broken(14.9) is None
    assert silence.broken(15) is ErrorKind.NO_OUTPUT
