"""How fast and how long things take. Numbers only; tests turn them down, people turn them up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Pace:
    """All in seconds."""

    chunk_delay: float = 0.0
    drip_delay: float = 1.0
    ping_interval: float = 1.0
    hold: float = 2.0
    go_away_after: float = 0.2
    go_away_time_left: float = 1.0
    idle_close_after: float = 0.05
    setup_deadline: float = 60.0
    connection_life: float = 3600.0
    closing_deadline: float = 1.0
