"""The climb from the best candidate down."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from live_proxy import ladder as ladder_module
from live_proxy.candidates import Candidate, Exclusions
from live_proxy.errors import Action, ErrorKind, Failure, Scope, Verdict
from live_proxy.ladder import RETRIES, NoCandidate, Order, Previous
from live_proxy.tests.climbing import HANG, Attempts, Fate, Upstreams, candidate, climb, ladder, order

A, B, C = candidate("a"), candidate("b"), candidate("c")
ONE_HISTORY = {"role": "user", "parts": [{"text": "earlier"}]}


def fails(
    action: Action, scope: Scope | None = None, kind: ErrorKind = ErrorKind.UNKNOWN, after: float | None = None
) -> Failure:
    return Failure(Verdict(action, scope, after), kind, code=1008, reason="no")


def skips(scope: Scope, kind: ErrorKind = ErrorKind.UNKNOWN) -> Failure:
    return fails(Action.SKIP, scope, kind)


RETRY = fails(Action.RETRY, kind=ErrorKind.INTERNAL, after=0.0)
NOT_FOUND = skips(Scope.MODEL, ErrorKind.MODEL_NOT_FOUND)


async def nobody(upstream: Upstreams, wanted: Order, record: Attempts | None = None, **how: float) -> NoCandidate:
    with pytest.raises(NoCandidate) as nothing:
        await climb(upstream, wanted, record, **how)
    return nothing.value


async def test_the_first_that_opens_serves() -> None:
    upstream, record = Upstreams(), Attempts()
    served = await climb(upstream, order(A, B), record)
    assert served.candidate == A
    assert served.transport is upstream.transports[0]
    assert record.story == [("a", "connected")]
    assert list(record.outcomes) == [served.attempt_id]
    assert record.fallbacks == []
    assert upstream.openings[0].setup == served.setup


async def test_each_failure_leads_to_the_next_and_is_recorded_as_a_fallback() -> None:
    upstream, record = Upstreams(a=[NOT_FOUND], b=[skips(Scope.MODEL, ErrorKind.QUOTA)]), Attempts()
    served = await climb(upstream, order(A, B, C), record)
    assert served.candidate == C
    assert record.story == [("a", "model_not_found"), ("b", "quota"), ("c", "connected")]
    assert record.fallbacks == [("a", "b", "model_not_found"), ("b", "c", "quota")]


async def test_when_nothing_is_left_every_attempt_is_told() -> None:
    upstream, record = Upstreams(a=[NOT_FOUND], b=[NOT_FOUND]), Attempts()
    nothing = await nobody(upstream, order(A, B), record)
    assert [tried.candidate for tried in nothing.tried] == [A, B]
    assert not nothing.given_up
    assert record.story == [("a", "model_not_found"), ("b", "model_not_found")]
    assert (await nobody(Upstreams(), order())).tried == ()


async def test_what_served_before_is_the_start_of_the_first_fallback() -> None:
    record = Attempts()
    previous = Previous(UUID(int=1), C, ErrorKind.STALL)
    await ladder(Upstreams(a=[NOT_FOUND])).climb(order(A, B), record, previous=previous)
    assert record.fallbacks == [("c", "a", "stall"), ("a", "b", "model_not_found")]
    again = Attempts()
    await ladder(Upstreams()).climb(order(C), again, previous=previous)
    assert again.fallbacks == [], "the same candidate again is no fallback"


async def test_what_was_ruled_out_before_stays_ruled_out() -> None:
    excluded = Exclusions()
    excluded.skip(Scope.MODEL, A)
    served = await ladder(upstream := Upstreams()).climb(order(A, B), Attempts(), excluded=excluded)
    assert served.candidate == B
    assert upstream.tried == ["b"]


# --- verdicts -----------------------------------------------------------------------------------------------------


async def test_a_retry_is_the_same_candidate_once_more() -> None:
    upstream, record = Upstreams(a=[RETRY, None]), Attempts()
    assert (await climb(upstream, order(A, B), record)).candidate == A
    assert record.story == [("a", "internal"), ("a", "connected")]
    assert record.fallbacks == []


async def test_a_candidate_that_fails_again_is_left() -> None:
    upstream = Upstreams(a=[RETRY], b=[RETRY], c=[RETRY])
    await nobody(upstream, order(A, B, C))
    assert upstream.tried == ["a", "a", "b", "b", "c"], f"{RETRIES} retries in one climb"


async def test_a_long_wait_that_upstream_asks_for_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_module, "MAX_RETRY_AFTER", 0.01)
    upstream = Upstreams(a=[fails(Action.RETRY, after=3600.0), None])
    async with asyncio.timeout(0.9):
        assert (await climb(upstream, order(A))).candidate == A


async def test_credentials_that_stay_refused_cost_the_platform_on_every_transport() -> None:
    wanted = order(A, candidate("b", "sdk"), candidate("c", "sdk", "developer", ""))
    upstream = Upstreams(a=[fails(Action.REAUTH, kind=ErrorKind.UNAUTHENTICATED)])
    await climb(upstream, wanted)
    assert upstream.tried == ["a", "c"]


async def test_a_refused_modality_is_mended_once() -> None:
    refused = fails(Action.ADAPT, kind=ErrorKind.MODALITY)
    upstream, record = Upstreams(a=[refused, None]), Attempts()
    await climb(upstream, order(A, B), record)
    first, second = (opening.setup.message["setup"]["generationConfig"] for opening in upstream.openings)
    assert (first["responseModalities"], second["responseModalities"]) == (["TEXT"], ["AUDIO"])
    assert record.story == [("a", "modality"), ("a", "connected")]
    upstream = Upstreams(a=[refused])
    await climb(upstream, order(A, B))
    assert upstream.tried == ["a", "a", "b"]


async def test_a_retry_does_not_use_up_the_mending() -> None:
    upstream = Upstreams(a=[RETRY, fails(Action.ADAPT, kind=ErrorKind.MODALITY), None])
    assert (await climb(upstream, order(A, B))).candidate == A
    assert upstream.tried == ["a", "a", "a"]


async def test_a_refused_request_ends_the_climb() -> None:
    upstream = Upstreams(a=[NOT_FOUND], b=[fails(Action.GIVE_UP, kind=ErrorKind.INVALID_ARGUMENT)])
    nothing = await nobody(upstream, order(A, B, C))
    assert nothing.given_up
    assert upstream.tried == ["a", "b"]


@pytest.mark.parametrize(
    ("scope", "served"),
    [
        (Scope.MODEL, "other endpoint's b"),
        (Scope.ENDPOINT, "published a"),
        (Scope.HOST, "elsewhere"),
        (Scope.TRANSPORT, "by sdk"),
        (Scope.PLATFORM, "developer"),
    ],
)
async def test_a_skip_rules_out_its_scope(scope: Scope, served: str) -> None:
    ways = {
        "failed": candidate("a", endpoint="bidi"),
        "published a": candidate("a", endpoint="publisher"),
        "other endpoint's b": candidate("b", endpoint="publisher"),
        "elsewhere": candidate("e", location="global", endpoint="bidi"),
        "by sdk": candidate("s", "sdk"),
        "developer": candidate("d", platform="developer", location=""),
    }
    upstream = Upstreams(a=[skips(scope), None])
    assert (await climb(upstream, order(*ways.values()))).candidate == ways[served]


# --- handles ------------------------------------------------------------------------------------------------------


async def test_a_handle_is_tried_first_and_without_history() -> None:
    upstream = Upstreams()
    served = await climb(upstream, order(A, B, history=(ONE_HISTORY,), resume=(B, "h")))
    assert served.candidate == B
    (opening,) = upstream.openings
    assert opening.setup.message["setup"]["sessionResumption"] == {"handle": "h"}
    assert opening.history == ()


@pytest.mark.parametrize(
    "refusal",
    [
        fails(Action.FRESH, kind=ErrorKind.HANDLE),
        skips(Scope.MODEL, ErrorKind.INVALID_ARGUMENT),  # all that Google says of some handles
    ],
)
async def test_a_handle_that_is_refused_is_dropped_and_the_history_given_instead(refusal: Failure) -> None:
    upstream, record = Upstreams(b=[refusal, None]), Attempts()
    served = await climb(upstream, order(A, B, history=(ONE_HISTORY,), resume=(B, "h")), record)
    assert served.candidate == B
    assert upstream.openings[1].setup.message["setup"]["sessionResumption"] == {}
    assert upstream.openings[1].history == (ONE_HISTORY,)
    assert len(record.story) == 2


async def test_after_the_handles_candidate_the_order_holds() -> None:
    upstream = Upstreams(b=[NOT_FOUND])
    await climb(upstream, order(A, B, C, resume=(B, "h")))
    assert upstream.tried == ["b", "a"]


async def test_a_handle_whose_candidate_is_ruled_out_is_not_used() -> None:
    excluded = Exclusions()
    excluded.skip(Scope.MODEL, B)
    served = await ladder(upstream := Upstreams()).climb(order(A, B, resume=(B, "h")), Attempts(), excluded=excluded)
    assert served.candidate == A
    assert upstream.openings[0].setup.message["setup"]["sessionResumption"] == {}


# --- time ---------------------------------------------------------------------------------------------------------


async def test_two_time_outs_skip_the_host() -> None:
    elsewhere = candidate("e", location="global")
    upstream, record = Upstreams(a=[HANG], b=[HANG], c=[HANG]), Attempts()
    assert (await climb(upstream, order(A, B, C, elsewhere), record, setup_timeout=0.01)).candidate == elsewhere
    assert record.story == [("a", "setup_timeout"), ("b", "setup_timeout"), ("e", "connected")]


async def test_a_climb_ends_within_its_time() -> None:
    wanted = order(*(candidate(f"m{at}", location=f"l{at}") for at in range(50)))
    upstream, record = Upstreams(**{f"m{at}": [HANG] for at in range(50)}), Attempts()
    loop = asyncio.get_running_loop()
    began = loop.time()
    nothing = await nobody(upstream, wanted, record, setup_timeout=0.02, climb_timeout=0.06)
    assert loop.time() - began < 2.0
    assert 1 <= len(nothing.tried) < 50
    assert {outcome for _, outcome in record.story} == {"setup_timeout"}


async def test_lower_transports_keep_their_time() -> None:
    hanging = [candidate(f"w{at}", location=f"l{at}") for at in range(30)]
    lower = [candidate("s", "sdk"), candidate("r", "rest")]
    fates: dict[str, list[Fate]] = {each.model.name: [HANG] for each in hanging}
    upstream = Upstreams(**fates, s=[NOT_FOUND])
    served = await climb(upstream, order(*hanging, *lower), setup_timeout=1.0, climb_timeout=0.8)
    assert served.candidate == lower[1]
    assert "s" in upstream.tried


async def test_the_reserve_follows_the_order_that_was_configured() -> None:
    loop = asyncio.get_running_loop()
    climber = ladder(Upstreams(), setup_timeout=5.0, climb_timeout=20.0)
    usual = order(candidate("w"), candidate("s", "sdk"), candidate("r", "rest"))
    turned = order(candidate("r", "rest"), candidate("w"))
    now = loop.time()
    limits: list[tuple[Order, Candidate, float, float]] = [
        (usual, usual.candidates[0], 9.0, 1.0),
        (usual, usual.candidates[1], 9.0, 5.0),
        (usual, usual.candidates[2], 9.0, 5.0),
        (usual, usual.candidates[2], 2.0, 2.0),
        (turned, turned.candidates[0], 6.0, 2.0),
        (turned, turned.candidates[1], 6.0, 5.0),
    ]
    for wanted, each, left, granted in limits:
        deadline = climber.attempt_deadline(each, wanted, now + left)
        assert deadline - now == pytest.approx(granted, abs=0.5)
