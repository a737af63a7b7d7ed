"""How refusals are spelled for Google's SDKs."""

from __future__ import annotations

import pytest

from live_proxy.candidates import Candidate, Tried
from live_proxy.catalogue import LiveModel
from live_proxy.close_codes import CloseCode
from live_proxy.edge import google_words as words
from live_proxy.edge.google_path import HttpPath, LivePath, http_path, live_path
from live_proxy.errors import Action, ErrorKind, Failure, Verdict

CANDIDATE = Candidate("websocket", "vertex", "us-central1", LiveModel("m"))


def tried(kind: ErrorKind, reason: str = "") -> Tried:
    return Tried(CANDIDATE, Failure(Verdict(Action.GIVE_UP), kind, code=1007, reason=reason))


def test_no_code_of_ours_reaches_a_program() -> None:
    for code in CloseCode:
        google, reason = words.close_of(code, "A sentence.")
        assert google in (1000, 1007, 1008, 1011) and reason
        assert 400 <= words.status_of(code) <= 599
    assert words.close_of(1008, "x") == (1008, "x")
    assert words.close_of(CloseCode.LIMIT, "Full.")[1] == "RESOURCE_EXHAUSTED: Full."


@pytest.mark.parametrize(
    ("kinds", "given_up", "code", "starts"),
    [
        ([ErrorKind.QUOTA] * 2, False, 1011, "RESOURCE_EXHAUSTED: "),
        ([ErrorKind.MODEL_NOT_FOUND], False, 1008, "Sentence"),
        ([ErrorKind.QUOTA, ErrorKind.NETWORK], False, 1011, "Sentence"),
        ([ErrorKind.INVALID_ARGUMENT], True, 1007, "Unknown name"),
        ([ErrorKind.SAFETY], True, 1008, "Sentence"),
        ([], False, 1011, "Sentence"),
    ],
)
def test_where_nobody_serves(kinds: list[ErrorKind], given_up: bool, code: int, starts: str) -> None:
    attempts = [tried(kind, "Unknown name") for kind in kinds]
    ended, reason = words.nobody(attempts, "Sentence.", given_up=given_up)
    assert ended == code and reason.startswith(starts)


@pytest.mark.parametrize(
    "secret", ["Project 'projects/acme' not found", "see https://x", "Request trace id: 5", "a@b.iam", "bad\nline"]
)
def test_upstreams_words_about_the_server_stay_here(secret: str) -> None:
    assert words.said(secret) == ""
    assert words.nobody([tried(ErrorKind.INVALID_ARGUMENT, secret)], "", given_up=True) == (1007, words.INVALID)


def test_an_odd_name_is_not_repeated() -> None:
    for name in ("<script>", "x" * 500, "a\nb", ""):
        for text in (
            words.live_not_found(name, "v1", "vertex"),
            words.live_not_found(name, "v1", "developer"),
            words.http_not_found(name, "v1", "generateContent"),
        ):
            assert "that model" in text and len(text) < 300


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/models", HttpPath("developer", "v1")),
        ("//v1beta//models/m:generateContent", HttpPath("developer", "v1beta", "m", "generateContent")),
        ("/v1beta1/publishers/google/models", HttpPath("vertex", "v1beta1")),
        ("/v1beta1/publishers/google/models/m:countTokens", HttpPath("vertex", "v1beta1", "m", "countTokens")),
        (
            "/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent",
            HttpPath("vertex", "v1", "m", "streamGenerateContent"),
        ),
        ("/v1beta1/projects/p/locations/l/models", HttpPath("vertex", "v1beta1", tuned=True)),
        ("/v1/models/a/b:generateContent", None),
        ("/v1/files", None),
        ("/v3/models", None),
        ("/v1/publishers/other/models/m", None),
        ("/v1/modelsx", None),
    ],
)
def test_paths_of_requests(path: str, found: HttpPath | None) -> None:
    assert http_path(path) == found


def test_paths_of_sockets() -> None:
    path = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    assert live_path(path) == live_path("/" + path.upper().replace("/WS", "/ws")) == LivePath("vertex", "v1beta1")
    assert live_path(path + "?x") is live_path("/x" + path) is None
