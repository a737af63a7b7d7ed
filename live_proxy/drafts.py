"""Messages and turns while they grow: plain, mutable, bounded. `live_proxy.transcript` decides what goes into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from live_proxy.edge.history import Past
from live_proxy.protocol.codec import JsonObject

Status = Literal["pending", "complete", "interrupted", "failed", "no_reply"]
MAX_TEXT = 1_000_000
MAX_PARTS = 500


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves: stored with every model message."""

    transport: str
    model: str
    attempt_id: UUID


@dataclass(slots=True, eq=False)
class Draft:
    """A message while it grows. `chunks` are joined when it is written."""

    id: UUID
    position: int
    role: str
    modality: str
    created_at: datetime
    client_id: str | None = None
    chunks: list[str] = field(default_factory=list)
    length: int = 0
    parts: list[JsonObject] = field(default_factory=list)
    status: Status = "pending"
    serving: Serving | None = None
    usage: JsonObject = field(default_factory=dict)
    first_output_ms: int | None = None
    completed_at: datetime | None = None

    @property
    def text(self) -> str:
        return "".join(self.chunks)

    def add(self, text: str) -> None:
        """Append, up to a bound that no honest message reaches."""
        text = text[: MAX_TEXT - self.length]
        if text:
            self.chunks.append(text)
            self.length += len(text)

    def clear(self) -> None:
        """Forget the text: a better one comes."""
        self.chunks.clear()
        self.length = 0

    def add_part(self, part: JsonObject) -> None:
        if len(self.parts) < MAX_PARTS:
            self.parts.append(part)


@dataclass(slots=True)
class Turn:
    """One exchange. `typed`: the person wrote rather than spoke. `ended_input`: the client waits for an answer.
    `begun`: upstream has said something. `answered`: something that is not a thought. `heard`: it reached the
    client. `heard_anew`: its speech goes to another upstream. `position`: the first of its messages. `asked_before`:
    the message that it asks again, which is no history while it is open."""

    position: int
    typed: bool = False
    ended_input: bool = False
    begun: bool = False
    answered: bool = False
    heard: bool = False
    interrupted: bool = False
    generated: bool = False
    stopped: bool = False
    heard_anew: bool = False
    user: Draft | None = None
    model: Draft | None = None
    asked_before: Past | None = None

    @property
    def empty(self) -> bool:
        """A typed message that upstream closed without a word or a reason."""
        return self.typed and not self.answered and not self.stopped
