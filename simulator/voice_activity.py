"""Finds speech in the PCM a client sends, by its energy and in the time of the stream. Pure: no clock, no socket."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from typing import Literal

FRAME_MS = 20
_MIN_SPEECH_MS = 60


@dataclass(frozen=True, slots=True)
class Activity:
    kind: Literal["start", "end"]
    at: float
    """Seconds of stream time."""
    speech: float = 0.0
    """Seconds of speech, at the end."""


class VoiceActivity:
    """Speech starts after enough loud frames in a row and ends after enough quiet ones."""

    def __init__(self, silence_ms: int = 500, prefix_ms: int = 0, low_sensitivity: bool = False) -> None:
        self._silence_ms = max(FRAME_MS, silence_ms)
        self._onset_ms = max(_MIN_SPEECH_MS, prefix_ms)
        self._threshold = 900 if low_sensitivity else 350
        self._rest = b""
        self._loud_ms = 0
        self._quiet_ms = 0
        self._clock_ms = 0
        self._started_ms: int | None = None

    @property
    def speaking(self) -> bool:
        return self._started_ms is not None

    def feed(self, pcm: bytes, rate: int) -> list[Activity]:
        """What began or ended within this piece of sound."""
        size = rate * FRAME_MS // 1000 * 2
        data = self._rest + pcm
        whole = len(data) // size * size
        self._rest = data[whole:]
        found: list[Activity] = []
        for at in range(0, whole, size):
            if activity := self._frame(data[at : at + size]):
                found.append(activity)
        return found

    def finish(self) -> Activity | None:
        """The stream is over: speech that was going on ends now."""
        self._rest = b""
        self._loud_ms = 0
        return self._end() if self.speaking else None

    def _frame(self, frame: bytes) -> Activity | None:
        samples = array("h")
        samples.frombytes(frame)
        if sys.byteorder == "big":
            samples.byteswap()
        self._clock_ms += FRAME_MS
        # Every fourth sample tells the energy as well, and many sessions share one processor.
        looked_at = samples[::4]
        if sum(map(abs, looked_at)) > self._threshold * len(looked_at):
            self._quiet_ms = 0
            self._loud_ms += FRAME_MS
            if self._started_ms is None and self._loud_ms >= self._onset_ms:
                self._started_ms = self._clock_ms - self._loud_ms
                return Activity("start", self._started_ms / 1000)
            return None
        self._loud_ms = 0
        self._quiet_ms += FRAME_MS
        if self._started_ms is not None and self._quiet_ms >= self._silence_ms:
            return self._end()
        return None

    def _end(self) -> Activity:
        started, self._started_ms = self._started_ms or 0, None
        ended = self._clock_ms - self._quiet_ms
        self._quiet_ms = 0
        return Activity("end", ended / 1000, max(0, ended - started) / 1000)
