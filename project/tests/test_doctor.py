"""The doctor against set-ups that are broken in one way each: it names the cause, and never a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from live_proxy.config import live_config
from live_proxy.doctor.findings import Status, Verdict, verdict_of
from live_proxy.doctor.rendering import as_json, as_text
from live_proxy.doctor.settings_check import KNOWN
from project.tests.broken_set_ups import BROKEN
from project.tests.doctoring import World, causes, look, the

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]


async def test_a_healthy_set_up(world: World) -> None:
    examination = await look(world)
    assert causes(examination) == []
    assert verdict_of(examination.findings) is Verdict.HEALTHY
    fine = {each.check for each in examination.findings if each.status is Status.OK}
    assert fine == {
        "settings",
        "database",
        "credentials",
        "project",
        "api",
        "role",
        "region",
        "candidate",
        "egress",
        "clock",
    }
    assert the(examination, "settings", "simulator").status is Status.NOTE
    token = next(each for each in examination.findings if each.facts.get("source") == "google-auth")
    assert token.facts["account"].endswith("@demo-project.iam.gserviceaccount.com")
    assert 55 <= token.facts["minutes_left"] <= 60
    report = json.loads(as_json(examination.findings, examination.redactor))
    assert (report["verdict"], report["exit_code"], report["first"]) == ("healthy", 0, None)


def test_every_setting_that_is_documented_is_known() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`((?:LIVE|GOOGLE|GEMINI)_[A-Z_]+)`", text)) <= KNOWN


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 45


@pytest.mark.parametrize("name", BROKEN)
async def test_it_names_the_cause(world: World, name: str) -> None:
    broken = BROKEN[name]
    broken.how(world)
    live_config.cache_clear()
    examination = await look(world, *broken.only)
    found = causes(examination)
    report = json.loads(as_json(examination.findings, examination.redactor))
    assert report["first"], as_text(examination.findings, examination.redactor)
    assert (report["first"]["check"], report["first"]["cause"]) == broken.first, found
    assert set(broken.also) <= set(found)
    finding = the(examination, *broken.first)
    assert broken.advice in finding.advice
    assert finding.help
    assert verdict_of(examination.findings) is broken.verdict, found
