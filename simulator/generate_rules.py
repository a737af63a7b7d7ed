"""What the HTTP tiers take and what they refuse, in Google's words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.generate_paths import GeneratePath
from simulator.message_check import read_object
from simulator.refusals import HttpRefusal, Refused
from simulator.replies import Remembered
from simulator.setup_rules import World, content_text, function_names

GLOBAL = ("global", "us", "eu")
TEXT_MODELS: dict[str, tuple[str, ...] | None] = {
    # name: the Vertex locations that serve it (None: all)
    "gemini-2.5-flash": None,
    "gemini-2.5-pro": None,
    "gemini-3.5-flash": GLOBAL,
    "gemini-3.5-flash-lite": GLOBAL,
    "gemini-3.6-flash": GLOBAL,
    "gemini-3.7-flash": GLOBAL,
    "gemini-3.8-flash": GLOBAL,
}
DATA_FIELDS = frozenset(
    {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult"}
)


class RequestRefused(Exception):
    """A request that Google answers with an error."""

    def __init__(self, refusal: HttpRefusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """An accepted request, in the terms that an answer needs. `responses` are the results of the last calls."""

    text: str
    earlier: tuple[Remembered, ...]
    instructions: str = ""
    functions: tuple[str, ...] = ()
    seconds: float | None = None
    responses: tuple[tuple[str, Any], ...] = ()
    thoughts: bool = False
    prompt_tokens: int = 0
    body: dict[str, Any] = field(default_factory=dict)


def check_model(path: GeneratePath, world: World) -> None:
    """Raises `RequestRefused` where the model or the project does not exist."""
    if path.project and world.projects is not None and path.project not in world.projects:
        raise RequestRefused(HttpRefusal(403, f"Permission denied on resource project {path.project}."))
    locations = TEXT_MODELS.get(path.model, ())
    if locations is None or (locations and (not path.endpoint.is_vertex or not path.location)):
        return
    if path.location in locations:
        return
    if path.endpoint.is_vertex:
        words = (
            f"Publisher Model `{path.resource}` was not found or your project does not have access to it. "
            "Please ensure you are using a valid model version."
        )
    else:
        words = (
            f"{path.resource} is not found for API version {path.endpoint.version}, or is not supported for "
            f"{path.method}. Call ListModels to see the list of available models and their supported methods."
        )
    raise RequestRefused(HttpRefusal(404, words))


def developer_models(world: World) -> list[dict[str, Any]]:
    """The models that the Developer API lists, each with its methods."""
    live = {known.name: ["bidiGenerateContent"] for known in world.models if "developer" in known.platforms}
    methods = dict.fromkeys(TEXT_MODELS, ["generateContent", "countTokens"]) | live
    return [
        {"name": f"models/{name}", "displayName": f"{name} (simulator)", "supportedGenerationMethods": found}
        for name, found in methods.items()
    ]


def read_request(raw: bytes, path: GeneratePath) -> Asked:
    """The request as an `Asked`; raises `RequestRefused` in Google's words."""
    kind = "CountRequest" if path.method == "countTokens" else "GenerateRequest"
    try:
        body = read_object(raw, kind, path.endpoint.platform)
        if isinstance(inner := body.get("generateContentRequest"), dict):
            body = inner
        return _asked(body, vertex=path.endpoint.is_vertex)
    except Refused as refused:
        raise RequestRefused(HttpRefusal(400, str(refused))) from None


def _asked(body: dict[str, Any], *, vertex: bool) -> Asked:
    contents: list[dict[str, Any]] = body.get("contents", [])
    if not contents:
        raise Refused(1007, "* GenerateContentRequest.contents: contents is not specified")
    for at, content in enumerate(contents):
        _check_content(content, at, vertex=vertex)
    _check_calls(contents)
    config = body.get("generationConfig", {})
    if wrong := [modality for modality in config.get("responseModalities", []) if modality != "TEXT"]:
        raise Refused(
            1007, f"The requested combination of response modalities ({wrong[0]}) is not supported by the model."
        )
    last = contents[-1]
    parts = last.get("parts", [])
    sounds = [
        part["inlineData"] for part in parts if part.get("inlineData", {}).get("mimeType", "").startswith("audio/")
    ]
    return Asked(
        text=_told(last, "") if not sounds else "",
        earlier=tuple(Remembered(content.get("role", "user"), _told(content)) for content in contents[:-1]),
        instructions=content_text(body.get("systemInstruction")),
        functions=function_names(body.get("tools", [])),
        seconds=sum(len(sound.get("data", b"")) - 44 for sound in sounds) / 32_000 if sounds else None,
        responses=tuple(
            (part["functionResponse"].get("name", ""), part["functionResponse"].get("response", {}))
            for part in parts
            if "functionResponse" in part
        ),
        thoughts=bool(config.get("thinkingConfig", {}).get("includeThoughts")),
        prompt_tokens=sum(len(_told(content)) // 4 + 1 for content in contents),
        body=body,
    )


def _check_content(content: dict[str, Any], at: int, *, vertex: bool) -> None:
    role = content.get("role", "")
    if role not in ("user", "model", "function") and (role or vertex):
        raise Refused(1007, "Please use a valid role: user, model.")
    parts = content.get("parts", [])
    if not parts:
        raise Refused(1007, f"* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty.")
    for number, part in enumerate(parts):
        if len(DATA_FIELDS & part.keys()) != 1:
            raise Refused(
                1007,
                f"* GenerateContentRequest.contents[{at}].parts[{number}].data: required oneof field 'data' must have "
                "one initialized field",
            )


def _check_calls(contents: Sequence[dict[str, Any]]) -> None:
    for at, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        answers = (
            [part for part in contents[at + 1]["parts"] if "functionResponse" in part] if at + 1 < len(contents) else []
        )
        if calls and len(calls) != len(answers):
            raise Refused(
                1007,
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn.",
            )
        if not calls and answers:
            raise Refused(
                1007, "Please ensure that function response turn comes immediately after a function call turn."
            )
        if calls and (at == 0 or contents[at - 1].get("role", "user") == "model"):
            raise Refused(
                1007,
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn.",
            )


def _told(content: dict[str, Any], between: str = "") -> str:
    return between.join(_part_text(part) for part in content["parts"] if not part.get("thought"))


def _part_text(part: dict[str, Any]) -> str:
    if "text" in part:
        return str(part["text"])
    if "inlineData" in part:
        return f"[{part['inlineData'].get('mimeType', 'data')}]"
    return f"[{next(iter(DATA_FIELDS & part.keys()))}]"
