"""A set-up for the doctor to look at, and looking at what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from live_proxy.doctor.examination import Examination, examine
from live_proxy.doctor.findings import Finding, Status
from live_proxy.doctor.rendering import as_json, as_text
from simulator import Simulator

CANARY = "canary7c41e9d2b85f"
KEY = f"sim-{CANARY}"


@dataclass
class World:
    """One set-up, healthy until a test breaks it."""

    sim: Simulator
    settings: Any
    monkeypatch: pytest.MonkeyPatch
    folder: Path
    key_file: Path

    def environ(self, **values: str) -> None:
        for name, value in values.items():
            self.monkeypatch.setenv(name, value)

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.settings, name, value)

    def families(self, text: str) -> None:
        path = self.folder / "families.toml"
        path.write_text(text, encoding="utf-8")
        self.set(LIVE_FAMILIES_FILE=str(path), LIVE_MODELS=[], LIVE_STANDARD_MODELS=[])

    def key(self, text: str) -> None:
        self.key_file.write_text(text, encoding="utf-8")


async def look(world: World, *only: str, url: str = "") -> Examination:
    examination = await examine(only, url)
    shown = [
        as_text(examination.findings, examination.redactor),
        as_json(examination.findings, examination.redactor),
        *(
            probe.trace.written(examination.redactor).decode()
            for probe in examination.probes
            if probe.trace is not None
        ),
    ]
    for text in shown:
        assert CANARY not in text
        assert "PRIVATE KEY" not in text
        assert "ya29." not in text
    return examination


def causes(examination: Examination) -> list[tuple[str, str]]:
    """(check, cause) of what is to be mended, in order, each once."""
    wrong = [each for each in examination.findings if each.status in (Status.WARNING, Status.FAILED)]
    return list(dict.fromkeys((each.check, each.cause) for each in wrong))


def the(examination: Examination, check: str, cause: str) -> Finding:
    return next(each for each in examination.findings if (each.check, each.cause) == (check, cause))
