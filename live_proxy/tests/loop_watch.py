"""What tests of asynchronous code look at: whether the event loop went on meanwhile, and which tasks are left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Ticks:
    """How often the loop came round. On a busy machine a count says more than the longest pause."""

    count: int = 0

    @property
    def went_on(self) -> bool:
        return self.count > 5


@contextlib.asynccontextmanager
async def watched_loop() -> AsyncIterator[Ticks]:
    """Counts the event loop's rounds, some milliseconds apart: one or two where something holds it up."""
    ticks = Ticks()

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.005)
            ticks.count += 1

    task = asyncio.create_task(tick())
    try:
        yield ticks
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], object], timeout: float = 20.0) -> None:
    """Returns once `condition` holds; fails after `timeout` seconds."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)


def other_tasks() -> set[asyncio.Task[Any]]:
    """All tasks but the one that asks."""
    return asyncio.all_tasks() - {asyncio.current_task()}
