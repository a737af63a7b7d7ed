"""How long a session waits for whom, and how much it takes at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from live_proxy.session.client_input import FrameLimits


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Times in seconds."""

    first_output: float = 10.0
    stall: float = 15.0
    slow_client: float = 8.0
    idle_upstream: float = 300.0
    longest: float | None = None
    frames: FrameLimits = field(default_factory=FrameLimits)
