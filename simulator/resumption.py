"""Keeps what a session remembers under the handles that were given out. Memory only, bounded, two hours."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Sequence

from simulator.replies import Remembered

LIFE_SECONDS = 2 * 60 * 60
MAX_HANDLES = 5_000


class ResumableSessions:
    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, str, tuple[Remembered, ...]]] = OrderedDict()

    def keep(self, model: str, history: Sequence[Remembered]) -> str:
        handle = str(uuid.uuid4())
        self._kept[handle] = (time.monotonic() + LIFE_SECONDS, model, tuple(history))
        while len(self._kept) > MAX_HANDLES:
            self._kept.popitem(last=False)
        return handle

    def find(self, handle: str, model: str) -> tuple[Remembered, ...] | None:
        """The history behind a handle; None when it is unknown, too old, or another model's."""
        kept = self._kept.get(handle)
        if kept is None or kept[0] < time.monotonic() or kept[1] != model:
            return None
        return kept[2]

    def forget_all(self) -> None:
        self._kept.clear()
