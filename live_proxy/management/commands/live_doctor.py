"""`manage.py live_doctor`: what is wrong between this service and Google, and what to do about it."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from live_proxy.doctor.candidate_checks import Probe
from live_proxy.doctor.examination import Examination, examine
from live_proxy.doctor.findings import CHECKS, EXIT_CODES, Status, verdict_of
from live_proxy.doctor.rendering import as_json, as_text, listing
from live_proxy.doctor.trace import write

USAGE = 3
INTERRUPTED = 130
STYLES = {Status.OK: "SUCCESS", Status.WARNING: "WARNING", Status.FAILED: "ERROR"}


class Command(BaseCommand):
    help = (
        "Looks at everything between this service and Google, and says what is wrong and what to do. Exit code 0: "
        "healthy, 1: degraded, 2: nobody would be answered, 3: called wrongly."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.error = self._called_wrongly  # type: ignore[method-assign, assignment]
        parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
        parser.add_argument("--url", default="", help="the public address to look at, such as https://gateway.example")
        parser.add_argument("--only", action="append", default=[], choices=list(CHECKS), metavar="CHECK")
        parser.add_argument("--list", action="store_true", help="print the checks and exit")
        parser.add_argument(
            "--record",
            metavar="FILE",
            help="write what was said on the sockets, without names and secrets, and a report beside it (FILE.json)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self.stdout.write(listing())
            return
        # What the transports log is in the findings, once and in order.
        logging.disable(logging.CRITICAL)
        try:
            examination = asyncio.run(examine(options["only"], options["url"]))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        finally:
            logging.disable(logging.NOTSET)
        findings, redactor = examination.findings, examination.redactor
        if options["json"]:
            self.stdout.write(as_json(findings, redactor))
        else:
            self.stdout.write(as_text(findings, redactor, self._paint))
        if options["record"]:
            self._record(Path(options["record"]), examination)
        sys.exit(EXIT_CODES[verdict_of(findings)])

    def _called_wrongly(self, message: str) -> None:
        self.stderr.write(f"{message}\nSee manage.py live_doctor --help.")
        sys.exit(USAGE)

    def _paint(self, status: Status, text: str) -> str:
        style = getattr(self.style, STYLES.get(status, ""), None)
        return style(text) if style else text

    def _record(self, path: Path, examination: Examination) -> None:
        """A file for each socket on which anything was said, and one that tells them apart."""
        said = [probe for probe in examination.probes if probe.trace is not None and probe.trace.records]
        names = [path if at == 0 else path.with_name(f"{path.name}.{at + 1}") for at in range(len(said))]
        report = json.loads(as_json(examination.findings, examination.redactor))
        report["recordings"] = [{"file": name.name, **_told(probe)} for name, probe in zip(names, said, strict=True)]
        try:
            for name, probe in zip(names, said, strict=True):
                assert probe.trace is not None
                write(name, probe.trace.written(examination.redactor))
            about = path.with_name(f"{path.name}.json")
            write(about, json.dumps(examination.redactor.value(report), indent=2, ensure_ascii=False).encode())
        except OSError as error:
            self.stderr.write(f"Nothing was recorded: {path} cannot be written ({error.strerror}).")
            sys.exit(USAGE)
        written = ", ".join(str(name) for name in [*names, about])
        self.stderr.write(f"Recorded, without names and secrets: {written}")


def _told(probe: Probe) -> dict[str, Any]:
    """Which candidate it was, and how it ended: recordings hold messages alone."""
    candidate, failure = probe.candidate, probe.failure
    return {
        "transport": candidate.transport,
        "platform": candidate.platform,
        "location": candidate.location,
        "model": candidate.model.name,
        "ended": None
        if failure is None
        else {
            "kind": str(failure.kind),
            "close_code": failure.code,
            "http_status": failure.http_status,
            "reason": failure.reason,
        },
    }
