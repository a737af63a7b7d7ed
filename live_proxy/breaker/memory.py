"""Circuits of one process alone, where there is no Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from live_proxy.breaker.rules import FAULT_SPAN, FAULTS, LEASE, LONGEST_SPAN, URGENT_GAP, WINDOW, Circuit, State

MAX_CIRCUITS = 500


@dataclass(slots=True)
class _Circuit:
    state: State = "closed"
    since: float = 0.0
    reason: str = ""
    next_probe: float = 0.0
    span: float = 0.0
    probing_until: float = 0.0
    claimed_at: float = 0.0
    held_by: str = ""
    faults: list[float] = field(default_factory=list)


class MemoryStore:
    """`clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    async def report(self, keys: Iterable[str], opens_for: float | None, reason: str) -> None:
        now = self._clock()
        for key in keys:
            circuit = self._circuits.setdefault(key, _Circuit())
            if circuit.state == "held":
                continue
            if opens_for is not None:
                self._open(circuit, now, opens_for, reason)
            elif circuit.state == "closed":
                circuit.faults = [*(at for at in circuit.faults if at > now - WINDOW), now]
                if len(circuit.faults) >= FAULTS:
                    self._open(circuit, now, FAULT_SPAN, reason)
        while len(self._circuits) > MAX_CIRCUITS:
            del self._circuits[next(iter(self._circuits))]

    async def succeeded(self, key: str) -> None:
        if (circuit := self._circuits.get(key)) is not None and circuit.state != "held":
            del self._circuits[key]

    async def claim_probe(self, key: str, *, urgent: bool = False) -> bool:
        """Whether the caller, and nobody else, may probe now."""
        now, circuit = self._clock(), self._circuits.get(key)
        if circuit is None or circuit.state != "open" or circuit.probing_until > now:
            return False
        if circuit.next_probe > now and not (urgent and circuit.claimed_at <= now - URGENT_GAP):
            return False
        circuit.probing_until, circuit.claimed_at = now + LEASE, now
        return True

    async def probe_failed(self, key: str, opens_for: float | None, reason: str) -> None:
        now, circuit = self._clock(), self._circuits.get(key)
        if circuit is not None and circuit.state == "open":
            circuit.span = opens_for if opens_for is not None else min(LONGEST_SPAN, circuit.span * 2)
            circuit.next_probe, circuit.reason, circuit.probing_until = now + circuit.span, reason, 0.0

    async def board(self) -> list[Circuit]:
        now = self._clock()
        for key, circuit in list(self._circuits.items()):
            if circuit.state == "closed" and not any(at > now - WINDOW for at in circuit.faults):
                del self._circuits[key]
        return [
            Circuit(
                key,
                "half_open" if circuit.state == "open" and circuit.probing_until > now else circuit.state,
                circuit.since,
                circuit.reason,
                circuit.next_probe if circuit.state == "open" else None,
                circuit.held_by,
                len(circuit.faults),
            )
            for key, circuit in sorted(self._circuits.items())
        ]

    async def reset(self, key: str | None) -> None:
        """Forget what failed, of one circuit or of all. What somebody holds out stays out."""
        for name in [key] if key is not None else list(self._circuits):
            if name in self._circuits and self._circuits[name].state != "held":
                del self._circuits[name]

    async def hold(self, key: str, by: str) -> None:
        self._circuits[key] = _Circuit("held", self._clock(), held_by=by)

    async def release(self, key: str) -> None:
        if key in self._circuits and self._circuits[key].state == "held":
            del self._circuits[key]

    async def close(self) -> None:
        """Nothing is held open."""

    @staticmethod
    def _open(circuit: _Circuit, now: float, span: float, reason: str) -> None:
        if circuit.state != "open":
            circuit.since = now
        circuit.state, circuit.reason, circuit.span = "open", reason, span
        circuit.next_probe = max(circuit.next_probe, now + span)
        circuit.faults = []
