"""Lays out one answer as the ordered messages that carry it. Pure: it decides order, not time or faults."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from simulator.replies import THOUGHT, pieces
from simulator.server_messages import EMPTY_MESSAGES, Message, Spelling, encode, transcription
from simulator.setup_rules import Setup
from simulator.speech import chunks, speak

FLOOD_BYTES = 64 * 2**20
BIG_BYTES = 2 * 2**20
HUGE_BYTES = 20 * 2**20


@dataclass(frozen=True, slots=True)
class Step:
    message: Message
    chunk: bool = False
    """Content, as opposed to thoughts and empty messages: what pacing and faults count."""
    said: str = ""
    """The part of the reply that the client knows once it has this message."""


@lru_cache(maxsize=512)
def spoken(text: str, voice: str) -> tuple[str, ...]:
    """The sound of a text as the base64 of its audio messages."""
    return tuple(base64.b64encode(chunk).decode() for chunk in chunks(speak(text, voice)))


def answer_steps(reply: str, setup: Setup, spelling: Spelling, thoughts: bool) -> Iterator[Step]:
    """The content of an answer; how it ends is not part of it."""
    if thoughts:
        yield Step(spelling.part({"text": THOUGHT, "thought": True}))
    for at, piece in enumerate(pieces(reply)):
        if setup.modality == "TEXT":
            yield Step(spelling.part({"text": piece}), chunk=True, said=piece)
        else:
            yield from _spoken_steps(piece, setup, spelling)
        if setup.model.joined:
            yield Step(EMPTY_MESSAGES[at % 2])


def _spoken_steps(piece: str, setup: Setup, spelling: Spelling) -> Iterator[Step]:
    sounds = spoken(piece, setup.voice)
    told = piece if setup.output_transcription else None
    if told is not None and not setup.model.joined:
        yield Step(transcription("output", told), chunk=True, said=piece)
    for at, sound in enumerate(sounds):
        first = at == 0
        yield Step(
            spelling.audio(sound, told if first and setup.model.joined else None),
            chunk=True,
            said=piece if first and (told is None or setup.model.joined) else "",
        )


def big_message(setup: Setup, spelling: Spelling, *, huge: bool = False) -> Message:
    """A message of two mebibytes, larger than common clients accept; a huge one has twenty."""
    size = HUGE_BYTES if huge else BIG_BYTES
    if setup.modality == "TEXT":
        return spelling.part({"text": "simulator " * (size // 10)})
    return spelling.audio(base64.b64encode(bytes(size * 3 // 4)).decode())


def flood(setup: Setup, spelling: Spelling) -> Iterator[bytes]:
    """Encoded audio messages, 64 MiB of them."""
    encoded = [encode(spelling.audio(sound)) for sound in spoken("one two three four five", setup.voice)]
    sent = 0
    while sent < FLOOD_BYTES:
        for message in encoded:
            yield message
            sent += len(message)
