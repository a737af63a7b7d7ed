"""What a client asked for in its `setup`, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from live_proxy.catalogue import Platform
from live_proxy.close_codes import CloseCode
from live_proxy.errors import ClientFault
from live_proxy.protocol.codec import JsonObject

Modality = Literal["TEXT", "AUDIO"]
OBJECTS = (
    "generationConfig",
    "realtimeInputConfig",
    "inputAudioTranscription",
    "outputAudioTranscription",
    "contextWindowCompression",
    "sessionResumption",
    "proactivity",
    "historyConfig",
)


@dataclass(frozen=True, slots=True)
class Requested:
    """A client's set-up in camelCase. `platform` is the one whose spelling the client speaks."""

    setup: JsonObject
    model: str
    modality: Modality
    input_transcription: bool
    output_transcription: bool
    seeds_first: bool = False  # the first content that the client sends is history, whatever it says of turns
    platform: Platform = "developer"


def requested(setup: JsonObject, *, platform: Platform = "developer") -> Requested:
    """Read a `setup` object. Raises `ClientFault` with a sentence that names the field at fault."""
    setup = {name: value for name, value in setup.items() if value is not None}
    for name in OBJECTS:
        if name in setup and not isinstance(setup[name], dict):
            raise ClientFault(CloseCode.BAD_MESSAGE, f"setup.{name} must be an object.")
    if not isinstance(setup.get("tools", []), list):
        raise ClientFault(CloseCode.BAD_MESSAGE, "setup.tools must be a list.")
    model = setup.get("model", "")
    if not isinstance(model, str) or len(model) > 300:
        raise ClientFault(CloseCode.BAD_MESSAGE, "setup.model must be a model's name.")
    return Requested(
        setup=setup,
        model=model,
        modality=_modality(setup.get("generationConfig", {}).get("responseModalities")),
        input_transcription="inputAudioTranscription" in setup,
        output_transcription="outputAudioTranscription" in setup,
        seeds_first=setup.get("historyConfig", {}).get("initialHistoryInClientContent") is True,
        platform=platform,
    )


def _modality(wanted: object) -> Modality:
    if wanted is None or wanted == []:
        return "AUDIO"
    match wanted:
        case ["TEXT"]:
            return "TEXT"
        case ["AUDIO"]:
            return "AUDIO"
    raise ClientFault(CloseCode.BAD_MESSAGE, 'setup.generationConfig.responseModalities must be ["TEXT"] or ["AUDIO"].')
