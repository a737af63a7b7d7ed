"""What of a Live set-up reaches the HTTP tiers, and what is named as lost."""

from __future__ import annotations

from typing import Any

from live_proxy.catalogue import StandardModel
from live_proxy.edge.generate_request import generate_request, lost_on
from live_proxy.edge.requested import requested
from live_proxy.errors import ErrorKind
from live_proxy.protocol.codec import JsonObject

MODEL = StandardModel("gemini-2.5-flash")
SETUP: JsonObject = {
    "model": "any",
    "generationConfig": {
        "responseModalities": ["AUDIO"],
        "temperature": 0.2,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 50,
        "speechConfig": {"languageCode": "en-US"},
        "thinkingConfig": {"includeThoughts": True},
        "enableAffectiveDialog": True,
    },
    "systemInstruction": {"role": "user", "parts": [{"text": "be brief"}]},
    "tools": [{"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING"}]}, {"googleSearch": {}}],
    "safetySettings": [{"category": "C", "threshold": "T", "method": "SEVERITY"}],
    "labels": {"team": "one"},
    "realtimeInputConfig": {"activityHandling": "NO_INTERRUPTION"},
    "proactivity": {"proactiveAudio": True},
    "sessionResumption": {"handle": "h"},
    "contextWindowCompression": {"slidingWindow": {}},
    "outputAudioTranscription": {},
}


def request(*, vertex: bool = True, mend: ErrorKind | None = None, **setup: Any) -> JsonObject:
    return generate_request(requested(setup or SETUP), MODEL, vertex=vertex, mend=mend)


def test_what_carries_over() -> None:
    assert request() == {
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "tools": [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}],
        "generationConfig": {
            "temperature": 0.2,
            "topP": 0.9,
            "topK": 40,
            "maxOutputTokens": 50,
            "thinkingConfig": {"includeThoughts": True},
        },
        "safetySettings": [{"category": "C", "threshold": "T", "method": "SEVERITY"}],
        "labels": {"team": "one"},
    }


def test_what_only_vertex_knows_stays_off_the_developer_api() -> None:
    asked = request(vertex=False)
    assert "labels" not in asked
    assert asked["safetySettings"] == [{"category": "C", "threshold": "T"}]


def test_a_refused_configuration_is_asked_again_without() -> None:
    assert "thinkingConfig" not in request(mend=ErrorKind.CONFIGURATION)["generationConfig"]


def test_a_bare_setup_asks_nothing_special() -> None:
    assert request(model="any") == {}


def test_what_is_lost_is_named() -> None:
    assert lost_on(requested(SETUP), MODEL) == (
        "audio_in",
        "audio_out",
        "voice_detection",
        "proactivity",
        "resumption",
        "affective_dialog",
    )
    assert lost_on(requested({"generationConfig": {"responseModalities": ["TEXT"]}}), MODEL) == ("audio_in",)


def test_speech_that_the_client_marks_is_not_lost_on_a_model_that_hears() -> None:
    marked = {
        "generationConfig": {"responseModalities": ["TEXT"]},
        "realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}},
    }
    assert lost_on(requested(marked), MODEL) == ()
    assert "audio_in" in lost_on(requested(marked), StandardModel("deaf", audio_in=False))
