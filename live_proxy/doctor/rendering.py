"""An examination as text for people or as JSON for programs. Everything goes through the redactor. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Sequence

from live_proxy.doctor.findings import CHECKS, EXIT_CODES, Finding, Status, Verdict, first_to_mend, verdict_of
from live_proxy.doctor.redaction import Redactor

WIDTH = 110
MARKS = {Status.OK: "ok", Status.NOTE: "note", Status.WARNING: "WARN", Status.FAILED: "FAIL", Status.SKIPPED: "-"}
SENTENCES = {
    Verdict.HEALTHY: "Healthy: everything that was looked at works.",
    Verdict.DEGRADED: "Degraded: people are answered, but something is not as it was meant to be.",
    Verdict.BROKEN: "Broken: nobody would be answered, or nothing would be kept.",
}
Paint = Callable[[Status, str], str]


def as_json(findings: Sequence[Finding], redactor: Redactor) -> str:
    """One object: `verdict`, `exit_code`, `first` (the check and cause to mend first) and `findings` in order."""
    verdict, first = verdict_of(findings), first_to_mend(findings)
    report = {
        "verdict": str(verdict),
        "exit_code": EXIT_CODES[verdict],
        "first": {"check": first.check, "cause": first.cause} if first else None,
        "findings": [finding.as_json() for finding in findings],
    }
    return json.dumps(redactor.value(report), indent=2, ensure_ascii=False)


def as_text(findings: Sequence[Finding], redactor: Redactor, paint: Paint = lambda _, text: text) -> str:
    lines: list[str] = []
    for finding in findings:
        lines += _finding(finding, redactor, paint)
    verdict, first = verdict_of(findings), first_to_mend(findings)
    lines += ["", SENTENCES[verdict]]
    if first is not None:
        lines += _wrapped(f"Mend first: {first.check}. {redactor.text(first.says)}", "")
    return "\n".join(lines)


def listing() -> str:
    return "\n".join(f"{name:<12} {what}" for name, what in CHECKS.items())


def _finding(finding: Finding, redactor: Redactor, paint: Paint) -> list[str]:
    head = f"{MARKS[finding.status]:<5}{finding.check:<12}"
    said = _wrapped(redactor.text(finding.says), " " * 17)
    lines = [paint(finding.status, head) + said[0].strip(), *said[1:]]
    if finding.advice:
        lines += _wrapped("→ " + redactor.text(finding.advice), " " * 17)
    if finding.help and finding.status in (Status.WARNING, Status.FAILED):
        lines.append(" " * 17 + finding.help)
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines() or [""]:
        found += textwrap.wrap(
            line, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        ) or [indent]
    return found
