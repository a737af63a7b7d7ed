"""The order of the ways to Gemini, and what a failure rules out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.candidates import ENDPOINTS, TRANSPORTS, Candidate, Exclusions, candidates, next_candidate
from live_proxy.catalogue import DEFAULT_FAMILIES, PLATFORMS, Family, LiveModel, Platform, StandardModel
from live_proxy.errors import Scope
from live_proxy.tests.strategies import quickly

FIRST, THIRD_GENERATION, STANDARD_ONLY = DEFAULT_FAMILIES


def order(
    family: Family = FIRST,
    *,
    transports: Sequence[str] = ("websocket",),
    platforms: Sequence[Platform] = PLATFORMS,
    endpoints: Sequence[str] = ("bidi",),
) -> tuple[Candidate, ...]:
    wanted = tuple(name for name in TRANSPORTS if name in transports)
    return candidates(family, transports=wanted, platforms=platforms, location="us-central1", endpoints=endpoints)


def listed(found: Sequence[Candidate]) -> list[str]:
    return [" ".join(filter(None, (c.transport, c.platform, c.location, c.model.name, c.endpoint))) for c in found]


VERTEX_SOCKET = [
    "websocket vertex us-central1 gemini-live-2.5-flash bidi",
    "websocket vertex us-central1 gemini-2.5-flash-live bidi",
    "websocket vertex us-central1 gemini-2.0-flash-live-preview-04-09 bidi",
    "websocket vertex us-central1 gemini-live-2.5-flash-native-audio bidi",
]
DEVELOPER_SOCKET = [
    "websocket developer gemini-2.5-flash-live bidi",
    "websocket developer gemini-live-2.5-flash-preview bidi",
]


def test_the_order_with_a_project_only() -> None:
    assert listed(order(platforms=("vertex",))) == VERTEX_SOCKET


def test_the_order_with_a_key_only() -> None:
    assert listed(order(platforms=("developer",))) == DEVELOPER_SOCKET


def test_the_order_with_both() -> None:
    assert listed(order()) == VERTEX_SOCKET + DEVELOPER_SOCKET


def test_with_neither_there_is_none() -> None:
    assert order(platforms=(), transports=TRANSPORTS) == ()


def test_the_published_form_comes_after_all_models_of_the_first_and_on_vertex_only() -> None:
    published = [line.replace(" bidi", " publisher") for line in VERTEX_SOCKET]
    assert listed(order(endpoints=ENDPOINTS)) == VERTEX_SOCKET + published + DEVELOPER_SOCKET


def test_the_order_with_all_three_transports() -> None:
    assert listed(order(transports=TRANSPORTS)) == [
        *VERTEX_SOCKET,
        *DEVELOPER_SOCKET,
        "sdk vertex us-central1 gemini-2.5-flash",
        "sdk vertex global gemini-3.8-flash",
        "sdk developer gemini-2.5-flash",
        "sdk developer gemini-3.8-flash",
        "rest vertex us-central1 gemini-2.5-flash",
        "rest vertex global gemini-3.8-flash",
        "rest developer gemini-2.5-flash",
        "rest developer gemini-3.8-flash",
    ]


def test_a_family_without_live_models_starts_at_the_second_rung() -> None:
    found = listed(order(STANDARD_ONLY, transports=TRANSPORTS))
    assert found[0] == "sdk vertex us-central1 gemini-2.5-flash"
    assert not any(line.startswith("websocket") for line in found)
    assert order(STANDARD_ONLY) == ()


def test_a_models_own_locations_come_before_the_next_model() -> None:
    family = Family("F", (LiveModel("a", locations=("us", "eu")), LiveModel("b")), ())
    assert listed(order(family)) == [
        "websocket vertex us a bidi",
        "websocket vertex eu a bidi",
        "websocket vertex us-central1 b bidi",
        "websocket developer a bidi",
        "websocket developer b bidi",
    ]


A, B = LiveModel("a"), LiveModel("b")
FAILED = Candidate("websocket", "vertex", "us-central1", A, "bidi")
OTHERS = {
    "the same at another endpoint": Candidate("websocket", "vertex", "us-central1", A, "publisher"),
    "another model": Candidate("websocket", "vertex", "us-central1", B, "bidi"),
    "another location": Candidate("websocket", "vertex", "global", A, "bidi"),
    "the other platform": Candidate("websocket", "developer", "", A, "bidi"),
    "the host by another transport": Candidate("sdk", "vertex", "us-central1", StandardModel("a")),
    "the other platform by another transport": Candidate("rest", "developer", "", StandardModel("a")),
}


@pytest.mark.parametrize(
    ("scope", "ruled_out"),
    [
        (Scope.MODEL, {"the same at another endpoint"}),
        (Scope.ENDPOINT, {"another model"}),
        (Scope.HOST, {"the same at another endpoint", "another model"}),
        (
            Scope.PLATFORM,
            {
                "the same at another endpoint",
                "another model",
                "another location",
                "the host by another transport",
            },
        ),
        (
            Scope.TRANSPORT,
            {"the same at another endpoint", "another model", "another location", "the other platform"},
        ),
    ],
)
def test_what_skipping_a_scope_rules_out(scope: Scope, ruled_out: set[str]) -> None:
    excluded = Exclusions()
    excluded.skip(scope, FAILED)
    assert not excluded.allows(FAILED)
    assert {name for name, other in OTHERS.items() if not excluded.allows(other)} == ruled_out


def test_two_time_outs_rule_out_the_host_of_that_transport_only() -> None:
    excluded = Exclusions()
    excluded.timed_out(FAILED)
    assert excluded.allows(OTHERS["another model"])
    excluded.timed_out(OTHERS["another location"])
    assert excluded.allows(OTHERS["another model"])
    excluded.timed_out(OTHERS["another model"])
    assert not excluded.allows(FAILED)
    assert excluded.allows(OTHERS["the host by another transport"])
    assert excluded.allows(OTHERS["the other platform"])


def test_a_candidate_that_stands_twice_in_the_order_is_named_once() -> None:
    excluded = Exclusions()
    excluded.tried.add(FAILED)
    assert next_candidate([FAILED, FAILED, OTHERS["another model"]], excluded) == OTHERS["another model"]


MODELS = st.builds(
    LiveModel,
    name=st.sampled_from("abcd"),
    platforms=st.sampled_from([PLATFORMS, ("vertex",), ("developer",)]),
    locations=st.sampled_from([(), ("global",), ("us", "eu")]),
)
STANDARD_MODELS = st.builds(StandardModel, name=st.sampled_from("xy"))
ORDERS = st.builds(
    order,
    st.builds(
        Family, st.just("F"), st.lists(MODELS, max_size=4).map(tuple), st.lists(STANDARD_MODELS, max_size=2).map(tuple)
    ),
    transports=st.sets(st.sampled_from(TRANSPORTS)).map(tuple),
    platforms=st.sampled_from([PLATFORMS, ("vertex",), ("developer",), ()]),
    endpoints=st.sampled_from([("bidi",), ("publisher",), ENDPOINTS]),
)


@quickly(80)
@given(ORDERS, st.lists(st.sampled_from([None, *Scope, "time-out"]), max_size=40))
def test_a_climb_ends_and_leaves_nothing_untried_that_no_failure_covers(
    found: tuple[Candidate, ...], fates: list[Scope | str | None]
) -> None:
    excluded = Exclusions()
    tried: list[Candidate] = []
    for at in range(len(found) + 1):
        candidate = next_candidate(found, excluded)
        if candidate is None:
            break
        tried.append(candidate)
        excluded.tried.add(candidate)
        fate = fates[at] if at < len(fates) else None
        if isinstance(fate, Scope):
            excluded.skip(fate, candidate)
        elif fate is not None:
            excluded.timed_out(candidate)
    assert next_candidate(found, excluded) is None
    assert len(set(tried)) == len(tried)
    positions = [found.index(candidate) for candidate in tried]
    assert positions == sorted(positions)
    for candidate in set(found) - set(tried):
        assert any(candidate.in_scope(scope, of) for scope, of in excluded.skipped)
