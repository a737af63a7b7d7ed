"""What the set-ups of one user may ask for: refused where they ask for what is not allowed, mended where it is a
matter of a number, completed where the policy has something to say. Pure.

Every refusal is a sentence that Google's SDKs show to a developer, so it names the field and what is allowed, and
fits a close frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from live_proxy.close_codes import CloseCode
from live_proxy.errors import ClientFault
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.reasons import fit

NO_TOOLS = ("none",)
NAMED_TOOLS = {"functionDeclarations": "functions"}
SILENT = ("TEXT", "IMAGE")


@dataclass(frozen=True, slots=True)
class Policy:
    """Empty lists allow everything, None sets no ceiling. `families` are labels; `tools` the keys of a tool, its
    function declarations called `functions`, or `none` alone; `max_thinking_tokens` is a thinking budget."""

    families: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    instruction_mode: Literal["open", "prefix", "locked"] = "open"
    instruction: str = ""
    max_output_tokens: int | None = None
    max_temperature: float | None = None
    max_thinking_tokens: int | None = None
    max_session_seconds: int | None = None


OPEN = Policy()


def allows_family(policy: Policy, label: str) -> bool:
    return not policy.families or label in policy.families


def allows_tool(policy: Policy, name: str) -> bool:
    return not policy.tools or name in policy.tools


def allows_modality(policy: Policy, name: str) -> bool:
    return not policy.modalities or name in policy.modalities


def held_to(policy: Policy, setup: JsonObject) -> JsonObject:
    """A Live set-up within the policy; `setup` itself where it is. Raises `ClientFault`."""
    return _held(policy, setup, "setup.", default="AUDIO")


def request_held_to(policy: Policy, body: JsonObject) -> JsonObject:
    """The same for the body of a `generateContent`."""
    return _held(policy, body, "", default="TEXT")


def update_held_to(policy: Policy, content: JsonObject) -> JsonObject:
    """The same for a `contextUpdate`, which replaces instruction and tools in mid-session."""
    if policy == OPEN:
        return content
    held = dict(content)
    tools = content.get("tools")
    if isinstance(tools, dict) and "tools" in tools:
        _check_tools(policy, {key: tool for key, tool in tools.items() if key != "tools"}, "contextUpdate.")
        tools = tools["tools"]
    _check_tools(policy, tools, "contextUpdate.")
    if "systemInstruction" in content:
        _instruct(policy, held, "contextUpdate.")
    return held


def _held(policy: Policy, asked: JsonObject, where: str, *, default: str) -> JsonObject:
    if policy == OPEN:
        return asked
    held = dict(asked)
    config = asked.get("generationConfig")
    if config is not None and not isinstance(config, dict):
        raise _odd(f"{where}generationConfig must be an object.")
    config = dict(config or {})
    _check_tools(policy, asked.get("tools"), where)
    _instruct(policy, held, where)
    wanted = _modalities(policy, config, f"{where}generationConfig.", default)
    _voices(policy, config, f"{where}generationConfig.", speaks=any(name not in SILENT for name in wanted))
    _ceilings(policy, config)
    if config or "generationConfig" in asked:
        held["generationConfig"] = config
    return held


def _refuse(field: str, what: str, allowed: Sequence[str]) -> ClientFault:
    choice = f"; allowed: {', '.join(allowed)}" if allowed else ""
    return ClientFault(CloseCode.NOT_ALLOWED, fit(f"{field}: {_short(what)} is not allowed for you{choice}."))


def _odd(sentence: str) -> ClientFault:
    return ClientFault(CloseCode.BAD_MESSAGE, sentence)


def _listed(value: object) -> list[object]:
    """Google reads one thing as a list of that one, so it is held to the policy like one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _short(what: str) -> str:
    what = "".join(char if char.isprintable() else "?" for char in what)
    return what if len(what) <= 30 else what[:29] + "…"


def _check_tools(policy: Policy, tools: object, where: str) -> None:
    if not policy.tools:
        return
    allowed = () if policy.tools == NO_TOOLS else policy.tools
    for tool in _listed(tools):
        if not isinstance(tool, dict):
            raise _odd(f"{where}tools must be a list of objects.")
        for key, value in tool.items():
            name = NAMED_TOOLS.get(str(key), str(key))
            if value is not None and name not in allowed:
                raise _refuse(f"{where}tools", f"the tool {_short(name)}", allowed)


def _instruct(policy: Policy, held: JsonObject, where: str) -> None:
    if policy.instruction_mode == "open":
        return
    ours = {"text": policy.instruction}
    theirs = [part for part in _parts(held.get("systemInstruction")) if any(map(_says, part.values()))]
    if policy.instruction_mode == "locked":
        texts = [text for part in theirs if isinstance(text := part.get("text"), str)]
        if theirs and "".join(texts) != policy.instruction:
            raise ClientFault(
                CloseCode.NOT_ALLOWED, f"{where}systemInstruction is set by this service for you and cannot be changed."
            )
        theirs = []
    parts = [part for part in [ours, *theirs] if part != {"text": ""}]
    if parts:
        held["systemInstruction"] = {"parts": parts}
    else:
        held.pop("systemInstruction", None)


def _says(value: object) -> bool:
    return value is not None and value != ""


def _parts(instruction: object) -> list[JsonObject]:
    """The parts of an instruction in any of the shapes that SDKs have for it."""
    if isinstance(instruction, str):
        return [{"text": instruction}]
    if isinstance(instruction, dict):
        instruction = instruction.get("parts", [instruction])
    if isinstance(instruction, dict):
        return [instruction]
    if not isinstance(instruction, list):
        return []
    return [part if isinstance(part, dict) else {"text": part} for part in instruction if isinstance(part, str | dict)]


def _modalities(policy: Policy, config: JsonObject, where: str, default: str) -> list[str]:
    wanted = _listed(config.get("responseModalities"))
    names = [name.upper() if isinstance(name, str) else "?" for name in wanted] or [default]
    if not policy.modalities:
        return names
    if not wanted and default not in policy.modalities:
        config["responseModalities"] = [policy.modalities[0]]
        return [policy.modalities[0]]
    for name in names if wanted else ():
        if name not in policy.modalities:
            raise _refuse(f"{where}responseModalities", name, policy.modalities)
    return names


def _voices(policy: Policy, config: JsonObject, where: str, *, speaks: bool) -> None:
    if not policy.voices:
        return
    field = f"{where}speechConfig"
    speech = config.get("speechConfig")
    if speech is None:
        speech = {}
    if not isinstance(speech, dict):
        raise _odd(f"{field} must be an object.")
    if speech.get("voice") is not None:
        raise _refuse(field, "the field voice", policy.voices)
    voices = list(_voice_configs(speech))
    for voice in voices:
        prebuilt = voice.get("prebuiltVoiceConfig")
        name = prebuilt.get("voiceName") if isinstance(prebuilt, dict) else None
        named = isinstance(name, str) and voice.keys() == {"prebuiltVoiceConfig"}
        if not named or name not in policy.voices:
            what = f"the voice {_short(str(name))}" if named else "a voice of your own"
            raise _refuse(field, what, policy.voices)
    if speaks and not voices:
        chosen = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": policy.voices[0]}}}
        config["speechConfig"] = {**speech, **chosen}


def _voice_configs(speech: JsonObject) -> Iterator[JsonObject]:
    if voice := _set(speech.get("voiceConfig")):
        yield voice
    several = speech.get("multiSpeakerVoiceConfig")
    for speaker in _listed(several.get("speakerVoiceConfigs")) if isinstance(several, dict) else []:
        yield _set(speaker.get("voiceConfig") if isinstance(speaker, dict) else None)


def _set(voice: object) -> JsonObject:
    return {key: value for key, value in voice.items() if value is not None} if isinstance(voice, dict) else {}


def _ceilings(policy: Policy, config: JsonObject) -> None:
    if (most := policy.max_output_tokens) is not None:
        asked = _number(config.get("maxOutputTokens"))
        config["maxOutputTokens"] = most if asked is None or not 1 <= asked <= most else int(asked)
    if policy.max_temperature is not None:
        asked = _number(config.get("temperature"))
        if asked is not None and not asked <= policy.max_temperature:  # NaN is above it too
            config["temperature"] = policy.max_temperature
    thinking = config.get("thinkingConfig")
    if policy.max_thinking_tokens is not None and isinstance(thinking, dict):
        budget = _number(thinking.get("thinkingBudget"))
        if budget is None or not 0 <= budget <= policy.max_thinking_tokens:
            # A level beside a budget is an error upstream.
            kept = {key: value for key, value in thinking.items() if key != "thinkingLevel"}
            config["thinkingConfig"] = {**kept, "thinkingBudget": policy.max_thinking_tokens}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):  # 64-bit numbers travel as texts
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        return math.inf
