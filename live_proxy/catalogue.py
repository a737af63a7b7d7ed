"""Which models there are and what each can do: data, and how to read it from TOML. No I/O.

Model generations differ in what they accept, so a set-up is shaped by the model's entry. A name without an
entry is tried everywhere and treated as able to do what was asked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Platform = Literal["vertex", "developer"]
PLATFORMS: tuple[Platform, ...] = ("vertex", "developer")
History = Literal["content", "initial"]
Thinking = Literal["budget", "level", "none"]


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A Live model.

    `locations` are tried in order where not empty; `history` says how earlier turns are given: as
    `clientContent` (`content`), or only at the start and announced by `historyConfig` (`initial`);
    `text_input` is how typed text travels: `clientContent` or `realtimeInput.text`.
    """

    name: str
    platforms: tuple[Platform, ...] = PLATFORMS
    locations: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ("TEXT", "AUDIO")
    text_input: Literal["content", "realtime"] = "content"
    history: History = "content"
    thinking: Thinking = "budget"
    transparent: bool = False
    proactive: bool = True


@dataclass(frozen=True, slots=True)
class StandardModel:
    """A model of the HTTP tiers."""

    name: str
    platforms: tuple[Platform, ...] = PLATFORMS
    locations: tuple[str, ...] = ()
    audio_in: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """What a person picks. `live` and `standard` are tried in order."""

    label: str
    live: tuple[LiveModel, ...]
    standard: tuple[StandardModel, ...]

    def names(self) -> frozenset[str]:
        return frozenset([model.name for model in self.live] + [model.name for model in self.standard])


AUDIO_ONLY = ("AUDIO",)
LIVE_2_5_NATIVE: LiveModel = LiveModel(
    "gemini-live-2.5-flash-native-audio", platforms=("vertex",), output_modalities=AUDIO_ONLY, transparent=True
)
LIVE_3_8 = LiveModel("gemini-3.8-live", output_modalities=AUDIO_ONLY, thinking="none", proactive=False)
KNOWN_LIVE: dict[str, LiveModel] = {
    model.name: model
    for model in (
        LiveModel("gemini-live-2.5-flash", platforms=("vertex",), transparent=True),
        LiveModel("gemini-2.5-flash-live"),
        LiveModel("gemini-2.0-flash-live-preview-04-09", platforms=("vertex",), transparent=True),
        LiveModel("gemini-live-2.5-flash-preview", platforms=("developer",)),
        LIVE_2_5_NATIVE,
        LIVE_3_8,
        replace(LIVE_3_8, name="gemini-3.8-live-extended-thinking", platforms=("developer",), thinking="level"),
        LiveModel(
            "gemini-3.1-flash-live-preview",
            output_modalities=AUDIO_ONLY,
            text_input="realtime",
            history="initial",
            thinking="level",
            proactive=False,
        ),
        LiveModel(
            "gemini-2.5-flash-native-audio-preview-12-2025", platforms=("developer",), output_modalities=AUDIO_ONLY
        ),
    )
}
GLOBAL_LOCATIONS = ("global",)
KNOWN_STANDARD: dict[str, StandardModel] = {
    model.name: model
    for model in (
        StandardModel("gemini-2.5-flash"),
        StandardModel("gemini-3.8-flash", locations=GLOBAL_LOCATIONS),
    )
}


def live_model(name: str) -> LiveModel:
    return KNOWN_LIVE.get(name) or LiveModel(name)


def standard_model(name: str) -> StandardModel:
    return KNOWN_STANDARD.get(name) or StandardModel(name)


def family(label: str, live: Sequence[str], standard: Sequence[str]) -> Family:
    return Family(label, tuple(map(live_model, live)), tuple(map(standard_model, standard)))


STANDARD = ("gemini-2.5-flash", "gemini-3.8-flash")
DEFAULT_FAMILIES: tuple[Family, ...] = (
    family(
        "Gemini 2.5 Flash Live Preview 🎤",
        (
            "gemini-live-2.5-flash",
            "gemini-2.5-flash-live",
            "gemini-2.0-flash-live-preview-04-09",
            "gemini-live-2.5-flash-preview",
            "gemini-live-2.5-flash-native-audio",
        ),
        STANDARD,
    ),
    family("Gemini 3.8 Live 🎤", ("gemini-3.8-live",), ("gemini-3.8-flash",)),
    family("Gemini 2.5 Flash", (), STANDARD),
)


def with_overrides(families: tuple[Family, ...], live: Sequence[str], standard: Sequence[str]) -> tuple[Family, ...]:
    """The first family's lists replaced by these names, where any are given."""
    first = families[0]
    if live:
        first = replace(first, live=tuple(map(live_model, live)))
    if standard:
        first = replace(first, standard=tuple(map(standard_model, standard)))
    return (first, *families[1:])


def parse_families(text: str) -> tuple[Family, ...]:
    """Families from TOML: `[[family]]` with `label`, `live`, `standard` (names), and optional `[[live_model]]` /
    `[[standard_model]]` entries with the fields of `LiveModel` and `StandardModel`.

    Raises `ValueError` with a sentence that says what is wrong.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"The families file is not valid TOML: {error}") from error
    live = KNOWN_LIVE | {model.name: model for model in _entries(data, "live_model", LiveModel)}
    standard = KNOWN_STANDARD | {model.name: model for model in _entries(data, "standard_model", StandardModel)}
    families = []
    for entry in _tables(data, "family"):
        label = entry.get("label")
        names = [entry.get("live", []), entry.get("standard", [])]
        if not isinstance(label, str) or not label or len(label) > 100:
            raise ValueError("Every [[family]] needs a label of 1 to 100 characters.")
        if not all(isinstance(part, list) and all(isinstance(name, str) for name in part) for part in names):
            raise ValueError(f"Family {label!r}: live and standard are lists of model names.")
        if not any(names):
            raise ValueError(f"Family {label!r} has neither live nor standard models.")
        families.append(
            Family(
                label,
                tuple(live.get(name) or LiveModel(name) for name in names[0]),
                tuple(standard.get(name) or StandardModel(name) for name in names[1]),
            )
        )
    if not families:
        raise ValueError("The families file names no [[family]].")
    if len({family.label for family in families}) != len(families):
        raise ValueError("Two families have the same label.")
    return tuple(families)


def _entries(data: dict[str, Any], key: str, cls: type[Any]) -> list[Any]:
    entries = []
    for entry in _tables(data, key):
        for name, value in entry.items():
            if name in FIELDS and not FIELDS[name](value):
                raise ValueError(f"[[{key}]] has a wrong value for {name}: {value!r:.80}")
        try:
            entries.append(cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}))
        except TypeError as error:
            raise ValueError(f"[[{key}]] has an unknown field or no name: {sorted(entry)}") from error
    return entries


def _tables(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{key} must be written as [[{key}]].")
    return tables


def _some_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(item in choices for item in value)


def _one_of(*choices: str) -> Callable[[Any], bool]:
    return lambda value: value in choices


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


# What the fields of a model's entry may hold.
FIELDS: dict[str, Callable[[Any], bool]] = {
    "name": lambda value: isinstance(value, str) and bool(value),
    "platforms": _some_of(*PLATFORMS),
    "locations": lambda value: isinstance(value, list) and all(isinstance(item, str) and item for item in value),
    "output_modalities": _some_of("TEXT", "AUDIO"),
    "text_input": _one_of("content", "realtime"),
    "history": _one_of(*get_args(History)),
    "thinking": _one_of(*get_args(Thinking)),
    "transparent": _is_bool,
    "proactive": _is_bool,
    "audio_in": _is_bool,
}


def find_family(families: Sequence[Family], wanted: str) -> Family | None:
    """The family a client asked for by label or by one of its model names, in any platform's spelling. With no
    name at all: the first."""
    if not wanted:
        return families[0]
    name = wanted.rsplit("/", 1)[-1]
    for family_ in families:
        if family_.label == wanted:
            return family_
    for family_ in families:
        if name in family_.names():
            return family_
    return None
