"""A climb that goes wrong in ways nobody wrote down, and any climb at all."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.errors import Action, ErrorKind, Failure, Scope, Verdict
from live_proxy.ladder import NoCandidate, Upstream
from live_proxy.tests.climbing import HANG, Attempts, Fate, Upstreams, candidate, climb, order
from live_proxy.tests.strategies import quickly

A, B = candidate("a"), candidate("b")
RETRY = Failure(Verdict(Action.RETRY, None, 0.0), ErrorKind.INTERNAL, code=1011, reason="no")


async def test_a_cancelled_climb_says_so_and_closes() -> None:
    upstream, record = Upstreams(a=[HANG]), Attempts()
    task = asyncio.create_task(climb(upstream, order(A, B), record, setup_timeout=10.0, climb_timeout=10.0))
    while not upstream.openings:
        await asyncio.sleep(0)
    await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert record.story == [("a", "cancelled")]
    assert upstream.transports[0].closed
    assert len(upstream.transports) == 1


async def test_a_climb_that_is_cancelled_while_its_attempt_is_written_down_leaves_no_open_row() -> None:
    record = Attempts()
    record.before_start = lambda: bool(task.cancel())
    upstream = Upstreams()
    task = asyncio.create_task(climb(upstream, order(A), record))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert record.story == [("a", "cancelled")]
    assert upstream.openings == []


async def test_a_fault_in_a_transport_costs_that_candidate_only() -> None:
    upstream, record = Upstreams(a=[ZeroDivisionError("oops")]), Attempts()
    assert (await climb(upstream, order(A, B), record)).candidate == B
    assert record.story == [("a", "bad_message"), ("b", "connected")]
    assert record.fallbacks == [("a", "b", "bad_message")]
    assert upstream.transports[0].closed == 1


async def test_a_transport_that_cannot_be_made_costs_that_candidate_only(monkeypatch: pytest.MonkeyPatch) -> None:
    upstream, record = Upstreams(), Attempts()
    makers = {B: upstream.dial}
    monkeypatch.setattr(upstream, "dial", lambda each: makers[each](each))
    assert (await climb(upstream, order(A, B), record)).candidate == B
    assert record.story == [("a", "bad_message"), ("b", "connected")]


# --- any script ---------------------------------------------------------------------------------------------------

FATES: st.SearchStrategy[Fate] = st.one_of(
    st.none(),
    st.sampled_from([RETRY, HANG, ValueError("oops")]),
    st.builds(
        Failure,
        st.builds(Verdict, st.sampled_from(Action), st.none() | st.sampled_from(Scope), st.just(0.0)),
        st.sampled_from(ErrorKind),
    ),
)
WAYS = [
    candidate("a", endpoint="bidi"),
    candidate("b", endpoint="bidi"),
    candidate("a", endpoint="publisher"),
    candidate("c", platform="developer", location=""),
    candidate("d", "sdk", location="global"),
    candidate("e", "rest", "developer", ""),
]


@quickly(60)
@given(st.fixed_dictionaries({name: st.lists(FATES, min_size=1, max_size=3) for name in "abcde"}), st.booleans())
def test_any_climb_ends_with_every_attempt_finished_once(fates: dict[str, list[Fate]], with_handle: bool) -> None:
    async def run() -> None:
        upstream, record = Upstreams(**fates), Attempts()
        wanted = order(*WAYS, resume=(WAYS[1], "h") if with_handle else None)
        began = asyncio.get_running_loop().time()
        served: Upstream | None = None
        tried = 0
        try:
            served = await climb(upstream, wanted, record, setup_timeout=0.002, climb_timeout=0.05)
        except NoCandidate as nothing:
            tried = len(nothing.tried)
        assert asyncio.get_running_loop().time() - began < 3.0
        story = record.story
        assert [name for name, _ in story] == upstream.tried
        assert [outcome == "connected" for _, outcome in story] == [False] * (len(story) - 1) + [
            served is not None
        ] * bool(story)
        assert served is not None or tried == len(story)
        changes = [
            (one, other)
            for one, other in zip(upstream.openings, upstream.openings[1:], strict=False)
            if one.candidate != other.candidate
        ]
        assert [(a.candidate.model.name, b.candidate.model.name) for a, b in changes] == [
            (from_, to) for from_, to, _ in record.fallbacks
        ]

    asyncio.run(run())
