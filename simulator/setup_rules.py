"""Judges a setup message: what Google would refuse, and what the accepted session may do. Pure.

It gets the message already checked for shape, and knows models but no connection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.endpoints import Endpoint
from simulator.known_models import KnownModel, find_model
from simulator.refusals import INVALID_ARGUMENT, Close, Refused, invalid

VOICES = frozenset(
    {
        "Zephyr",
        "Puck",
        "Charon",
        "Kore",
        "Fenrir",
        "Leda",
        "Orus",
        "Aoede",
        "Callirrhoe",
        "Autonoe",
        "Enceladus",
        "Iapetus",
        "Umbriel",
        "Algieba",
        "Despina",
        "Erinome",
        "Algenib",
        "Rasalgethi",
        "Laomedeia",
        "Achernar",
        "Alnilam",
        "Schedar",
        "Gacrux",
        "Pulcherrima",
        "Achird",
        "Zubenelgenubi",
        "Vindemiatrix",
        "Sadachbia",
        "Sadaltager",
        "Sulafat",
    }
)
_UNSUPPORTED_GENERATION = (
    "responseLogprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "logprobs",
    "stopSequences",
    "routingConfig",
    "audioTimestamp",
    "responseFormat",
    "modelSelectionConfig",
)
_DEVELOPER_NAME = re.compile(r"models/([A-Za-z0-9._-]+)")
_VERTEX_NAME = re.compile(
    r"projects/([^/]*)/locations/([a-z0-9-]+|REDACTED)/publishers/google/models/([A-Za-z0-9._-]+)"
)
_EXPRESS_NAME = re.compile(r"publishers/google/models/([A-Za-z0-9._-]+)")
_PROJECT = re.compile(r"[A-Za-z0-9-]+")
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


@dataclass(frozen=True, slots=True)
class Setup:
    """An accepted setup, in the terms the conversation needs."""

    model: KnownModel
    model_name: str
    modality: str = "AUDIO"
    voice: str = "Puck"
    instructions: str = ""
    functions: tuple[str, ...] = ()
    input_transcription: bool = False
    output_transcription: bool = False
    include_thoughts: bool = False
    resumption: bool = False
    transparent: bool = False
    handle: str = ""
    seeded_history: bool = False
    automatic_detection: bool = True
    low_start_sensitivity: bool = False
    prefix_padding_ms: int = 0
    silence_ms: int = 500
    interruptible: bool = True
    explicit_vad: bool = False
    raw: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class World:
    """What exists on this Google: models, and projects when only some of them do."""

    models: Sequence[KnownModel]
    projects: Collection[str] | None = None


def judge_setup(raw: dict[str, Any], endpoint: Endpoint, world: World, express: bool = False) -> Setup | Close:
    """The accepted setup, or the close that Google would answer with."""
    try:
        name = raw.get("model", "")
        known = _known_model(name, endpoint, world, express)
        return _accept(raw, name, known, endpoint)
    except Refused as refused:
        return refused.close


def content_text(content: dict[str, Any] | None) -> str:
    """The text of a content's parts."""
    parts = (content or {}).get("parts", [])
    return "".join(part["text"] for part in parts if part.get("text") and not part.get("thought"))


def function_names(tools: list[dict[str, Any]]) -> tuple[str, ...]:
    names = []
    for tool in tools:
        for at, declared in enumerate(tool.get("functionDeclarations", [])):
            name = declared.get("name", "")
            if not _FUNCTION_NAME.fullmatch(name):
                raise invalid(
                    f"* BidiGenerateContentRequest.setup.tools[0].function_declarations[{at}].name: "
                    "Invalid function name. Must start with a letter or an underscore."
                )
            names.append(name)
    if len(names) != len(set(names)):
        raise invalid("Duplicate function declaration found.")
    return tuple(names)


def _known_model(name: str, endpoint: Endpoint, world: World, express: bool) -> KnownModel:
    if not name:
        raise invalid("* BidiGenerateContentRequest.setup.model: model is not specified")
    if endpoint.is_vertex:
        return _vertex_model(name, world, express)
    found = _DEVELOPER_NAME.fullmatch(name)
    if not found:
        raise invalid("* BidiGenerateContentRequest.setup.model: unexpected model name format")
    known = find_model(world.models, found[1], "developer")
    if known is None:
        raise Refused(1008, developer_not_found(name, endpoint.version))
    return known


def _vertex_model(name: str, world: World, express: bool) -> KnownModel:
    if express and (short := _EXPRESS_NAME.fullmatch(name)):
        known = find_model(world.models, short[1], "vertex")
    elif full := _VERTEX_NAME.fullmatch(name):
        project, location, model = full.groups()
        missing = world.projects is not None and project not in world.projects
        if missing or not _PROJECT.fullmatch(project):
            raise Refused(1008, f"Request trace id: 5f0e7d3c2b1a, Project 'projects/{project}' not found or deleted.")
        known = find_model(world.models, model, "vertex", None if location == "REDACTED" else location)
    else:
        raise invalid(INVALID_ARGUMENT)
    if known is None:
        raise Refused(1008, publisher_not_found(name))
    return known


def developer_not_found(name: str, version: str) -> str:
    return (
        f"{name} is not found for API version {version}, or is not supported for bidiGenerateContent. "
        "Call ModelService.ListModels to see the list of available models and their supported methods."
    )


def publisher_not_found(name: str) -> str:
    return (
        f"Publisher Model `{name}` was not found or your project does not have access to it. "
        "Please ensure you are using a valid model version."
    )


def _accept(raw: dict[str, Any], name: str, known: KnownModel, endpoint: Endpoint) -> Setup:
    generation = raw.get("generationConfig", {})
    if any(field_name in generation for field_name in _UNSUPPORTED_GENERATION):
        raise invalid()
    if generation.get("candidateCount", 1) != 1:
        raise invalid()
    modality = _modality(generation, name, known)
    thinking = generation.get("thinkingConfig", {})
    _check_thinking(thinking, known)
    _check_proactivity(raw.get("proactivity"), generation, known)
    if endpoint.is_vertex:
        _check_compression(raw.get("contextWindowCompression"))
    realtime = raw.get("realtimeInputConfig", {})
    detection = realtime.get("automaticActivityDetection", {})
    if min(detection.get("prefixPaddingMs", 0), detection.get("silenceDurationMs", 0)) < 0:
        raise invalid()
    resumption = raw.get("sessionResumption")
    return Setup(
        model=known,
        model_name=name,
        modality=modality,
        voice=_voice(generation.get("speechConfig", {})),
        instructions=content_text(raw.get("systemInstruction")),
        functions=function_names(raw.get("tools", [])),
        input_transcription="inputAudioTranscription" in raw,
        output_transcription="outputAudioTranscription" in raw,
        include_thoughts=bool(thinking.get("includeThoughts")),
        resumption=resumption is not None,
        transparent=bool((resumption or {}).get("transparent")),
        handle=(resumption or {}).get("handle", ""),
        seeded_history=bool(raw.get("historyConfig", {}).get("initialHistoryInClientContent")),
        automatic_detection=not detection.get("disabled", False),
        low_start_sensitivity=detection.get("startOfSpeechSensitivity") == "START_SENSITIVITY_LOW",
        prefix_padding_ms=detection.get("prefixPaddingMs", 0),
        silence_ms=detection.get("silenceDurationMs") or 500,
        interruptible=realtime.get("activityHandling") != "NO_INTERRUPTION",
        explicit_vad=bool(raw.get("explicitVadSignal")),
        raw=raw,
    )


def _modality(generation: dict[str, Any], name: str, known: KnownModel) -> str:
    asked: list[str] = generation.get("responseModalities") or []
    if len(asked) > 1:
        raise invalid()
    default = "AUDIO" if "AUDIO" in known.modalities else known.modalities[0]
    modality = asked[0] if asked else default
    if modality == "MODALITY_UNSPECIFIED":
        modality = default
    if modality == "TEXT" and generation.get("speechConfig"):
        raise invalid("Cannot extract voices from a non-audio request.")
    if modality not in known.modalities:
        raise invalid(
            f"The requested combination of response modalities ({modality}) is not supported by the model. "
            f"models/{known.name}"
        )
    return modality


def _voice(speech: dict[str, Any]) -> str:
    voice: str = speech.get("voiceConfig", {}).get("prebuiltVoiceConfig", {}).get("voiceName", "Puck")
    if voice not in VOICES:
        raise invalid(f"Requested voice api_name '{voice}' is not available for this model.")
    return voice


def _check_thinking(thinking: dict[str, Any], known: KnownModel) -> None:
    level, budget = "thinkingLevel" in thinking, "thinkingBudget" in thinking
    match known.thinking:
        case "budget" if level:
            raise invalid("Thinking level is not supported for this model.")
        case "level" if thinking and not level:
            raise invalid("Thinking level must be specified for this model.")
        case "level" | "level_optional" if budget:
            raise invalid()
        case "none" if level or budget:
            raise invalid()


def _check_proactivity(proactivity: dict[str, Any] | None, generation: dict[str, Any], known: KnownModel) -> None:
    if generation.get("enableAffectiveDialog") and not known.affective:
        raise invalid()
    if proactivity is None:
        return
    asked = proactivity.get("proactiveAudio")
    if proactivity.get("proactiveVideo") and not asked:
        raise invalid()
    if (known.proactive == "always" and asked is False) or (known.proactive == "no" and asked):
        raise invalid()


def _check_compression(compression: dict[str, Any] | None) -> None:
    if compression is None:
        return
    trigger = compression.get("triggerTokens", 100_000)
    target = compression.get("slidingWindow", {}).get("targetTokens", 0)
    if not 5_000 <= trigger <= 128_000 or not 0 <= target <= 128_000:
        raise invalid()
