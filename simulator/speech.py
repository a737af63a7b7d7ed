"""Makes an audible voice for a text: 24 kHz, 16 bit, mono. It babbles syllables and knows nothing of messages.

A syllable is a short noise and a vowel; a vowel is one period of a harmonic sound shaped by two formants, read again
and again with a slight glide. Syllables are cached, because the same ones come back all the time.
"""

from __future__ import annotations

import math
import random
import re
import sys
from array import array
from functools import lru_cache

RATE = 24_000
_TABLE = 256
_SINE = [math.sin(math.tau * step / _TABLE) for step in range(_TABLE)]
_FORMANTS = {
    "a": (800, 1200),
    "e": (500, 1800),
    "i": (320, 2300),
    "o": (480, 880),
    "u": (330, 800),
}
_SYLLABLE_SECONDS = 0.17
_HISSING = frozenset("sfzxcht")
_PAUSES = {",": 0.12, ";": 0.15, ":": 0.15, ".": 0.25, "!": 0.25, "?": 0.25}


def speak(text: str, voice: str = "Puck") -> bytes:
    """The sound of a text, s16le; its length grows with the number of syllables."""
    base = 95 + sum(voice.encode()) % 110
    sound: list[bytes] = []
    for at, word in enumerate(text.split()):
        syllables = _syllables(word)
        for nth, (onset, vowel) in enumerate(syllables):
            lift = 1.0 + 0.06 * ((at + nth) % 3) - (0.10 if word[-1] in ".!" and nth == len(syllables) - 1 else 0.0)
            sound.append(_syllable(onset, vowel, round(base * lift)))
        sound.append(_silence(_PAUSES.get(word[-1], 0.04)))
    return b"".join(sound) or _silence(0.1)


def chunks(pcm: bytes, milliseconds: int = 160) -> list[bytes]:
    """The sound in pieces of whole samples."""
    size = RATE * milliseconds // 1000 * 2
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]


def _syllables(word: str) -> list[tuple[bool, str]]:
    """For every syllable: whether it starts with a hiss, and its vowel."""
    found = re.findall(r"([^aeiouy]*)([aeiouy]+)", word.lower())
    if not found:
        return [(True, "aeiou"[len(word) % 5])] * max(1, min(4, len(word) // 2))
    return [(bool(set(onset) & _HISSING), "i" if vowel[0] == "y" else vowel[0]) for onset, vowel in found[:8]]


@lru_cache(maxsize=64)
def _period(vowel: str, pitch: int) -> tuple[float, ...]:
    """One period of the vowel: harmonics, weaker with height, stronger near a formant."""
    strengths = []
    for harmonic in range(1, 24):
        frequency = harmonic * pitch
        near = sum(math.exp(-(((frequency - formant) / 160) ** 2)) for formant in _FORMANTS[vowel])
        strengths.append((0.12 + near) / harmonic**0.7)
    wave = [
        sum(strength * _SINE[harmonic * step % _TABLE] for harmonic, strength in enumerate(strengths, 1))
        for step in range(_TABLE)
    ]
    loudest = max(abs(value) for value in wave)
    return tuple(value / loudest for value in wave)


@lru_cache(maxsize=256)
def _syllable(hiss: bool, vowel: str, pitch: int) -> bytes:
    period = _period(vowel, pitch)
    length = int(RATE * _SYLLABLE_SECONDS)
    fade = int(RATE * 0.025)
    samples = array("h")
    if hiss:
        # Not security: the noise must be the same every time, so that answers can be compared.
        noise = random.Random(pitch)  # noqa: S311
        samples.extend(int(noise.uniform(-1600, 1600) * math.sin(math.pi * at / 960)) for at in range(960))
    phase = 0.0
    for at in range(length):
        loudness = min(1.0, at / fade, (length - at) / (2 * fade))
        samples.append(int(9000 * loudness * period[int(phase) % _TABLE]))
        phase += _TABLE * pitch * (1.04 - 0.08 * at / length) / RATE
    return _little_endian(samples)


@lru_cache(maxsize=16)
def _silence(seconds: float) -> bytes:
    return bytes(2 * int(RATE * seconds))


def _little_endian(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()
