"""Which request paths are Google's, of which platform, and what they name. Pure.

SDKs write slashes twice, old code a slash for the dot before the method, and neither minds about case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from live_proxy.catalogue import Platform

VERSION = "v1|v1beta|v1beta1|v1alpha"
_LIVE: tuple[tuple[Platform, re.Pattern[str]], ...] = (
    (
        "vertex",
        re.compile(rf"/ws/google\.cloud\.aiplatform\.(?P<v>{VERSION})\.LlmBidiService[./]BidiGenerateContent", re.I),
    ),
    (
        "developer",
        re.compile(
            rf"/ws/google\.ai\.generativelanguage\.(?P<v>{VERSION})\.GenerativeService[./]"
            r"BidiGenerateContent(?:Constrained)?",
            re.I,
        ),
    ),
)
_HTTP = re.compile(
    rf"/(?P<v>{VERSION})/"
    r"(?:(?P<vertex>(?:projects/[^/]+/locations/[^/]+/)?publishers/google/)|(?P<tuned>projects/[^/]+/locations/[^/]+/))?"
    r"models(?:/(?P<model>[^/:]+)(?::(?P<method>[A-Za-z]+))?)?/?"
)


@dataclass(frozen=True, slots=True)
class LivePath:
    platform: Platform
    version: str


@dataclass(frozen=True, slots=True)
class HttpPath:
    """`model` is empty for the list; `method` for a lookup. `tuned`: of a project's own models, not the publisher's."""

    platform: Platform
    version: str
    model: str = ""
    method: str = ""
    tuned: bool = False


def folded(path: str) -> str:
    return re.sub(r"/{2,}", "/", path)


def live_path(path: str) -> LivePath | None:
    """What a socket's path asks for, or None where no Live API would be."""
    for platform, pattern in _LIVE:
        if found := pattern.fullmatch(folded(path)):
            return LivePath(platform, found["v"].lower())
    return None


def http_path(path: str) -> HttpPath | None:
    """What a request's path asks for, or None where neither platform has such a method."""
    found = _HTTP.fullmatch(folded(path))
    if found is None:
        return None
    vertex = found["vertex"] is not None or found["tuned"] is not None
    return HttpPath(
        "vertex" if vertex else "developer",
        found["v"],
        found["model"] or "",
        found["method"] or "",
        tuned=found["tuned"] is not None,
    )
