"""Families and models, and the file that replaces them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.catalogue import (
    DEFAULT_FAMILIES,
    KNOWN_LIVE,
    LiveModel,
    StandardModel,
    find_family,
    live_model,
    parse_families,
    standard_model,
    with_overrides,
)
from live_proxy.tests.strategies import quickly

FAMILY = '[[family]]\nlabel = "F"\nlive = ["gemini-3.8-live", "mine"]\nstandard = ["plain"]\n'


def test_the_default_families_in_order() -> None:
    assert [(f.label, [m.name for m in f.live], [m.name for m in f.standard]) for f in DEFAULT_FAMILIES] == [
        (
            "Gemini 2.5 Flash Live Preview 🎤",
            [
                "gemini-live-2.5-flash",
                "gemini-2.5-flash-live",
                "gemini-2.0-flash-live-preview-04-09",
                "gemini-live-2.5-flash-preview",
                "gemini-live-2.5-flash-native-audio",
            ],
            ["gemini-2.5-flash", "gemini-3.8-flash"],
        ),
        ("Gemini 3.8 Live 🎤", ["gemini-3.8-live"], ["gemini-3.8-flash"]),
        ("Gemini 2.5 Flash", [], ["gemini-2.5-flash", "gemini-3.8-flash"]),
    ]


def test_a_name_without_an_entry_can_do_everything() -> None:
    assert live_model("new") == LiveModel("new")
    assert standard_model("new") == StandardModel("new")
    assert live_model("new").platforms == ("vertex", "developer")


def test_names_from_the_settings_replace_the_lists_of_the_first_family() -> None:
    assert with_overrides(DEFAULT_FAMILIES, [], []) == DEFAULT_FAMILIES
    changed = with_overrides(DEFAULT_FAMILIES, ["gemini-3.8-live", "new"], ["plain"])
    assert changed[0].live == (KNOWN_LIVE["gemini-3.8-live"], LiveModel("new"))
    assert changed[0].standard == (StandardModel("plain"),)
    assert changed[0].label == DEFAULT_FAMILIES[0].label
    assert changed[1:] == DEFAULT_FAMILIES[1:]


@pytest.mark.parametrize(
    ("wanted", "at"),
    [
        ("", 0),
        ("Gemini 3.8 Live 🎤", 1),
        ("gemini-3.8-live", 1),
        ("models/gemini-3.8-live", 1),
        ("publishers/google/models/gemini-3.8-live", 1),
        ("projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash-native-audio", 0),
        ("gemini-2.5-flash", 0),
        ("Gemini 2.5 Flash", 2),
        ("models/unheard-of", None),
        ("models/", None),
    ],
)
def test_a_family_is_found_by_label_or_by_any_spelling_of_a_model(wanted: str, at: int | None) -> None:
    assert find_family(DEFAULT_FAMILIES, wanted) == (None if at is None else DEFAULT_FAMILIES[at])


def test_a_file_names_families_and_what_their_models_can_do() -> None:
    text = FAMILY + (
        '[[live_model]]\nname = "mine"\nplatforms = ["vertex"]\nlocations = ["global"]\n'
        'output_modalities = ["AUDIO"]\ntext_input = "realtime"\nhistory = "initial"\nthinking = "level"\n'
        'transparent = true\nproactive = false\n[[standard_model]]\nname = "plain"\naudio_in = false\n'
    )
    (family,) = parse_families(text)
    assert family.label == "F"
    assert family.live == (
        KNOWN_LIVE["gemini-3.8-live"],
        LiveModel("mine", ("vertex",), ("global",), ("AUDIO",), "realtime", "initial", "level", True, False),
    )
    assert family.standard == (StandardModel("plain", audio_in=False),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[family", "not valid TOML"),
        ("", "names no"),
        ("family = 3", "must be written as"),
        ("family = [3]", "must be written as"),
        ('[family]\nlabel = "F"', "must be written as"),
        ("[[family]]\nlive = ['a']", "needs a label"),
        ("[[family]]\nlabel = 5\nlive = ['a']", "needs a label"),
        ("[[family]]\nlabel = 'F'\nlive = 'a'", "lists of model names"),
        ("[[family]]\nlabel = 'F'\nlive = [1]", "lists of model names"),
        ("[[family]]\nlabel = 'F'", "neither live nor standard"),
        (FAMILY + FAMILY, "the same label"),
        (FAMILY + "[live_model]\nname = 'mine'", "must be written as"),
        (FAMILY + "[[live_model]]\nplatforms = ['vertex']", "no name"),
        (FAMILY + "[[live_model]]\nname = 'mine'\ncolour = 'red'", "unknown field"),
        (FAMILY + "[[live_model]]\nname = 3", "wrong value for name"),
        (FAMILY + "[[live_model]]\nname = 'mine'\nplatforms = 'vertex'", "wrong value for platforms"),
        (FAMILY + "[[live_model]]\nname = 'mine'\nplatforms = ['vertx']", "wrong value for platforms"),
        (FAMILY + "[[live_model]]\nname = 'mine'\noutput_modalities = []", "wrong value for output_modalities"),
        (FAMILY + "[[live_model]]\nname = 'mine'\nthinking = 'much'", "wrong value for thinking"),
        (FAMILY + "[[live_model]]\nname = 'mine'\nhistory = ['initial']", "wrong value for history"),
        (FAMILY + "[[live_model]]\nname = 'mine'\nproactive = 'no'", "wrong value for proactive"),
        (FAMILY + "[[standard_model]]\nname = 'plain'\nlocations = [1]", "wrong value for locations"),
        (FAMILY + "[[standard_model]]\nname = 'plain'\nthinking = 'level'", "unknown field"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_families(text)


NAMES = st.sampled_from(["name", "label", "live", "standard", "platforms", "locations", "history", "other"])
TOML_VALUES = st.sampled_from(["1", "true", "'x'", "[]", "['x']", "[1]", "[['x']]", "{}", "{a = 1}", "1979-05-27"])
TABLES = st.sampled_from(["[[family]]", "[family]", "[[live_model]]", "[live_model]", "[[standard_model]]", ""])


@quickly(80)
@given(st.lists(st.tuples(TABLES, st.dictionaries(NAMES, TOML_VALUES, max_size=4)), max_size=4))
def test_no_file_fails_in_any_other_way(tables: list[tuple[str, dict[str, str]]]) -> None:
    lines = [line for table, fields in tables for line in (table, *(f"{k} = {v}" for k, v in fields.items()))]
    try:
        families = parse_families("\n".join(lines))
    except ValueError:
        return
    assert all(family.names() for family in families)
