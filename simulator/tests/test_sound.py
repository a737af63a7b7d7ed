from __future__ import annotations

from array import array

from simulator.replies import pieces, reply_to_text
from simulator.speech import RATE, chunks, speak
from simulator.tests.driving import silence, tone
from simulator.voice_activity import VoiceActivity


def test_speech_is_audible_and_as_long_as_its_text() -> None:
    short, long = speak("hello"), speak("hello " * 10)
    assert 0.2 < len(short) / 2 / RATE < 0.8
    assert 8 < len(long) / len(short) < 12
    samples = array("h", short)
    assert 5000 < max(samples) < 32_000
    assert abs(sum(samples) / len(samples)) < 200
    assert speak("hello") == short
    assert speak("hello", "Kore") != short
    assert speak("12 + …") != speak("")


def test_chunks_are_of_whole_samples() -> None:
    found = chunks(speak("one two three"))
    assert b"".join(found) == speak("one two three")
    assert {len(chunk) for chunk in found[:-1]} == {RATE * 160 // 1000 * 2}


def test_pieces_lose_nothing() -> None:
    for text in ("a", "  a b\n\nc d  e ", reply_to_text("markdown", (), ""), ""):
        assert "".join(pieces(text)) == text


def test_voice_activity() -> None:
    voice = VoiceActivity(silence_ms=300)
    found = voice.feed(
        silence(0.2) + tone(0.04) + silence(0.5) + tone(1.0) + silence(0.2) + tone(0.5) + silence(0.4), 16_000
    )
    assert [activity.kind for activity in found] == ["start", "end"]
    assert (found[0].at, found[1].at) == (0.74, 2.44)
    assert found[1].speech == 1.7


def test_voice_activity_in_small_odd_pieces() -> None:
    voice = VoiceActivity()
    pcm = tone(0.5) + silence(0.6)
    found = [activity for at in range(0, len(pcm), 333) for activity in voice.feed(pcm[at : at + 333], 16_000)]
    assert [(activity.kind, activity.speech) for activity in found] == [("start", 0.0), ("end", 0.5)]
    assert VoiceActivity().feed(tone(1.0, loudness=200), 16_000) == []
    assert VoiceActivity(low_sensitivity=True).feed(tone(1.0, loudness=1000), 16_000) == []
    assert VoiceActivity().finish() is None
