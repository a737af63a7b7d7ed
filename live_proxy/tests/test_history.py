"""Earlier turns for a new upstream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from live_proxy.edge.history import (
    BYTES_PER_TOKEN,
    TOKENS_PER_MESSAGE,
    Past,
    first_that_fits,
    history_contents,
    history_message,
)
from live_proxy.tests.strategies import quickly


def said(*texts: tuple[str, str]) -> list[Past]:
    return [Past(role, text, position) for position, (role, text) in enumerate(texts)]


def test_turns_come_oldest_first_and_neighbours_of_one_role_are_joined() -> None:
    past = said(("user", "a"), ("user", "b"), ("model", "c"), ("user", "d"))
    assert history_contents(past) == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
        {"role": "user", "parts": [{"text": "d"}]},
    ]


def test_tools_and_silence_are_left_out() -> None:
    past = said(("user", "a"), ("tool", "result"), ("model", " \n"), ("model", "b"))
    assert [content["role"] for content in history_contents(past)] == ["user", "model"]


def test_the_newest_that_fit_are_kept_and_begin_with_a_users_turn() -> None:
    each = "x" * 396  # 99 tokens and 4 for the message
    past = said(*((role, f"{at:04}{each[4:]}") for at in range(10) for role in ("user", "model")))
    contents = history_contents(past, max_tokens=103 * 5)
    assert [content["role"] for content in contents] == ["user", "model", "user", "model"]
    assert contents[0]["parts"][0]["text"].startswith("0008")


def test_one_message_that_fits_nowhere_cuts_what_came_before_it() -> None:
    past = said(("user", "a"), ("model", "x" * 1000), ("user", "b"))
    assert history_contents(past, max_tokens=100) == [{"role": "user", "parts": [{"text": "b"}]}]
    assert history_contents(past[:2], max_tokens=100) == []


def test_nothing_gives_nothing() -> None:
    assert history_contents([]) == []
    assert history_contents(said(("model", "a"))) == []


def test_the_message_that_gives_them() -> None:
    contents = history_contents(said(("user", "a")))
    for complete in (True, False):
        assert history_message(contents, complete=complete) == {
            "clientContent": {"turns": contents, "turnComplete": complete}
        }


PAST = st.lists(st.builds(Past, st.sampled_from(["user", "model", "tool"]), st.text(max_size=30)), max_size=12)


@quickly(60)
@given(PAST, st.integers(0, 60))
def test_roles_alternate_order_holds_and_the_budget_is_kept(past: list[Past], budget: int) -> None:
    contents = history_contents(past, max_tokens=budget)
    assert [content["role"] for content in contents] == ["user", "model"] * (len(contents) // 2) + ["user"] * (
        len(contents) % 2
    )
    kept = [part["text"] for content in contents for part in content["parts"]]
    told = [item.text for item in past if item.role != "tool" and item.text.strip()]
    assert kept == told[len(told) - len(kept) :]
    assert sum(len(text.encode()) // BYTES_PER_TOKEN + TOKENS_PER_MESSAGE for text in kept) <= budget


@quickly(60)
@given(PAST, PAST, st.integers(0, 60))
def test_what_does_not_fit_is_never_missed(past: list[Past], later: list[Past], budget: int) -> None:
    kept = past[first_that_fits(past, max_tokens=budget) :]
    for said in ([], later):
        assert history_contents(kept + said, max_tokens=budget) == history_contents(past + said, max_tokens=budget)
    assert sum(len(item.text.encode()) for item in kept if item.role != "tool" and item.text.strip()) <= budget * 4
