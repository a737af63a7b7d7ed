"""What people read when something fails."""

from __future__ import annotations

import pytest

from live_proxy.candidates import Candidate, Tried
from live_proxy.catalogue import LiveModel
from live_proxy.errors import Action, ErrorKind, Failure, Verdict
from live_proxy.sentences import NOT_SERVED, NOTHING_CONFIGURED, WHY, no_candidate, not_answered, tried_list

SECRET = "projects/secret-project has no access"


def tried(kind: ErrorKind, *, code: int | None = None, status: int | None = None) -> Tried:
    candidate = Candidate("websocket", "vertex", "us-central1", LiveModel("gemini-x"), "bidi")
    return Tried(candidate, Failure(Verdict(Action.RETRY), kind, code=code, reason=SECRET, http_status=status))


def test_without_credentials_the_administrator_is_told_what_to_set() -> None:
    assert no_candidate([], configured=False) == NOTHING_CONFIGURED
    assert no_candidate([tried(ErrorKind.DNS)], configured=False) == NOTHING_CONFIGURED


def test_a_family_that_nothing_can_serve_is_named_as_such() -> None:
    assert no_candidate([], configured=True) == NOT_SERVED


def test_the_reason_is_the_one_that_most_attempts_share() -> None:
    attempts = [tried(ErrorKind.DNS), tried(ErrorKind.MODEL_NOT_FOUND), tried(ErrorKind.MODEL_NOT_FOUND)]
    assert no_candidate(attempts, configured=True) == (
        "No answer: the Live models are not available to this project (all 3 attempts failed). "
        "An administrator has to mend it."
    )
    assert "(1 attempt failed)" in no_candidate(attempts[:1], configured=True)


def test_a_refused_request_says_why_it_was_refused_last() -> None:
    attempts = [tried(ErrorKind.DNS), tried(ErrorKind.DNS), tried(ErrorKind.SAFETY)]
    assert no_candidate(attempts, configured=True, given_up=True) == (
        "No answer: Gemini blocked the request for safety reasons. Change the request and send it again."
    )


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_a_sentence_without_upstreams_words(kind: ErrorKind) -> None:
    for sentence in (
        no_candidate([tried(kind)], configured=True),
        no_candidate([tried(kind)], configured=True, given_up=True),
        not_answered(kind),
    ):
        assert sentence.startswith("No answer: ")
        assert sentence.endswith(".")
        assert SECRET not in sentence
        assert str(kind) not in sentence or kind.value in WHY.get(kind, "")


def test_the_list_of_attempts_holds_names_and_numbers_only() -> None:
    attempts = [tried(ErrorKind.MODEL_NOT_FOUND, code=1008), tried(ErrorKind.ENDPOINT_NOT_FOUND, status=404)]
    listed = tried_list(attempts)
    assert listed[0] == {
        "transport": "websocket",
        "platform": "vertex",
        "location": "us-central1",
        "model": "gemini-x",
        "kind": "model_not_found",
        "code": 1008,
    }
    assert listed[1]["code"] == 404
    assert SECRET not in str(listed)
