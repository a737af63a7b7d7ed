"""A client's set-up shaped for one candidate: its model's full name, what that generation accepts, and what
the record needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from live_proxy.candidates import Candidate
from live_proxy.catalogue import LiveModel
from live_proxy.edge.generate_request import generate_request, lost_on
from live_proxy.edge.requested import Requested
from live_proxy.errors import ErrorKind
from live_proxy.protocol.codec import JsonObject


@dataclass(frozen=True, slots=True)
class UpstreamSetup:
    """`message` is the set-up of a Live model, `request` the body of every request to a standard one. `lost` names
    what the client asked for and cannot have here. `text_from_audio`: the client asked for text, the model speaks,
    and the transcription is delivered as text parts. `history_first`: earlier turns must end with `turnComplete`;
    `client_seeds`: so must the client's own, which come first."""

    message: JsonObject = field(default_factory=dict)
    request: JsonObject = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    text_from_audio: bool = False
    history_first: bool = False
    client_seeds: bool = False
    typed_as_realtime: bool = False


VERTEX_ONLY = ("explicitVadSignal", "labels")
VERTEX_TOOLS = frozenset({"retrieval", "enterpriseWebSearch", "parallelAiSearch", "exaAiSearch"})


def for_developer(setup: JsonObject) -> JsonObject:
    """The fields of a set-up or request whose insides the Developer API would not know, without what it does not
    know; the rest of the request is worth more than being refused for them."""
    changed: JsonObject = {}
    if isinstance(safety := setup.get("safetySettings"), list):
        changed["safetySettings"] = [
            {key: value for key, value in each.items() if key != "method"} if isinstance(each, dict) else each
            for each in safety
        ]
    if isinstance(tools := setup.get("tools"), list):
        kept = [
            {key: value for key, value in tool.items() if key not in VERTEX_TOOLS} if isinstance(tool, dict) else tool
            for tool in tools
        ]
        changed["tools"] = [tool for tool in kept if tool]
    return changed


def resource_name(candidate: Candidate, project: str) -> str:
    """The model as the platform wants it named in `setup.model`."""
    if candidate.platform == "developer":
        return f"models/{candidate.model.name}"
    if not project:  # Vertex with an API key
        return f"publishers/google/models/{candidate.model.name}"
    return f"projects/{project}/locations/{candidate.location}/publishers/google/models/{candidate.model.name}"


def upstream_setup(
    requested: Requested,
    candidate: Candidate,
    *,
    project: str,
    handle: str = "",
    history: bool = False,
    mend: ErrorKind | None = None,
) -> UpstreamSetup:
    """Shape `requested` for `candidate`. `mend` is what the last try's set-up was refused for."""
    model = candidate.model
    if not isinstance(model, LiveModel):
        request = generate_request(requested, model, vertex=candidate.platform == "vertex", mend=mend)
        return UpstreamSetup(request=request, lost=lost_on(requested, model))
    if mend is ErrorKind.MODALITY:
        model = replace(model, output_modalities=("AUDIO",))
    elif mend is ErrorKind.CONFIGURATION:
        model = replace(model, thinking="level")
    setup = dict(requested.setup)
    setup["model"] = resource_name(candidate, project)
    modality = requested.modality if requested.modality in model.output_modalities else model.output_modalities[0]
    setup["generationConfig"] = config = _generation_config(requested, model, modality)
    if mend is ErrorKind.CONFIGURATION and isinstance(speech := config.get("speechConfig"), dict):
        config["speechConfig"] = {key: value for key, value in speech.items() if key != "languageCode"}
    # Voice must be reviewable whether or not the client wants to read along.
    setup.setdefault("inputAudioTranscription", {})
    if modality == "AUDIO":
        setup.setdefault("outputAudioTranscription", {})
    else:
        setup.pop("outputAudioTranscription", None)
    # Without compression a session ends after 15 minutes, with video after 2.
    setup.setdefault("contextWindowCompression", {"slidingWindow": {}})
    setup["sessionResumption"] = {"handle": handle} if handle else {}
    if not model.proactive:
        setup.pop("proactivity", None)
    if candidate.platform == "developer":
        for name in VERTEX_ONLY:
            setup.pop(name, None)
        setup |= for_developer(setup)
    history_first = history and model.history == "initial"
    client_seeds = requested.seeds_first and model.history == "initial" and not history and not handle
    if history_first or client_seeds:
        setup["historyConfig"] = {"initialHistoryInClientContent": True}
    else:
        setup.pop("historyConfig", None)
    return UpstreamSetup(
        message={"setup": setup},
        text_from_audio=requested.modality == "TEXT" and modality == "AUDIO",
        history_first=history_first,
        client_seeds=client_seeds,
        typed_as_realtime=model.text_input == "realtime",
    )


def _generation_config(requested: Requested, model: LiveModel, modality: str) -> JsonObject:
    config = dict(requested.setup.get("generationConfig", {}))
    config["responseModalities"] = [modality]
    if modality == "TEXT":
        config.pop("speechConfig", None)  # refused beside TEXT
    if not model.proactive:
        config.pop("enableAffectiveDialog", None)
    thinking = config.pop("thinkingConfig", None)
    thinking = dict(thinking) if isinstance(thinking, dict) else {}
    match model.thinking:
        case "budget":
            thinking.pop("thinkingLevel", None)
        case "level":
            thinking.pop("thinkingBudget", None)
            thinking.setdefault("thinkingLevel", "LOW")
        case "none":
            thinking.pop("thinkingLevel", None)
            thinking.pop("thinkingBudget", None)
    if thinking:
        config["thinkingConfig"] = thinking
    return config
