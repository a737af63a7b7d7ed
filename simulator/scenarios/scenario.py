"""What one scenario says of each stage of a connection or request. A shape; the code that acts on it is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simulator.refusals import Close, Ending, HttpRefusal


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    what: str
    handshake: HttpRefusal | Literal["hang", "garbage"] | None = None
    """Instead of accepting the socket."""
    at_setup: Ending | Literal["silence", "pings", "model_not_found", "publisher_model_not_found"] | bytes | None = None
    """Instead of setupComplete; bytes are sent once, and nothing follows."""
    on_resume: Close | None = None
    """Instead of setupComplete, but only where the setup brings a handle."""
    after_resume: Close | None = None
    """Right after setupComplete, but only where the setup brought a handle."""
    after_setup: Ending | None = None
    mid_turn: Ending | Literal["silence", "freeze", "drip"] | bytes | None = None
    """After the second chunk of an answer; bytes are sent once, and the answer goes on."""
    turn: Literal["normal", "empty", "ignored", "blocked", "flood", "big", "huge"] = "normal"
    after_turn: Close | None = None
    go_away: Literal["after_setup", "after_turn"] | None = None
    go_away_ending: Ending | None = None
    """How the connection ends once goAway's time is up; None: as Google does."""
    calls: Literal["asked", "always", "cancelled", "without_id"] = "asked"
    """When the model calls a function: when it is named, or in every turn that declared one."""
    hold: bool = False
    """Wait between generationComplete and turnComplete, as Google does while the client is still playing."""
    complete_first: bool = False
    late_transcription: bool = False
    """The input's transcription comes after turnComplete: Google promises no order."""
    unresumable_while_busy: bool = False
    """Says at the start of each turn that the session cannot be resumed now."""
    thoughts: bool = False
    extended: bool = False
    unknown_fields: bool = False
    slow_drip: bool = False
    text_frames: bool = False
    http: HttpRefusal | Literal["hang", "not_for_sdk"] | None = None
    """Instead of answering a request of the HTTP tiers."""
    http_turn: Literal["normal", "empty", "blocked", "malformed_call", "SAFETY", "MAX_TOKENS", "RECITATION"] = "normal"
    """An upper-case word is the finishReason that breaks the answer off."""
    http_slow_drip: bool = False
    http_mid_stream: Literal["cut", "silence"] | bytes | None = None
    """After the second chunk of a streamed answer; bytes are one event."""
