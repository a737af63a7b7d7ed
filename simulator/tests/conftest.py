"""A running simulator for the tests that need no special one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from simulator.known_models import KnownModel
from simulator.server import Simulator

TEXT_MODEL = KnownModel("gemini-live-2.5-flash", ("vertex", "developer"), ("TEXT", "AUDIO"))


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(models=[TEXT_MODEL]) as simulator:
        yield simulator
