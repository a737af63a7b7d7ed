"""Which request paths are Live API sockets, and of which platform. Pure: it sees a path and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Platform = Literal["vertex", "developer"]

_VERTEX = re.compile(r"/ws/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService/BidiGenerateContent")
_DEVELOPER = re.compile(
    r"/ws/google\.ai\.generativelanguage\.(v1|v1alpha|v1beta)\.GenerativeService\.BidiGenerateContent(Constrained)?"
)
_CHOSEN = re.compile(r"/simulator/as/([a-z0-9_]+)(/.*)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    platform: Platform
    version: str
    constrained: bool = False

    @property
    def is_vertex(self) -> bool:
        return self.platform == "vertex"


def fold_slashes(path: str) -> str:
    return re.sub(r"/{2,}", "/", path)


def live_endpoint(path: str) -> Endpoint | None:
    """The endpoint behind a path, or None when Google would not open a socket there."""
    folded = fold_slashes(path)
    if found := _VERTEX.fullmatch(folded):
        return Endpoint("vertex", found[1])
    if found := _DEVELOPER.fullmatch(folded):
        return Endpoint("developer", found[1], constrained=found[2] is not None)
    return None


def chosen_scenario(path: str) -> tuple[str, str]:
    """The scenario that a client's base URL names, empty without one, and the path as Google would see it."""
    found = _CHOSEN.fullmatch(path)
    return (found[1], found[2]) if found else ("", path)
