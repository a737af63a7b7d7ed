"""Which models exist, where, and what each of them can do. Data only; the rules that read it are in setup_rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.endpoints import Platform

BOTH: tuple[Platform, ...] = ("vertex", "developer")


@dataclass(frozen=True, slots=True)
class KnownModel:
    name: str
    platforms: tuple[Platform, ...] = BOTH
    modalities: tuple[str, ...] = ("AUDIO",)
    locations: tuple[str, ...] | None = None
    """None: served in every location."""
    client_content: Literal["always", "seed"] = "always"
    """"seed": only to hand over history, and only when the setup announced it."""
    thinking: Literal["budget", "level", "level_optional", "none"] = "budget"
    """How thinking is set: by a budget, by a level that must be given, by a level that may be given, or not at all."""
    proactive: Literal["no", "optional", "always"] = "optional"
    affective: bool = True
    extended: bool = False
    """Answers in several turns and says when it is idle."""
    joined: bool = False
    """Sends audio and its transcription in one message, with empty messages in between."""


DEFAULT_MODELS: tuple[KnownModel, ...] = (
    KnownModel("gemini-live-2.5-flash-native-audio", ("vertex",)),
    KnownModel("gemini-3.8-live", BOTH, thinking="none", proactive="always", affective=False, joined=True),
    KnownModel(
        "gemini-3.8-live-extended-thinking",
        ("developer",),
        thinking="level_optional",
        proactive="always",
        affective=False,
        extended=True,
        joined=True,
    ),
    KnownModel(
        "gemini-3.1-flash-live-preview",
        ("developer",),
        client_content="seed",
        thinking="level",
        proactive="no",
        affective=False,
        joined=True,
    ),
    KnownModel("gemini-2.5-flash-native-audio-preview-12-2025", ("developer",)),
)


def with_defaults(extra: Iterable[KnownModel] | None) -> tuple[KnownModel, ...]:
    """The default models and the given ones; a given model replaces its namesake on the platforms it names."""
    added = tuple(extra or ())
    kept = [
        known
        for known in DEFAULT_MODELS
        if not any(new.name == known.name and set(known.platforms) <= set(new.platforms) for new in added)
    ]
    return (*added, *kept)


def find_model(
    models: Iterable[KnownModel], name: str, platform: Platform, location: str | None = None
) -> KnownModel | None:
    for known in models:
        if known.name != name or platform not in known.platforms:
            continue
        if location is None or known.locations is None or location in known.locations:
            return known
    return None
