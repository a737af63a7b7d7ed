"""What is known of one connection, for tests to look at. It records and announces changes; it decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_FRAMES = 2_000
MAX_SENT = 20_000


def _nothing() -> None:
    return None


@dataclass(eq=False)
class Connection:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Lower-case names. Credentials are in here: this record never leaves the process."""
    credential: str = "none"
    scenario: str = "normal"
    setup: dict[str, Any] | None = None
    """The first message's content, with camelCase keys."""
    model: str | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Client messages with camelCase keys and blobs as bytes, the setup first; audio is only counted."""
    audio_frames: int = 0
    audio_bytes: int = 0
    video_frames: int = 0
    sent: list[tuple[float, str]] = field(default_factory=list)
    """(monotonic time, kind of message)."""
    close_code: int | None = None
    """Seen from the client: 1005 for a close without code, 1006 for a lost connection."""
    close_reason: str = ""
    ended_with: tuple[int, str] | None = None
    """The close that the simulator itself sent; (1006, "") when it cut the connection."""
    refused: tuple[int, str] | None = None
    """HTTP status or close code, and the whole reason, when a handshake, setup or client message was refused."""
    opened_at: float = field(default_factory=time.monotonic)
    closed_at: float | None = None
    changed: Callable[[], None] = field(default=_nothing, repr=False)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def kinds(self) -> list[str]:
        """The kinds of the messages sent, in order."""
        return [kind for _, kind in self.sent]

    def note_sent(self, kind: str) -> None:
        self.sent.append((time.monotonic(), kind))
        _keep_newest(self.sent, MAX_SENT)
        self.changed()

    def note_frame(self, message: dict[str, Any]) -> None:
        realtime = message.get("realtimeInput", {})
        blobs = [
            blob for blob in [realtime.get("audio"), realtime.get("video"), *realtime.get("mediaChunks", [])] if blob
        ]
        for blob in blobs:
            if blob.get("mimeType", "").startswith("audio/"):
                self.audio_frames += 1
                self.audio_bytes += len(blob.get("data", b""))
            else:
                self.video_frames += 1
        if not blobs:
            self.frames.append(message)
            _keep_newest(self.frames, MAX_FRAMES)
        self.changed()

    def note_refused(self, code: int, reason: str) -> None:
        self.refused = (code, reason)
        self.changed()

    def note_closed(self) -> None:
        if self.closed_at is None:
            self.closed_at = time.monotonic()
            self.changed()


def _keep_newest(kept: list[Any], limit: int) -> None:
    if len(kept) > limit:
        # In bulk, because dropping the head of a list moves all that follows.
        del kept[: limit // 10]
