"""Where a candidate lives on the network. Hosts come from constants and settings, never from a client. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from live_proxy.candidates import Candidate
from live_proxy.catalogue import Platform

VERTEX_BIDI = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"
DEVELOPER_BIDI = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
DEVELOPER_HOST = "generativelanguage.googleapis.com"
LOCATION = re.compile(r"[a-z]{2,20}(?:-[a-z]+\d{1,2})?")
MULTI_REGIONS = ("us", "eu")
SOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
HTTP_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
HTTP_VERSIONS: dict[Platform, str] = {"vertex": "v1", "developer": "v1beta"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """`vertex_base` and `developer_base` replace Google's hosts where set (`http://` dials `ws://`)."""

    project: str
    vertex_base: str = ""
    developer_base: str = ""

    def socket_url(self, candidate: Candidate) -> str:
        """The WebSocket URL of a candidate, without credentials."""
        if candidate.platform == "developer":
            return self._base(self.developer_base, DEVELOPER_HOST) + DEVELOPER_BIDI
        base = self._base(self.vertex_base, vertex_host(candidate.location))
        if candidate.endpoint == "publisher":
            return (
                f"{base}/v1/projects/{self.project}/locations/{candidate.location}"
                f"/publishers/google/models/{candidate.model.name}:streamGenerateContent"
            )
        return base + VERTEX_BIDI

    def http_base(self, candidate: Candidate) -> str:
        """Where the HTTP tiers of a candidate begin, without a slash at the end."""
        if candidate.platform == "developer":
            return self._base(self.developer_base, DEVELOPER_HOST, HTTP_SCHEMES)
        return self._base(self.vertex_base, vertex_host(candidate.location), HTTP_SCHEMES)

    def http_url(self, candidate: Candidate, method: str) -> str:
        """The URL of one method of a candidate's model."""
        base, version = self.http_base(candidate), HTTP_VERSIONS[candidate.platform]
        if candidate.platform == "developer":
            return f"{base}/{version}/models/{candidate.model.name}:{method}"
        return (
            f"{base}/{version}/projects/{self.project}/locations/{candidate.location}"
            f"/publishers/google/models/{candidate.model.name}:{method}"
        )

    @staticmethod
    def _base(override: str, host: str, schemes: dict[str, str] = SOCKET_SCHEMES) -> str:
        if not override:
            return f"{schemes['https']}://{host}"
        parts = urlsplit(override)
        return f"{schemes[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}"


def vertex_host(location: str) -> str:
    """Vertex's host for a location: none in front for `global`, another domain for the multi-regions."""
    if location == "global":
        return "aiplatform.googleapis.com"
    if location in MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-aiplatform.googleapis.com"
