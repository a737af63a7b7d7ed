"""Which request paths are methods of the HTTP tiers. Pure: it sees a path and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.endpoints import Endpoint, fold_slashes

METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_METHOD = rf"(?P<model>[A-Za-z0-9._-]+):(?P<method>{'|'.join(METHODS)})"
_DEVELOPER = re.compile(rf"/(?P<version>v1|v1beta|v1alpha)/models/{_METHOD}")
_VERTEX = re.compile(
    r"/(?P<version>v1|v1beta1)/(?:projects/(?P<project>[^/]+)/locations/(?P<location>[a-z0-9-]+)/)?"
    rf"publishers/google/models/{_METHOD}"
)
_MODELS = re.compile(r"/(?P<version>v1|v1beta|v1alpha)/models")


@dataclass(frozen=True, slots=True)
class GeneratePath:
    """One method of one model. `project` is empty on the Developer API and in express mode."""

    endpoint: Endpoint
    model: str
    method: str
    project: str = ""
    location: str = ""

    @property
    def resource(self) -> str:
        if not self.endpoint.is_vertex:
            return f"models/{self.model}"
        place = f"projects/{self.project}/locations/{self.location}/" if self.project else ""
        return f"{place}publishers/google/models/{self.model}"


def generate_path(path: str) -> GeneratePath | None:
    folded = fold_slashes(path)
    if found := _DEVELOPER.fullmatch(folded):
        return GeneratePath(Endpoint("developer", found["version"]), found["model"], found["method"])
    if found := _VERTEX.fullmatch(folded):
        return GeneratePath(
            Endpoint("vertex", found["version"]),
            found["model"],
            found["method"],
            found["project"] or "",
            found["location"] or "",
        )
    return None


def models_path(path: str) -> Endpoint | None:
    """The endpoint behind the list of models, which only the Developer API has."""
    found = _MODELS.fullmatch(fold_slashes(path))
    return Endpoint("developer", found["version"]) if found else None
