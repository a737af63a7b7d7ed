"""The fields and enum values that the simulator takes, held against those that Google's own SDK declares."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import types
from pydantic.alias_generators import to_camel

from simulator.endpoints import Platform
from simulator.message_check import read_object
from simulator.message_fields import ENUMS, ONLY_DEVELOPER, ONLY_VERTEX, SCALARS, TYPES
from simulator.refusals import Refused

CLASSES: dict[str, Any] = {
    "Setup": types.LiveClientSetup,
    "GenerationConfig": types.GenerationConfig,
    "SpeechConfig": types.SpeechConfig,
    "VoiceConfig": types.VoiceConfig,
    "PrebuiltVoice": types.PrebuiltVoiceConfig,
    "ReplicatedVoice": types.ReplicatedVoiceConfig,
    "ThinkingConfig": types.ThinkingConfig,
    "TranslationConfig": types.TranslationConfig,
    "SessionResumption": types.SessionResumptionConfig,
    "Compression": types.ContextWindowCompressionConfig,
    "SlidingWindow": types.SlidingWindow,
    "Transcription": types.AudioTranscriptionConfig,
    "Proactivity": types.ProactivityConfig,
    "HistoryConfig": types.HistoryConfig,
    "AvatarConfig": types.AvatarConfig,
    "SafetySetting": types.SafetySetting,
    "RealtimeInputConfig": types.RealtimeInputConfig,
    "ActivityDetection": types.AutomaticActivityDetection,
    "Tool": types.Tool,
    "FunctionDeclaration": types.FunctionDeclaration,
    "Schema": types.Schema,
    "ClientContent": types.LiveClientContent,
    "Content": types.Content,
    "Part": types.Part,
    "Blob": types.Blob,
    "FunctionCall": types.FunctionCall,
    "FunctionResponse": types.FunctionResponse,
    "RealtimeInput": types.LiveClientRealtimeInput,
    "ToolResponse": types.LiveClientToolResponse,
    "ContextUpdate": types.LiveClientContextUpdate,
}
# The SDK sends this under `setup`, though its class for the setup has no such field.
BEYOND_THE_CLASS = {"Setup": {"realtimeInputConfig"}}
WITHOUT_A_CLASS = {"ClientMessage", "GenerateRequest", "CountRequest", "ToolList", "Empty"}
ENUM_CLASSES: dict[str, Any] = {
    "Modality": types.Modality,
    "MediaResolution": types.MediaResolution,
    "StartSensitivity": types.StartSensitivity,
    "EndSensitivity": types.EndSensitivity,
    "ActivityHandling": types.ActivityHandling,
    "TurnCoverage": types.TurnCoverage,
    "ThinkingLevel": types.ThinkingLevel,
    "Scheduling": types.FunctionResponseScheduling,
    "Behavior": types.Behavior,
    "TranscriptionMode": types.AudioTranscriptionConfigMode,
    "HarmCategory": types.HarmCategory,
    "HarmThreshold": types.HarmBlockThreshold,
    "HarmMethod": types.HarmBlockMethod,
    "SchemaType": types.Type,
}
PLATFORMS: tuple[Platform, ...] = ("developer", "vertex")


def refused(value: Any, type_name: str, platform: Platform = "developer") -> str:
    with pytest.raises(Refused) as error:
        read_object(json.dumps(value).encode(), type_name, platform)
    assert error.value.close.code == 1007
    return error.value.close.reason


def test_every_type_and_enum_is_compared() -> None:
    assert set(TYPES) == set(CLASSES) | WITHOUT_A_CLASS
    assert set(ENUMS) == set(ENUM_CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_fields(name: str) -> None:
    declared = {field.alias or to_camel(attribute) for attribute, field in CLASSES[name].model_fields.items()}
    assert set(TYPES[name]) == declared | BEYOND_THE_CLASS.get(name, set())


@pytest.mark.parametrize("name", ENUM_CLASSES)
def test_enum_values(name: str) -> None:
    declared = {member.value for member in ENUM_CLASSES[name] if not member.value.endswith("UNSPECIFIED")}
    lower = {value.lower() for value in declared} if name == "SchemaType" else set()
    assert set(ENUMS[name]) == declared | lower


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", TYPES)
def test_an_unknown_field_is_refused_in_every_type(name: str, platform: Platform) -> None:
    assert refused({"noSuchField": 1}, name, platform).startswith(
        'Invalid JSON payload received. Unknown name "noSuchField"'
    )


@pytest.mark.parametrize(("type_name", "field"), sorted(ONLY_VERTEX))
def test_a_field_of_vertex_alone_is_unknown_to_the_developer_api(type_name: str, field: str) -> None:
    assert f'Unknown name "{field}"' in refused({field: None}, type_name, "developer")
    read_object(json.dumps({field: None}).encode(), type_name, "vertex")


@pytest.mark.parametrize(("type_name", "field"), sorted(ONLY_DEVELOPER))
def test_a_field_of_the_developer_api_alone_is_unknown_to_vertex(type_name: str, field: str) -> None:
    assert f'Unknown name "{field}"' in refused({field: None}, type_name, "vertex")
    read_object(json.dumps({field: None}).encode(), type_name, "developer")


@pytest.mark.parametrize(
    ("type_name", "field", "kind"),
    [
        (type_name, field, kind)
        for type_name, fields in TYPES.items()
        for field, kind in fields.items()
        if kind.removesuffix("[]") in ENUMS and (type_name, field) not in ONLY_VERTEX
    ],
)
@pytest.mark.parametrize("value", ["NO_SUCH_VALUE", "", 999, True])
def test_a_bad_enum_value_is_refused_wherever_one_stands(type_name: str, field: str, kind: str, value: Any) -> None:
    given = [value] if kind.endswith("[]") else value
    assert refused({field: given}, type_name).startswith("Invalid value at '")


@pytest.mark.parametrize(
    ("type_name", "field", "kind"),
    [
        (type_name, field, kind)
        for type_name, fields in TYPES.items()
        for field, kind in fields.items()
        if kind != "free" and (type_name, field) not in ONLY_VERTEX
    ],
)
def test_a_value_of_the_wrong_type_is_refused_wherever_it_stands(type_name: str, field: str, kind: str) -> None:
    wrong: Any = [{}] if kind.endswith("[]") and kind[:-2] in SCALARS | set(ENUMS) else [[]] if "[" in kind else [1]
    assert refused({field: wrong}, type_name).startswith("Invalid value at '")
