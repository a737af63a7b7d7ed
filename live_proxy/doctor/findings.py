"""What an examination finds, and what it comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# In the order in which they are looked at: what comes first is the likelier cause of what comes later.
CHECKS: Mapping[str, str] = {
    "settings": "The settings have usable values",
    "database": "The database can be reached, is up to date and takes writes",
    "redis": "Redis answers, where it is configured",
    "credentials": "Google's credentials: which source, which account, how long they hold",
    "project": "The project exists and has billing",
    "api": "The API is enabled",
    "role": "The account or key may use it",
    "region": "The location serves the models",
    "candidate": "Each way to Gemini is set up once, and left again",
    "egress": "Google's hosts can be reached",
    "clock": "This machine's clock is right",
    "tls": "Certificates are accepted",
    "public_url": "The public address lets WebSockets through",
}
HELP = "docs/troubleshooting.md"
GOOGLE_CLOUD = "docs/google-cloud.md"


class Status(StrEnum):
    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to mend
    WARNING = "warning"  # it works, but less well than it was meant to
    FAILED = "failed"
    SKIPPED = "skipped"  # could not be looked at, or there is nothing to look at


class Verdict(StrEnum):
    """What a whole examination comes to."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    BROKEN = "broken"


EXIT_CODES: Mapping[Verdict, int] = {Verdict.HEALTHY: 0, Verdict.DEGRADED: 1, Verdict.BROKEN: 2}
WITHOUT_THESE_NOTHING_WORKS = ("settings", "database")


@dataclass(frozen=True, slots=True)
class Finding:
    """`cause` is a stable word for programs; `says` what is so, `advice` what to do, `help` where to read on. `facts`
    are JSON values."""

    check: str
    status: Status
    says: str
    advice: str = ""
    cause: str = ""
    help: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "status": str(self.status),
            "cause": self.cause,
            "says": self.says,
            "advice": self.advice,
            "help": self.help,
            "facts": dict(self.facts),
        }


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Broken where nobody would be answered, or nothing kept; degraded where anything else is to be mended."""
    candidates = [each for each in findings if each.check == "candidate" and each.status is not Status.SKIPPED]
    nobody = bool(candidates) and not any(each.status is Status.OK for each in candidates)
    failed = {each.check for each in findings if each.status is Status.FAILED}
    unconfigured = any(each.cause == "not_configured" for each in findings)
    if nobody or unconfigured or failed & set(WITHOUT_THESE_NOTHING_WORKS):
        return Verdict.BROKEN
    if any(each.status in (Status.FAILED, Status.WARNING) for each in findings):
        return Verdict.DEGRADED
    return Verdict.HEALTHY


def first_to_mend(findings: Sequence[Finding]) -> Finding | None:
    """The first failure in the order of causes, or what was found earlier of the same cause; else the first warning."""
    wrong = [each for each in findings if each.status in (Status.FAILED, Status.WARNING)]
    failed = next((each for each in wrong if each.status is Status.FAILED), None)
    if failed is None:
        return wrong[0] if wrong else None
    return next(each for each in wrong if each is failed or (each.cause and each.cause == failed.cause))
