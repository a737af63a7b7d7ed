"""A client's set-up shaped for each generation of models."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.candidates import Candidate
from live_proxy.catalogue import KNOWN_LIVE, PLATFORMS, LiveModel, Platform, live_model
from live_proxy.edge.requested import OBJECTS, requested
from live_proxy.edge.upstream_setup import UpstreamSetup, resource_name, upstream_setup
from live_proxy.errors import ClientFault, ErrorKind
from live_proxy.tests.strategies import quickly, values
from simulator.endpoints import Endpoint
from simulator.known_models import KnownModel, with_defaults
from simulator.message_check import read_message
from simulator.setup_rules import Setup, World, judge_setup

PROJECT = "team-1"
HALF_CASCADE = "gemini-live-2.5-flash"
NATIVE = "gemini-live-2.5-flash-native-audio"
SEEDED = "gemini-3.1-flash-live-preview"
NEWEST = "gemini-3.8-live"
VOICE = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}


def candidate(name: str, platform: Platform = "vertex") -> Candidate:
    return Candidate("websocket", platform, "us-central1" if platform == "vertex" else "", live_model(name), "bidi")


def shaped(
    name: str, setup: dict[str, Any] | None = None, platform: Platform = "vertex", **how: Any
) -> tuple[UpstreamSetup, dict[str, Any]]:
    given_setup = setup or {}
    before = copy.deepcopy(given_setup)
    result = upstream_setup(requested(given_setup), candidate(name, platform), project=PROJECT, **how)
    assert given_setup == before, "the client's own set-up is never changed"
    assert list(result.message) == ["setup"]
    return result, result.message["setup"]


def asking(modality: str, **config: Any) -> dict[str, Any]:
    return {"model": "whatever", "generationConfig": {"responseModalities": [modality], **config}}


def test_models_are_named_as_each_platform_wants() -> None:
    assert resource_name(candidate(NEWEST, "developer"), PROJECT) == "models/gemini-3.8-live"
    assert resource_name(candidate(NEWEST), PROJECT) == (
        "projects/team-1/locations/us-central1/publishers/google/models/gemini-3.8-live"
    )
    assert resource_name(candidate(NEWEST), "") == "publishers/google/models/gemini-3.8-live"
    assert shaped(NEWEST, {"model": "models/other"})[1]["model"].endswith("/gemini-3.8-live")


def test_the_least_that_goes_up() -> None:
    result, setup = shaped(NATIVE)
    assert setup == {
        "model": f"projects/team-1/locations/us-central1/publishers/google/models/{NATIVE}",
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
        "contextWindowCompression": {"slidingWindow": {}},
        "sessionResumption": {},
    }
    assert not (result.text_from_audio or result.history_first or result.typed_as_realtime)


def test_text_is_asked_of_a_model_that_writes() -> None:
    result, setup = shaped(HALF_CASCADE, asking("TEXT", speechConfig=VOICE) | {"outputAudioTranscription": {}})
    assert setup["generationConfig"] == {"responseModalities": ["TEXT"]}, "a voice is refused beside text"
    assert "outputAudioTranscription" not in setup
    assert setup["inputAudioTranscription"] == {}
    assert not result.text_from_audio


@pytest.mark.parametrize("name", [NATIVE, NEWEST, SEEDED])
def test_text_asked_of_a_model_that_only_speaks_becomes_sound_with_transcription(name: str) -> None:
    result, setup = shaped(name, asking("TEXT", speechConfig=VOICE))
    assert setup["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert setup["generationConfig"]["speechConfig"] == VOICE
    assert setup["outputAudioTranscription"] == {}
    assert result.text_from_audio


def test_a_refused_modality_is_mended_by_asking_for_sound() -> None:
    result, setup = shaped(HALF_CASCADE, asking("TEXT"), mend=ErrorKind.MODALITY)
    assert setup["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert result.text_from_audio
    assert not shaped(HALF_CASCADE, asking("AUDIO"), mend=ErrorKind.MODALITY)[0].text_from_audio


def test_what_the_client_asked_for_is_kept() -> None:
    setup = {
        **asking("AUDIO", temperature=0.5, speechConfig=VOICE),
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "tools": [{"googleSearch": {}}],
        "inputAudioTranscription": {"languageCodes": ["de-DE"]},
        "outputAudioTranscription": {"languageCodes": ["de-DE"]},
        "contextWindowCompression": {"triggerTokens": 9000, "slidingWindow": {"targetTokens": 100}},
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
        "somethingNew": {"x": 1},
    }
    sent = shaped(HALF_CASCADE, setup)[1]
    for key in setup.keys() - {"model"}:
        assert sent[key] == setup[key], key


def test_the_handle_is_ours_to_give() -> None:
    asked = {"sessionResumption": {"handle": "the client's", "transparent": True}}
    assert shaped(NATIVE, asked)[1]["sessionResumption"] == {}
    assert shaped(NATIVE, asked, handle="google's")[1]["sessionResumption"] == {"handle": "google's"}


@pytest.mark.parametrize(
    ("name", "asked", "sent"),
    [
        (NATIVE, {"thinkingBudget": 0}, {"thinkingBudget": 0}),
        (NATIVE, {"thinkingBudget": 5, "thinkingLevel": "LOW"}, {"thinkingBudget": 5}),
        (NATIVE, {"thinkingLevel": "LOW"}, None),
        (NATIVE, None, None),
        (SEEDED, {"thinkingBudget": 0}, {"thinkingLevel": "LOW"}),
        (
            SEEDED,
            {"thinkingLevel": "HIGH", "includeThoughts": True},
            {"thinkingLevel": "HIGH", "includeThoughts": True},
        ),
        (SEEDED, None, {"thinkingLevel": "LOW"}),
        (NEWEST, {"thinkingBudget": 0, "thinkingLevel": "LOW"}, None),
        (NEWEST, {"includeThoughts": True}, {"includeThoughts": True}),
        (NEWEST, "odd", None),
    ],
)
def test_thinking_is_asked_for_as_each_generation_wants_it(name: str, asked: Any, sent: Any) -> None:
    config = {} if asked is None else {"thinkingConfig": asked}
    assert shaped(name, asking("AUDIO", **config))[1]["generationConfig"].get("thinkingConfig") == sent


def test_earlier_turns_are_announced_where_the_model_wants_it() -> None:
    announcement = {"initialHistoryInClientContent": True}
    for name, history, announced in ((SEEDED, True, True), (SEEDED, False, False), (NATIVE, True, False)):
        result, setup = shaped(name, {}, history=history)
        assert result.history_first is announced
        assert setup.get("historyConfig") == (announcement if announced else None)
        assert result.typed_as_realtime is (name == SEEDED)


def test_a_client_may_bring_its_own_earlier_turns() -> None:
    announcement = {"initialHistoryInClientContent": True}
    asked = {"historyConfig": announcement}
    # Ours come first where there are some; the client's are part of them by then.
    for name, history, clients in ((SEEDED, False, True), (SEEDED, True, False), (NATIVE, False, False)):
        result, setup = shaped(name, asked, history=history)
        assert result.client_seeds is clients
        assert setup.get("historyConfig") == (announcement if name == SEEDED else None)


def test_what_one_platform_lacks_is_left_out_there() -> None:
    asked = {"explicitVadSignal": True, "labels": {"a": "b"}}
    assert asked.items() <= shaped(NEWEST, asked)[1].items()
    assert not asked.keys() & shaped(NEWEST, asked, "developer")[1].keys()


# --- against the simulator's own rules ----------------------------------------------------------------------------

# Models that the simulator does not know are judged as the catalogue describes them.
NAMES = [*KNOWN_LIVE, "unheard-of"]
KNOWN_TO_SIMULATOR = {(known.name, platform) for known in with_defaults([]) for platform in known.platforms}


def simulated(name: str, platform: Platform) -> World:
    model = live_model(name)
    missing = (name, platform) not in KNOWN_TO_SIMULATOR
    extra = KnownModel(
        name,
        (platform,),
        modalities=model.output_modalities,
        client_content="seed" if model.history == "initial" else "always",
        thinking=model.thinking,
        proactive="optional" if model.proactive else "no",
        affective=model.proactive,
    )
    return World(with_defaults([extra] if missing else []))


MODELS = [(name, platform) for name in NAMES for platform in PLATFORMS if platform in live_model(name).platforms]
SETUPS: list[dict[str, Any]] = [
    {},
    asking("TEXT"),
    asking("AUDIO"),
    asking("TEXT", speechConfig=VOICE, thinkingConfig={"thinkingBudget": 0, "includeThoughts": True}),
    asking("AUDIO", speechConfig=VOICE, thinkingConfig={"thinkingLevel": "LOW"}, enableAffectiveDialog=True),
    {
        **asking("TEXT"),
        "proactivity": {"proactiveAudio": True},
        "historyConfig": {"initialHistoryInClientContent": True},
        "sessionResumption": {"handle": "x", "transparent": True},
        "explicitVadSignal": True,
        "labels": {"team": "a"},
        "inputAudioTranscription": {"languageCodes": ["en-US"]},
    },
    {**asking("AUDIO"), "proactivity": {"proactiveAudio": False}},
]


@pytest.mark.parametrize(("name", "platform"), MODELS)
@pytest.mark.parametrize("setup", SETUPS)
def test_the_simulator_accepts_every_set_up(name: str, platform: Platform, setup: dict[str, Any]) -> None:
    endpoint = Endpoint(platform, "v1" if platform == "vertex" else "v1beta")
    world = simulated(name, platform)
    for handle, history, mend in (("", False, None), ("handle", False, None), ("", True, ErrorKind.MODALITY)):
        result, _ = shaped(name, setup, platform, handle=handle, history=history, mend=mend)
        message = read_message(json.dumps(result.message).encode(), platform)
        accepted = judge_setup(message["setup"], endpoint, world)
        assert isinstance(accepted, Setup), accepted
        assert accepted.resumption
        assert accepted.input_transcription
        assert accepted.output_transcription is (accepted.modality == "AUDIO")
        assert accepted.seeded_history is (result.history_first or result.client_seeds)
        wanted = requested(setup).modality
        assert result.text_from_audio is (accepted.modality != wanted)


def test_the_simulator_accepts_a_key_without_a_project() -> None:
    result = upstream_setup(requested({}), candidate(NEWEST), project="")
    accepted = judge_setup(result.message["setup"], Endpoint("vertex", "v1"), World(with_defaults([])), express=True)
    assert isinstance(accepted, Setup)


# --- anything at all ----------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["generationConfig", "thinkingConfig", "thinkingLevel", "speechConfig", "tools", *OBJECTS])
ANY_MODEL = st.builds(
    LiveModel,
    st.just("m"),
    output_modalities=st.sampled_from([("TEXT", "AUDIO"), ("AUDIO",), ("TEXT",)]),
    thinking=st.sampled_from(["budget", "level", "none"]),
    proactive=st.booleans(),
    history=st.sampled_from(["content", "initial"]),
)


MENDS = st.sampled_from([None, ErrorKind.MODALITY, ErrorKind.CONFIGURATION])


@quickly(80)
@given(st.dictionaries(KEYS, values(KEYS), max_size=4), ANY_MODEL, st.booleans(), MENDS)
def test_any_set_up_that_was_read_can_be_shaped(
    setup: dict[str, Any], model: LiveModel, history: bool, mend: ErrorKind | None
) -> None:
    try:
        asked = requested({**setup, "somethingNew": 1})
    except ClientFault:
        return
    before = copy.deepcopy(asked.setup)
    place = Candidate("websocket", "vertex", "global", model, "bidi")
    result = upstream_setup(asked, place, project=PROJECT, history=history, mend=mend)
    sent = result.message["setup"]
    assert asked.setup == before
    assert sent["somethingNew"] == 1
    assert sent["generationConfig"]["responseModalities"][0] in (*model.output_modalities, "AUDIO")
    assert {"inputAudioTranscription", "contextWindowCompression", "sessionResumption"} <= sent.keys()


def test_a_refused_configuration_is_mended_by_leaving_the_language_to_the_model() -> None:
    speech = {"languageCode": "ar-XA", "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
    asked = asking("AUDIO", speechConfig=speech)
    _, setup = shaped(HALF_CASCADE, asked, mend=ErrorKind.CONFIGURATION)
    assert setup["generationConfig"]["speechConfig"] == {"voiceConfig": speech["voiceConfig"]}
    assert setup["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "LOW"}


def test_null_is_the_same_as_absent() -> None:
    asked = requested({"outputAudioTranscription": None, "tools": None, "generationConfig": None})
    assert asked.setup == {}
    assert not asked.output_transcription
