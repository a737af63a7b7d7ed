"""Which ways to Gemini there are, in which order, and which are left. Pure.

A candidate is (transport, platform, location, model). `next_candidate` is total: it never names a candidate
twice within one climb and ends when nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from live_proxy.catalogue import Family, LiveModel, Platform, StandardModel
from live_proxy.errors import Failure, Scope

TransportName = Literal["websocket", "sdk", "rest"]
TRANSPORTS: tuple[TransportName, ...] = ("websocket", "sdk", "rest")
Endpoint = Literal["bidi", "publisher"]
ENDPOINTS: tuple[Endpoint, ...] = ("bidi", "publisher")


@dataclass(frozen=True, slots=True)
class Candidate:
    """`location` is empty on the Developer API; `endpoint` is empty where a transport has only one."""

    transport: TransportName
    platform: Platform
    location: str
    model: LiveModel | StandardModel
    endpoint: str = ""

    @property
    def host(self) -> tuple[str, str]:
        return (self.platform, self.location)

    def in_scope(self, scope: Scope, of: Candidate) -> bool:
        """Whether skipping `scope` of the failed candidate `of` rules this one out."""
        match scope:
            case Scope.PLATFORM:
                return self.platform == of.platform
            case Scope.TRANSPORT:
                return self.transport == of.transport
            case Scope.HOST:
                return self.host == of.host and self.transport == of.transport
            case Scope.ENDPOINT:
                return (self.host, self.transport, self.endpoint) == (of.host, of.transport, of.endpoint)
            case Scope.MODEL:
                return (self.host, self.transport, self.model.name) == (of.host, of.transport, of.model.name)


def candidates(
    family: Family,
    *,
    transports: Sequence[TransportName],
    platforms: Sequence[Platform],
    location: str,
    endpoints: Sequence[str] = ("bidi",),
) -> tuple[Candidate, ...]:
    """Every candidate of a family, best first. `location` is the default for models that name none."""
    ordered: list[Candidate] = []
    for transport in transports:
        models: tuple[LiveModel, ...] | tuple[StandardModel, ...] = (
            family.live if transport == "websocket" else family.standard
        )
        for platform in platforms:
            for endpoint in _endpoints(transport, platform, endpoints):
                ordered += [
                    Candidate(transport, platform, place, model, endpoint)
                    for model in models
                    if platform in model.platforms
                    for place in _places(model, platform, location)
                ]
    return tuple(ordered)


def preferring(name: str, order: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """`order` with the model `name` first on every transport that has it."""
    rank = {transport: at for at, transport in enumerate(dict.fromkeys(each.transport for each in order))}
    return tuple(sorted(order, key=lambda each: (rank[each.transport], each.model.name != name))) if name else order


def _endpoints(transport: TransportName, platform: Platform, endpoints: Sequence[str]) -> tuple[str, ...]:
    if transport != "websocket":
        return ("",)
    # The published form is Vertex's alone.
    return tuple(name for name in endpoints if platform == "vertex" or name == "bidi")


def _places(model: LiveModel | StandardModel, platform: Platform, default: str) -> tuple[str, ...]:
    if platform == "developer":
        return ("",)
    return model.locations or (default,)


@dataclass(slots=True)
class Exclusions:
    """What a climb has ruled out so far."""

    tried: set[Candidate] = field(default_factory=set)
    skipped: list[tuple[Scope, Candidate]] = field(default_factory=list)
    timeouts: dict[tuple[str, tuple[str, str]], int] = field(default_factory=dict)
    silent_hosts: set[tuple[str, str]] = field(default_factory=set)

    def skip(self, scope: Scope, of: Candidate) -> None:
        self.skipped.append((scope, of))

    def timed_out(self, candidate: Candidate, *, connecting: bool = False) -> None:
        """Two time-outs of one host rule the host out: a third would eat the rungs below. Where a transport above
        got no connection either (`connecting`), one is enough, and other hosts come first."""
        key = (candidate.transport, candidate.host)
        self.timeouts[key] = self.timeouts.get(key, 0) + 1
        above = any(host == candidate.host and name != candidate.transport for name, host in self.timeouts)
        if self.timeouts[key] >= (1 if above and candidate.host in self.silent_hosts else 2):
            self.skip(Scope.HOST, candidate)
        if connecting:
            self.silent_hosts.add(candidate.host)

    def allows(self, candidate: Candidate) -> bool:
        return candidate not in self.tried and not any(candidate.in_scope(scope, of) for scope, of in self.skipped)


def next_candidate(
    order: Iterable[Candidate], excluded: Exclusions, blocked: Callable[[Candidate], bool] = lambda _: False
) -> Candidate | None:
    """The best candidate that is left and not `blocked`, or None. Within a transport, hosts that were silent on
    another come last."""
    left = [candidate for candidate in order if excluded.allows(candidate) and not blocked(candidate)]
    same = [candidate for candidate in left if candidate.transport == left[0].transport]
    return min(same, key=lambda candidate: candidate.host in excluded.silent_hosts, default=None)


@dataclass(frozen=True, slots=True)
class Tried:
    """One failed attempt of a climb, for the sentence a client gets."""

    candidate: Candidate
    failure: Failure
