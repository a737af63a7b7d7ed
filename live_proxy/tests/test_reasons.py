"""Close reasons that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from live_proxy.protocol.reasons import MAX_REASON, fit
from live_proxy.tests.strategies import quickly


def test_a_short_reason_stays_as_it_is() -> None:
    assert fit("") == ""
    assert fit("x" * MAX_REASON) == "x" * MAX_REASON
    assert fit("é" * 61) == "é" * 61


def test_a_long_reason_is_cut_between_characters() -> None:
    assert fit("x" * 124) == "x" * 120 + "…"
    assert fit("x" * 119 + "🎤" * 5) == "x" * 119 + "…"


def test_half_a_surrogate_pair_can_still_be_sent() -> None:
    assert fit("\ud83d!") == "?!"


@quickly(60)
@given(st.text(st.characters(), max_size=200))
def test_every_reason_fits(text: str) -> None:
    assert len(fit(text).encode()) <= MAX_REASON
    assert fit(fit(text)) == fit(text)
