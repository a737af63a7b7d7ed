"""How long a session may last, where somebody set a limit. Pure but for the times that it is given, in seconds."""

from __future__ import annotations

WARN_BEFORE = 30.0


class Span:
    def __init__(self, began: float, longest: float | None) -> None:
        self._end = None if longest is None else began + longest
        self._warned = False

    def over(self, now: float) -> bool:
        return self._end is not None and now >= self._end

    def warning(self, now: float) -> float | None:
        """The seconds that are left, once, when the end is near."""
        if self._end is None or self._warned or now < self._end - WARN_BEFORE:
            return None
        self._warned = True
        return round(self._end - now)
