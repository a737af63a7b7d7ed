"""A client's Live set-up as a `generateContent` request of the HTTP tiers, and what is lost on the way. Pure."""

from __future__ import annotations

from live_proxy.catalogue import StandardModel
from live_proxy.edge.requested import Requested
from live_proxy.errors import ErrorKind
from live_proxy.protocol.codec import JsonObject

GENERATION = (
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "mediaResolution",
    "thinkingConfig",
)
LOST_WITH = {
    "realtimeInputConfig": "voice_detection",
    "proactivity": "proactivity",
    "sessionResumption": "resumption",
    "avatarConfig": "avatar",
}
LIVE_ONLY = ("behavior",)  # of a function declaration
VERTEX_ONLY_SAFETY = ("method",)


def generate_request(requested: Requested, model: StandardModel, *, vertex: bool, mend: ErrorKind | None) -> JsonObject:
    """The body of every request of a session, without `contents`. `mend` is what the last try was refused for."""
    setup = requested.setup
    asked = setup.get("generationConfig", {})
    config = {name: asked[name] for name in GENERATION if asked.get(name) is not None}
    if mend is ErrorKind.CONFIGURATION:
        config.pop("thinkingConfig", None)
        config.pop("mediaResolution", None)
    request: JsonObject = {}
    if isinstance(instruction := setup.get("systemInstruction"), dict) and instruction.get("parts"):
        request["systemInstruction"] = {"parts": instruction["parts"]}
    if tools := generate_tools(setup.get("tools", [])):
        request["tools"] = tools
    if config:
        request["generationConfig"] = config
    if isinstance(safety := setup.get("safetySettings"), list) and safety:
        request["safetySettings"] = safety if vertex else [_without(item, VERTEX_ONLY_SAFETY) for item in safety]
    if vertex and isinstance(labels := setup.get("labels"), dict) and labels:
        request["labels"] = labels
    return request


def generate_tools(tools: object) -> list[JsonObject]:
    """Live's tools without what only Live knows."""
    kept = []
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            continue
        if isinstance(declared := tool.get("functionDeclarations"), list):
            tool = tool | {"functionDeclarations": [_without(each, LIVE_ONLY) for each in declared]}
        kept.append(tool)
    return kept


def lost_on(requested: Requested, model: StandardModel) -> tuple[str, ...]:
    """What the client asked for, or could do on a Live model, and cannot have here."""
    setup = requested.setup
    lost = []
    marked = speech_is_marked(requested)
    if not (model.audio_in and marked):
        lost.append("audio_in")
    if requested.modality == "AUDIO":
        lost.append("audio_out")
    lost += [name for key, name in LOST_WITH.items() if setup.get(key) and not (marked and name == "voice_detection")]
    if setup.get("generationConfig", {}).get("enableAffectiveDialog"):
        lost.append("affective_dialog")
    return tuple(lost)


def speech_is_marked(requested: Requested) -> bool:
    """Whether the client itself says when somebody speaks. Only then does an HTTP tier know when to answer."""
    detection = requested.setup.get("realtimeInputConfig", {}).get("automaticActivityDetection")
    return isinstance(detection, dict) and detection.get("disabled") is True


def _without(item: object, names: tuple[str, ...]) -> object:
    return {key: value for key, value in item.items() if key not in names} if isinstance(item, dict) else item
