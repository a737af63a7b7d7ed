"""What the ladder and the session may expect of any transport.

A transport serves one upstream session: `open` once, then `send` and `receive` until `close` or `Failure`. It
raises `Failure` and nothing else; its library's errors stay inside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from live_proxy.candidates import Candidate
from live_proxy.edge.upstream_setup import UpstreamSetup
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a client loses or keeps on this transport."""

    audio_in: bool
    audio_out: bool
    video_in: bool
    interruption: bool
    resumption: bool


class Transport(Protocol):
    capabilities: Capabilities

    async def open(self, setup: UpstreamSetup, history: Sequence[JsonObject], deadline: float) -> None:
        """Connect, set up and hand over `history` (contents, oldest first); returns when content may be sent.
        `deadline` is in the event loop's time. Raises `Failure`."""

    async def send(self, frame: Frame) -> None:
        """Pass one client frame up. Waits while upstream is slow. Raises `Failure`."""

    def receive(self) -> AsyncIterator[Frame]:
        """Upstream's frames in order, until `close`. Raises `Failure` when upstream ends by itself."""

    async def close(self, code: int = 1000) -> None:
        """End the upstream session, within a second. Safe to call at any time, and twice."""


Dial = Callable[[Candidate], Transport]
