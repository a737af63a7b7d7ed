"""What the doctor says where the settings cannot even be read. Needs neither Django nor settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from live_proxy.doctor.findings import EXIT_CODES, Finding, Status, verdict_of
from live_proxy.doctor.redaction import Redactor
from live_proxy.doctor.rendering import as_json, as_text


def report(error: str, arguments: Sequence[str]) -> tuple[str, int]:
    """The report, in the form that `arguments` of the command ask for, and the exit code."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--json", action="store_true")
    wanted, _ = parser.parse_known_args(arguments)
    findings = [
        Finding(
            "settings",
            Status.FAILED,
            error,
            "Mend it in the environment or in .env.",
            "unreadable_settings",
            "docs/settings.md",
        )
    ]
    render = as_json if wanted.json else as_text
    return render(findings, Redactor()), EXIT_CODES[verdict_of(findings)]
