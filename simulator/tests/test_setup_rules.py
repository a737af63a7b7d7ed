from __future__ import annotations

from typing import Any

import pytest

from simulator.endpoints import Endpoint
from simulator.known_models import DEFAULT_MODELS, KnownModel, find_model, with_defaults
from simulator.refusals import INVALID_ARGUMENT, Close
from simulator.setup_rules import VOICES, Setup, World, judge_setup

VERTEX = Endpoint("vertex", "v1beta1")
DEVELOPER = Endpoint("developer", "v1beta")
HALF = KnownModel("gemini-live-2.5-flash", ("vertex",), ("TEXT", "AUDIO"))
WORLD = World(with_defaults([HALF]))


def full(model: str, project: str = "demo-project", location: str = "us-central1") -> str:
    return f"projects/{project}/locations/{location}/publishers/google/models/{model}"


def judged(endpoint: Endpoint, model: str, express: bool = False, **fields: Any) -> Setup | Close:
    return judge_setup({"model": model, **fields}, endpoint, WORLD, express)


def generation(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def voice(name: str) -> dict[str, Any]:
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": name}}}


LIVE_38 = "models/gemini-3.8-live"
LIVE_31 = "models/gemini-3.1-flash-live-preview"
LIVE_25 = "models/gemini-2.5-flash-native-audio-preview-12-2025"
TEXT = {"responseModalities": ["TEXT"]}
NAME_FORMAT = "* BidiGenerateContentRequest.setup.model: unexpected model name format"

REFUSALS: list[tuple[Endpoint, str, dict[str, Any], int, str]] = [
    (DEVELOPER, "gemini-3.8-live", {}, 1007, NAME_FORMAT),
    (DEVELOPER, full("gemini-3.8-live"), {}, 1007, NAME_FORMAT),
    (DEVELOPER, "", {}, 1007, "* BidiGenerateContentRequest.setup.model: model is not specified"),
    (VERTEX, "gemini-3.8-live", {}, 1007, INVALID_ARGUMENT),
    (VERTEX, "models/gemini-3.8-live", {}, 1007, INVALID_ARGUMENT),
    (VERTEX, "publishers/google/models/gemini-3.8-live", {}, 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_25, generation(**TEXT), 1007, "The requested combination of response modalities (TEXT) is not"),
    (
        DEVELOPER,
        LIVE_25,
        generation(**TEXT, speechConfig=voice("Kore")),
        1007,
        "Cannot extract voices from a non-audio",
    ),
    (DEVELOPER, LIVE_25, generation(responseModalities=["TEXT", "AUDIO"]), 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_25, generation(responseModalities=["IMAGE"]), 1007, "The requested combination"),
    (DEVELOPER, LIVE_25, generation(speechConfig=voice("kore")), 1007, "Requested voice api_name 'kore'"),
    (DEVELOPER, LIVE_25, generation(responseMimeType="text/plain"), 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_25, generation(candidateCount=2), 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_25, generation(thinkingConfig={"thinkingLevel": "LOW"}), 1007, "Thinking level is not supported"),
    (DEVELOPER, LIVE_31, generation(thinkingConfig={"thinkingBudget": 0}), 1007, "Thinking level must be specified"),
    (DEVELOPER, LIVE_38, generation(thinkingConfig={"thinkingLevel": "LOW"}), 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_38, {"proactivity": {"proactiveAudio": False}}, 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_38, generation(enableAffectiveDialog=True), 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_31, {"proactivity": {"proactiveAudio": True}}, 1007, INVALID_ARGUMENT),
    (DEVELOPER, LIVE_25, {"tools": [{"functionDeclarations": [{"name": "1f"}]}]}, 1007, "* BidiGenerateContentRequest"),
    (VERTEX, full("gemini-3.8-live"), {"contextWindowCompression": {"triggerTokens": 10}}, 1007, INVALID_ARGUMENT),
    (VERTEX, full("gemini-3.8-live", project=" my-project "), {}, 1008, "Request trace id: "),
]


@pytest.mark.parametrize(("endpoint", "model", "fields", "code", "reason"), REFUSALS)
def test_refused(endpoint: Endpoint, model: str, fields: dict[str, Any], code: int, reason: str) -> None:
    close = judged(endpoint, model, **fields)
    assert isinstance(close, Close)
    assert close.code == code
    assert close.reason.startswith(reason)


@pytest.mark.parametrize(
    "model",
    ["gemini-2.5-flash-live", "gemini-2.0-flash-live-001", "gemini-live-2.5-flash-preview", "gemini-2.0-flash-exp"],
)
def test_retired_and_invented_names(model: str) -> None:
    developer, vertex = judged(DEVELOPER, f"models/{model}"), judged(VERTEX, full(model))
    assert developer == Close(
        1008,
        f"models/{model} is not found for API version v1beta, or is not supported for bidiGenerateContent. "
        "Call ModelService.ListModels to see the list of available models and their supported methods.",
    )
    assert isinstance(vertex, Close)
    assert vertex.code == 1008
    assert vertex.reason.startswith(f"Publisher Model `{full(model)}` was not found or your project does not have")
    assert len(vertex.cut.encode()) <= 123


def test_accepted() -> None:
    setup = judged(VERTEX, full("gemini-live-2.5-flash"), **generation(**TEXT))
    assert isinstance(setup, Setup)
    assert (setup.modality, setup.model) == ("TEXT", HALF)
    for location in ("global", "us", "europe-west4"):
        setup = judged(VERTEX, full("gemini-3.8-live", location=location))
        assert isinstance(setup, Setup)
        assert setup.modality == "AUDIO"
    assert isinstance(judged(VERTEX, "publishers/google/models/gemini-3.8-live", express=True), Setup)
    assert isinstance(judged(DEVELOPER, LIVE_31, **generation(thinkingConfig={"thinkingLevel": "LOW"})), Setup)
    assert len(VOICES) == 30


def test_models_by_place() -> None:
    regional = KnownModel("m", ("vertex",), locations=("us-central1",))
    assert find_model([regional], "m", "vertex", "us-central1") is regional
    assert find_model([regional], "m", "vertex", "europe-west4") is None
    assert find_model([regional], "m", "developer") is None
    replaced = with_defaults([KnownModel("gemini-3.8-live", modalities=("TEXT",))])
    assert len(replaced) == len(DEFAULT_MODELS)
    world = World(DEFAULT_MODELS, projects={"mine"})
    close = judge_setup({"model": full("gemini-3.8-live", project="other")}, VERTEX, world)
    assert isinstance(close, Close)
    assert "Project 'projects/other' not found or deleted." in close.reason
