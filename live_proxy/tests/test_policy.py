"""What a policy makes of set-ups, with every shape that an untrusted client may send."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.close_codes import CloseCode
from live_proxy.edge.policy import OPEN, Policy, allows_family, held_to, request_held_to, update_held_to
from live_proxy.errors import ClientFault
from live_proxy.tests.strategies import quickly, values

STRICT = Policy(
    families=("A",),
    voices=("Kore", "Aoede"),
    tools=("functions",),
    modalities=("AUDIO",),
    instruction_mode="locked",
    instruction="Be brief.",
    max_output_tokens=100,
    max_temperature=0.5,
    max_thinking_tokens=10,
)


def speaking(name: str) -> dict[str, Any]:
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": name}}}


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def refused(policy: Policy, setup: dict[str, Any]) -> str:
    with pytest.raises(ClientFault) as fault:
        held_to(policy, setup)
    assert fault.value.code in (CloseCode.NOT_ALLOWED, CloseCode.BAD_MESSAGE)
    assert len(fault.value.sentence.encode()) <= 123
    return fault.value.sentence


def test_without_a_policy_nothing_is_touched() -> None:
    setup = {"tools": "odd", "generationConfig": 5}
    assert held_to(OPEN, setup) is setup
    assert allows_family(OPEN, "any") and not allows_family(STRICT, "any")


def test_what_is_not_allowed_is_named_with_what_is() -> None:
    assert refused(STRICT, config(speechConfig=speaking("Puck"))) == (
        "setup.generationConfig.speechConfig: the voice Puck is not allowed for you; allowed: Kore, Aoede."
    )
    assert "TEXT" in refused(STRICT, config(responseModalities=["TEXT"]))
    assert "googleSearch" in refused(STRICT, {"tools": [{"functionDeclarations": []}, {"googleSearch": {}}]})
    assert "systemInstruction" in refused(STRICT, {"systemInstruction": {"parts": [{"text": "Be long."}]}})
    own = {"voiceConfig": {"replicatedVoiceConfig": {"voiceSampleAudio": "AAAA"}}}
    assert "a voice of your own" in refused(STRICT, config(speechConfig=own))
    several = {"multiSpeakerVoiceConfig": {"speakerVoiceConfigs": [speaking("Kore"), speaking("Puck")]}}
    assert "Puck" in refused(STRICT, config(speechConfig=several))
    assert refused(Policy(tools=("none",)), {"tools": [{"functionDeclarations": []}]}).endswith("not allowed for you.")


def test_what_is_left_out_is_filled_in() -> None:
    assert held_to(STRICT, {}) == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"speechConfig": speaking("Kore"), "maxOutputTokens": 100},
    }
    text = request_held_to(Policy(modalities=("AUDIO",)), {})
    assert text["generationConfig"]["responseModalities"] == ["AUDIO"]


def test_numbers_are_held_down() -> None:
    asked = config(
        maxOutputTokens="5000", temperature=2, thinkingConfig={"thinkingBudget": -1, "includeThoughts": True}
    )
    held = held_to(STRICT, asked)["generationConfig"]
    assert (held["maxOutputTokens"], held["temperature"]) == (100, 0.5)
    assert held["thinkingConfig"] == {"thinkingBudget": 10, "includeThoughts": True}
    modest = config(maxOutputTokens=50, temperature=0.1)
    assert (
        held_to(STRICT, modest)["generationConfig"] | modest["generationConfig"]
        == held_to(STRICT, modest)["generationConfig"]
    )


def test_ours_comes_first_where_the_client_may_add_to_it() -> None:
    policy = Policy(instruction_mode="prefix", instruction="Ours.")
    for theirs in ("Theirs.", {"parts": [{"text": "Theirs."}]}, [{"text": "Theirs."}], {"text": "Theirs."}):
        held = held_to(policy, {"systemInstruction": theirs})
        assert held["systemInstruction"]["parts"] == [{"text": "Ours."}, {"text": "Theirs."}]


def test_a_change_in_mid_session_is_held_as_well() -> None:
    with pytest.raises(ClientFault, match="contextUpdate"):
        update_held_to(STRICT, {"systemInstruction": {"parts": [{"text": "Other."}]}})
    with pytest.raises(ClientFault, match="googleSearch"):
        update_held_to(STRICT, {"tools": {"tools": [{"googleSearch": {}}]}})
    assert update_held_to(STRICT, {"tools": []}) == {"tools": []}


def test_one_thing_in_place_of_a_list_is_held_like_a_list_of_it() -> None:
    search: dict[str, Any] = {"googleSearch": {}}
    puck = speaking("Puck")
    for held, asked in (
        (request_held_to, {"tools": search}),
        (update_held_to, {"tools": search}),
        (update_held_to, {"tools": {"tools": search}}),
        (update_held_to, {"tools": {"tools": [], **search}}),
        (request_held_to, config(responseModalities="TEXT")),
        (held_to, config(speechConfig={"multiSpeakerVoiceConfig": {"speakerVoiceConfigs": puck}})),
    ):
        with pytest.raises(ClientFault) as fault:
            held(STRICT, asked)
        assert fault.value.code == CloseCode.NOT_ALLOWED


def test_what_says_nothing_asks_for_nothing() -> None:
    silent: list[Any] = [None, "", {}, {"parts": []}, {"parts": [{"text": ""}]}, {"role": "system", "parts": None}]
    for nothing in silent:
        for policy in (STRICT, Policy(instruction_mode="prefix", instruction="Be brief.")):
            held = held_to(policy, {"systemInstruction": nothing})
            assert held["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
        held = update_held_to(STRICT, {"systemInstruction": nothing})
        assert held["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert held_to(STRICT, {"tools": [{"functionDeclarations": [], "googleSearch": None}]})


def test_a_voice_has_one_place() -> None:
    kore = speaking("Kore")["voiceConfig"]
    beside = {"voiceConfig": kore | {"replicatedVoiceConfig": {}}}
    assert "a voice of your own" in refused(STRICT, config(speechConfig=beside))
    assert "the field voice" in refused(STRICT, config(speechConfig={"voice": "Kore"}))
    assert "an object" in refused(STRICT, config(speechConfig="Kore"))
    given = held_to(STRICT, config(speechConfig={"languageCode": "de-DE", "voiceConfig": {}}))
    assert given["generationConfig"]["speechConfig"] == {"languageCode": "de-DE", **speaking("Kore")}
    assert "speechConfig" not in request_held_to(Policy(voices=("Kore",), max_output_tokens=5), {})["generationConfig"]


@pytest.mark.parametrize("number", [10**400, -(10**400), "nan", "Infinity", 0.5, -1, True, [], "x"])
def test_no_number_gets_past_a_ceiling(number: Any) -> None:
    asked = config(maxOutputTokens=number, temperature=number, thinkingConfig={"thinkingBudget": number})
    held = held_to(STRICT, asked)["generationConfig"]
    assert held["maxOutputTokens"] == 100
    assert held["temperature"] == 0.5 or held["temperature"] in (-1, True, [], "x")
    assert 0 <= held["thinkingConfig"]["thinkingBudget"] <= 10


def test_a_budget_of_ours_takes_the_place_of_a_level() -> None:
    held = held_to(STRICT, config(thinkingConfig={"thinkingLevel": "HIGH"}))
    assert held["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 10}


def test_refusals_fit_whatever_the_policy_says() -> None:
    wordy = Policy(voices=("Stimmé" * 40,) * 30, tools=("\ud800" * 200,), modalities=("A" * 300,))
    assert refused(wordy, config(responseModalities=["AUDIO"])).endswith("…")
    assert refused(wordy, {"tools": [{"ß" * 300: {}}]}).startswith("setup.tools: the tool ß")
    assert refused(Policy(voices=wordy.voices), config(speechConfig=speaking("\ud800é" * 99)))


def test_what_the_client_sent_is_left_as_it_was() -> None:
    asked = config(thinkingConfig={"thinkingBudget": 500}, speechConfig={})
    before = deepcopy(asked)
    held_to(STRICT, asked)
    assert asked == before


def a_setup() -> st.SearchStrategy[Any]:
    """Objects with the names that a policy looks at, at any depth."""
    known = (
        "generationConfig tools systemInstruction parts text functionDeclarations googleSearch speechConfig voiceConfig"
        " prebuiltVoiceConfig voiceName multiSpeakerVoiceConfig speakerVoiceConfigs responseModalities thinkingConfig"
        " thinkingBudget maxOutputTokens temperature voice"
    )
    return st.dictionaries(st.sampled_from(known.split()), values(st.sampled_from(known.split())), max_size=5)


@quickly(200)
@given(a_setup(), st.sampled_from([STRICT, Policy(instruction_mode="prefix", voices=("é" * 80,), tools=("none",))]))
def test_any_object_is_held_or_refused_in_words(asked: Any, policy: Policy) -> None:
    for setup in (asked, {"generationConfig": asked}, config(speechConfig=asked)):
        for held in (held_to, request_held_to, update_held_to):
            try:
                assert isinstance(held(policy, setup), dict)
            except ClientFault as fault:
                assert 0 < len(fault.sentence.encode()) <= 123


@quickly(60)
@given(values())
def test_any_shape_is_held_or_refused_in_words(value: Any) -> None:
    for setup in (
        {"generationConfig": value},
        {"tools": value, "systemInstruction": value},
        config(speechConfig=value, thinkingConfig=value, maxOutputTokens=value, responseModalities=value),
        config(speechConfig={"voiceConfig": value, "multiSpeakerVoiceConfig": value}),
    ):
        for held in (held_to, request_held_to, update_held_to):
            try:
                assert isinstance(held(STRICT, setup), dict)
            except ClientFault as fault:
                assert len(fault.sentence.encode()) <= 123
