"""What ladders ask of the breaker, from memory, and the task that keeps this memory true.

Dialling never waits for the store. A candidate that is held back is probed by one process for all, with a set-up
and nothing more, once its time is up and somebody has wanted it lately.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import structlog

from live_proxy import metrics
from live_proxy.breaker.redis_store import StoreAway
from live_proxy.breaker.rules import Circuit, effect_of, key_of, span_after_probe
from live_proxy.candidates import Candidate
from live_proxy.errors import Failure
from live_proxy.tasks import spawn

log = structlog.get_logger(__name__)

REFRESH = 1.0
WANTED_FOR = 60.0
MAX_REPORTS = 200
MAX_PROBES = 4
OPEN = ("open", "half_open")

Probe = Callable[[str], Awaitable[Failure | None]]


class Store(Protocol):
    async def report(self, keys: Iterable[str], opens_for: float | None, reason: str) -> None: ...
    async def succeeded(self, key: str) -> None: ...
    async def claim_probe(self, key: str, *, urgent: bool = False) -> bool: ...
    async def probe_failed(self, key: str, opens_for: float | None, reason: str) -> None: ...
    async def board(self) -> list[Circuit]: ...
    async def reset(self, key: str | None) -> None: ...
    async def hold(self, key: str, by: str) -> None: ...
    async def release(self, key: str) -> None: ...
    async def close(self) -> None: ...


class Breaker:
    """`probe` sets a candidate up by its key and says what went wrong, within its own time."""

    def __init__(self, store: Store, probe: Probe) -> None:
        self._store = store
        self._probe = probe
        self._known: dict[str, Circuit] = {}
        self._wanted: dict[str, float] = {}
        self._urgent: set[str] = set()
        self._reports: deque[Callable[[], Awaitable[None]]] = deque(maxlen=MAX_REPORTS)
        self._probing: dict[str, asyncio.Task[None]] = {}
        self._probes_failed: Counter[str] = Counter()
        self._due = asyncio.Event()
        self._changed = asyncio.Event()
        self._away = False

    # --- for ladders ------------------------------------------------------------------------------------------

    def blocks(self, candidate: Candidate) -> bool:
        """Whether the candidate is held back now. Asking means wanting it."""
        circuit = self._known.get(key_of(candidate))
        if circuit is None or circuit.state == "closed":
            return False
        if circuit.state in OPEN:
            self._wanted[circuit.key] = time.monotonic()
            if self._away and circuit.next_probe is not None and circuit.next_probe < time.time():
                return False  # nobody can be asked who probes: trying it is the lesser evil
        return True

    def reason(self, candidate: Candidate) -> str:
        circuit = self._known.get(key_of(candidate))
        return circuit.reason if circuit else ""

    def failed(self, candidate: Candidate, failure: Failure, affected: Sequence[Candidate]) -> None:
        effect = effect_of(failure)
        if effect is None:
            return
        keys, reason = [key_of(each) for each in affected], str(failure.kind)
        if effect.opens_for is not None:
            now = time.time()
            for key in keys:
                if key not in self._known or self._known[key].state == "closed":
                    self._known[key] = Circuit(key, "open", now, reason, now + effect.opens_for)
        self._later(lambda: self._store.report(keys, effect.opens_for, reason))

    def succeeded(self, candidate: Candidate) -> None:
        key = key_of(candidate)
        circuit = self._known.get(key)
        if circuit is not None and circuit.state != "held":
            del self._known[key]
            self._later(lambda: self._store.succeeded(key))

    async def wait_for_any(self, candidates: Sequence[Candidate], timeout: float) -> bool:  # noqa: ASYNC109
        """Have candidates probed at once, and wait until one is back, all have failed again, or the time is up."""
        keys = [key_of(each) for each in candidates if self.blocks(each) and self._known[key_of(each)].state in OPEN]
        before = {key: self._probes_failed[key] for key in keys}
        self._urgent.update(keys)
        self._due.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while keys and all(self.blocks(each) for each in candidates):
                    if all(self._probes_failed[key] > count for key, count in before.items()):
                        return False
                    await self._changed.wait()
        return any(not self.blocks(each) for each in candidates)

    def known(self) -> list[Circuit]:
        """What this process acts on."""
        return sorted(self._known.values(), key=lambda circuit: circuit.key)

    # --- for staff --------------------------------------------------------------------------------------------

    async def board(self) -> list[Circuit]:
        """Every circuit that is not closed, or has faults. Raises `StoreAway`."""
        return await self._store.board()

    async def reset(self, key: str | None) -> None:
        await self._store.reset(key)
        await self._refresh()

    async def hold(self, key: str, by: str) -> None:
        await self._store.hold(key, by)
        await self._refresh()

    async def release(self, key: str) -> None:
        await self._store.release(key)
        await self._refresh()

    # --- the task ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._round()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH):
                        await self._due.wait()
                self._due.clear()
        finally:
            for task in self._probing.values():
                task.cancel()
            await self._store.close()

    async def _round(self) -> None:
        try:
            while self._reports:
                await self._reports[0]()
                self._reports.popleft()
            await self._refresh()
            await self._claim_probes()
            if self._away:
                log.info("breaker: the shared state is back")
            self._away = False
        except StoreAway as error:
            if not self._away:
                log.warning("breaker: the shared state is away; this process goes on alone", error=str(error))
            self._away = True

    async def _refresh(self) -> None:
        self._known = {circuit.key: circuit for circuit in await self._store.board()}
        metrics.BREAKER_OPEN.set(sum(1 for circuit in self._known.values() if circuit.state != "closed"))
        self._tell()

    async def _claim_probes(self) -> None:
        horizon = time.monotonic() - WANTED_FOR
        self._wanted = {key: at for key, at in self._wanted.items() if at > horizon}
        self._urgent &= self._known.keys()
        for key in [*self._urgent, *self._wanted]:
            circuit = self._known.get(key)
            if circuit is None or circuit.state != "open" or key in self._probing or len(self._probing) >= MAX_PROBES:
                continue
            urgent = key in self._urgent
            due = circuit.next_probe is not None and circuit.next_probe <= time.time() + REFRESH
            if (urgent or due) and await self._store.claim_probe(key, urgent=urgent):
                self._urgent.discard(key)
                self._probing[key] = spawn(self._probe_one(key), name=f"probe-{key}")

    async def _probe_one(self, key: str) -> None:
        try:
            failure = await self._probe(key)
            with contextlib.suppress(StoreAway):
                if failure is None:
                    log.info("breaker: a candidate is back", candidate=key)
                    await self._store.succeeded(key)
                else:
                    await self._store.probe_failed(key, span_after_probe(failure), str(failure.kind))
                await self._refresh()
            self._probes_failed[key] += failure is not None
        finally:
            self._probing.pop(key, None)
            self._tell()

    def _later(self, report: Callable[[], Awaitable[None]]) -> None:
        if len(self._reports) == MAX_REPORTS:
            log.warning("breaker: a report is dropped; the shared state does not keep up")
        self._reports.append(report)
        self._due.set()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
