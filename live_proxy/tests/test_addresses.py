"""Where a candidate lives."""

from __future__ import annotations

import pytest

from live_proxy.addresses import LOCATION, Addresses, vertex_host
from live_proxy.candidates import Candidate
from live_proxy.catalogue import LiveModel

GOOGLE = Addresses(project="team-1")
MODEL = LiveModel("gemini-live-2.5-flash")
DEVELOPER = Candidate("websocket", "developer", "", MODEL, "bidi")
SOCKET = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"


def vertex(location: str, endpoint: str = "bidi") -> Candidate:
    return Candidate("websocket", "vertex", location, MODEL, endpoint)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
    ],
)
def test_vertex_has_a_host_for_each_location(location: str, host: str) -> None:
    assert vertex_host(location) == host
    assert GOOGLE.socket_url(vertex(location)) == f"wss://{host}{SOCKET}"


def test_the_published_form_names_project_location_and_model() -> None:
    assert GOOGLE.socket_url(vertex("europe-west4", "publisher")) == (
        "wss://europe-west4-aiplatform.googleapis.com/v1/projects/team-1/locations/europe-west4"
        "/publishers/google/models/gemini-live-2.5-flash:streamGenerateContent"
    )


def test_the_developer_api_has_one_host() -> None:
    assert GOOGLE.socket_url(DEVELOPER) == (
        "wss://generativelanguage.googleapis.com"
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    )


@pytest.mark.parametrize(
    ("base", "start"),
    [
        ("http://127.0.0.1:9000", "ws://127.0.0.1:9000"),
        ("https://gateway.example/google/", "wss://gateway.example/google"),
        ("ws://localhost:1", "ws://localhost:1"),
        ("WSS://gateway.example", "wss://gateway.example"),
    ],
)
def test_a_base_url_replaces_googles_host_of_its_platform_only(base: str, start: str) -> None:
    addresses = Addresses(project="team-1", vertex_base=base)
    assert addresses.socket_url(vertex("us-central1")) == start + SOCKET
    assert addresses.socket_url(vertex("us-central1", "publisher")).startswith(f"{start}/v1/projects/team-1/")
    assert addresses.socket_url(DEVELOPER) == GOOGLE.socket_url(DEVELOPER)
    assert Addresses("team-1", developer_base=base).socket_url(DEVELOPER).startswith(f"{start}/ws/google.ai.")


def test_what_a_location_looks_like() -> None:
    for good in ("global", "us", "eu", "us-central1", "europe-west12", "northamerica-northeast1", "me-central2"):
        assert LOCATION.fullmatch(good), good
    for bad in ("", "US-central1", "us-central1.evil.example", "evil.example/", "us central1", "us-central1-a", "x@y"):
        assert not LOCATION.fullmatch(bad), bad
