import json

from hypothesis import given
from hypothesis import strategies as st

from conversations.cleaning import clean_count, clean_json, clean_text

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner),
    max_leaves=20,
)


@given(st.text(st.characters()))
def test_clean_text_can_always_be_stored(text):
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
    assert clean_text(cleaned) == cleaned


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.integers(0, 50))
def test_good_text_is_only_cut(text, size):
    assert clean_text(text) == text
    assert clean_text(text, size) == text[:size]


@given(anything)
def test_clean_json_can_always_be_stored(value):
    cleaned = clean_json(value)
    encoded = json.dumps(cleaned, allow_nan=False, ensure_ascii=False)
    encoded.encode()
    assert "\\u0000" not in encoded
    assert clean_json(cleaned) == cleaned


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text("ab🎤é"), st.lists))
def test_good_json_is_unchanged(value):
    assert clean_json(value) == value


def test_json_nested_without_end_is_cut():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    assert len(json.dumps(clean_json(deep))) < 300


def test_an_integer_too_long_to_print_is_not_kept():
    assert clean_json([2**63, 10**5000]) == [float(2**63), None]


@given(st.integers() | st.none())
def test_a_count_fits_its_column(value):
    counted = clean_count(value)
    assert (counted is None) == (value is None)
    assert counted is None or 0 <= counted <= 2**31 - 1
