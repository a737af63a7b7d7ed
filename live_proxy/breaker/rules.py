"""What a failure does to a candidate's circuit, and what a circuit is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from live_proxy.candidates import Candidate
from live_proxy.errors import Action, ErrorKind, Failure

State = Literal["open", "half_open", "held", "closed"]
FAULTS = 3
WINDOW = 30.0  # seconds within which that many faults open a circuit
FAULT_SPAN = 30.0
LONGEST_SPAN = 600.0
NOT_THERE = 600.0
CONFIGURED_WRONG = 60.0
QUOTA = 60.0
LEASE = 15.0  # seconds that a probe may take before another process may probe
URGENT_GAP = 2.0

SPANS: Mapping[ErrorKind, float] = {
    ErrorKind.MODEL_NOT_FOUND: NOT_THERE,
    ErrorKind.ENDPOINT_NOT_FOUND: NOT_THERE,
    ErrorKind.UNSUPPORTED_OPERATION: NOT_THERE,
    ErrorKind.LOCATION: NOT_THERE,
    ErrorKind.CREDENTIALS: CONFIGURED_WRONG,
    ErrorKind.UNAUTHENTICATED: CONFIGURED_WRONG,
    ErrorKind.API_KEY: CONFIGURED_WRONG,
    ErrorKind.PERMISSION: CONFIGURED_WRONG,
    ErrorKind.PROJECT: CONFIGURED_WRONG,
    ErrorKind.API_DISABLED: CONFIGURED_WRONG,
    ErrorKind.BILLING: CONFIGURED_WRONG,
    ErrorKind.QUOTA: QUOTA,
}
# The client's own doing, or the ordinary end of a session.
NEVER = frozenset(
    {
        ErrorKind.SAFETY,
        ErrorKind.HANDLE,
        ErrorKind.MODALITY,
        ErrorKind.CONFIGURATION,
        ErrorKind.INVALID_ARGUMENT,
        ErrorKind.SESSION_LIMIT,
    }
)


@dataclass(frozen=True, slots=True)
class Effect:
    """`opens_for` seconds at once, or None: a fault that counts."""

    opens_for: float | None


@dataclass(frozen=True, slots=True)
class Circuit:
    """`key` is `transport/platform/location/endpoint/model`. Times are in seconds since 1970. `half_open`: somebody
    probes it now. `reason` is an error kind; `held_by` the user who holds it out."""

    key: str
    state: State
    since: float
    reason: str = ""
    next_probe: float | None = None
    held_by: str = ""
    faults: int = 0


def key_of(candidate: Candidate) -> str:
    place = (candidate.platform, candidate.location or "-", candidate.endpoint or "-")
    return "/".join((candidate.transport, *place, candidate.model.name))


def effect_of(failure: Failure) -> Effect | None:
    """None where the failure says nothing about the candidate."""
    if failure.kind in NEVER or failure.verdict.action is Action.GIVE_UP:
        return None
    span = SPANS.get(failure.kind)
    if failure.kind is ErrorKind.QUOTA and failure.verdict.retry_after is not None:
        span = min(max(failure.verdict.retry_after, 1.0), 3600.0)
    return Effect(span)


def span_after_probe(failure: Failure) -> float | None:
    """How long a circuit stays open after a failed probe; None: twice as long as before."""
    effect = effect_of(failure)
    return effect.opens_for if effect is not None else None
