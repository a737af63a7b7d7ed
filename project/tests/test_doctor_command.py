"""`manage.py live_doctor` as people and programs run it: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as Client

from live_proxy.doctor.findings import CHECKS
from project.tests.processes import Redis, free_port
from simulator import Simulator

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary7c41e9d2b85f"


class Doctor:
    """Runs the command with an environment of its own."""

    def __init__(self, folder: Path) -> None:
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "SECRET_KEY": f"secret-{CANARY}",
            "DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "NO_GCE_CHECK": "true",
            "LIVE_TOKEN_SOURCES": "google-auth",
        }

    def __call__(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", "live_doctor", *arguments],
            cwd=ROOT,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert CANARY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def report(self, *arguments: str, **env: str) -> tuple[int, dict[str, Any]]:
        done = self(*arguments, "--json", **env)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    # The project's own .env must not answer for what a test leaves out.
    if (ROOT / ".env").exists():
        pytest.skip("there is an .env in the project's folder")
    return Doctor(tmp_path)


def first(report: dict[str, Any]) -> tuple[str, str]:
    return report["first"]["check"], report["first"]["cause"]


def test_it_lists_its_checks_and_tells_how_it_is_called(doctor: Doctor) -> None:
    listed = doctor("--list")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(CHECKS)
    assert doctor("--only", "nonsense").returncode == 3
    assert doctor("--nonsense").returncode == 3


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"SECRET_KEY": "", "DEBUG": "0"}, "SECRET_KEY is not set"),
        ({"LIVE_SETUP_TIMEOUT": CANARY}, "LIVE_SETUP_TIMEOUT must be a number."),
        ({"LIVE_MAX_SESSIONS": "many"}, "LIVE_MAX_SESSIONS must be a whole number."),
        ({"DEBUG": "perhaps"}, "DEBUG must be true or false."),
        ({"DATABASE_URL": CANARY}, "DATABASE_URL must be a URL"),
    ],
)
def test_settings_that_cannot_even_be_read(doctor: Doctor, env: dict[str, str], says: str) -> None:
    code, report = doctor.report(**env)
    assert (code, first(report)) == (2, ("settings", "unreadable_settings"))
    assert report["findings"][0]["says"].startswith(says)
    done = doctor(**env)
    assert done.returncode == 2
    assert says in done.stdout


def test_other_commands_say_it_in_one_line(doctor: Doctor) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=doctor.env | {"LIVE_SETUP_TIMEOUT": "soon"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "The settings cannot be used: LIVE_SETUP_TIMEOUT must be a number."


def test_databases(doctor: Doctor, tmp_path: Path) -> None:
    assert first(doctor.report("--only", "database")[1]) == ("database", "migrations_missing")
    (tmp_path / "text.sqlite3").write_text("this is no database" * 100)
    address = f"postgres://me:{CANARY}@127.0.0.1:{free_port()}/live"
    for url, cause in (
        (f"sqlite:///{tmp_path}/text.sqlite3", "not_a_database"),
        (address, "refused"),
        (f"postgres://me:{CANARY}@no-such-host.invalid/live", "unknown_host"),
    ):
        code, report = doctor.report("--only", "database", DATABASE_URL=url)
        assert (code, first(report)) == (2, ("database", cause)), report


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_database_that_may_not_be_written(doctor: Doctor, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=doctor.env, check=True, timeout=60)
    (tmp_path / "db.sqlite3").chmod(0o400)
    assert first(doctor.report("--only", "database")[1]) == ("database", "read_only")


def test_redis(doctor: Doctor, tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    try:
        code, report = doctor.report("--only", "redis", REDIS_URL=redis.url)
        assert (code, report["findings"][0]["status"]) == (0, "ok")
        with Client.from_url(redis.url) as client:
            client.config_set("requirepass", "another-password")
        wrong = redis.url.replace("redis://", f"redis://:{CANARY}@")
        for url in (redis.url, wrong):
            assert first(doctor.report("--only", "redis", REDIS_URL=url)[1]) == ("redis", "credentials_refused")
    finally:
        redis.stop()


async def test_healthy_degraded_and_recorded(doctor: Doctor, tmp_path: Path) -> None:
    import asyncio

    async with Simulator(api_keys={f"sim-{CANARY}"}) as google:
        doctor.env |= {
            "GOOGLE_API_KEY": f"sim-{CANARY}",
            "GOOGLE_GEMINI_BASE_URL": google.base_url,
            "LIVE_MODELS": "gemini-3.8-live",
            "LIVE_STANDARD_MODELS": "gemini-2.5-flash",
            "LIVE_TRANSPORTS": "websocket,rest",
        }
        await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "manage.py", "migrate", "-v0"],
            cwd=ROOT,
            env=doctor.env,
            check=True,
            timeout=60,
        )
        code, report = await asyncio.to_thread(doctor.report)
        assert (code, report["verdict"], report["first"]) == (0, "healthy", None)
        google.scenario = "internal"
        trace = tmp_path / "said.websocket.log"
        done = await asyncio.to_thread(doctor, "--record", str(trace))
    assert done.returncode == 1
    assert "Degraded: people are answered" in done.stdout
    assert "FAIL candidate" in done.stdout
    assert "docs/troubleshooting.md#internal" in done.stdout
    assert re.match(rb">\d+ \{\"setup\"", trace.read_bytes())
    assert trace.stat().st_mode & 0o077 == 0
    told = json.loads((tmp_path / "said.websocket.log.json").read_text())
    assert told["recordings"][0]["file"] == "said.websocket.log"
    assert told["recordings"][0]["ended"] == {
        "kind": "internal",
        "close_code": 1011,
        "http_status": None,
        "reason": "Internal error encountered.",
    }
    for path in tmp_path.glob("said*"):
        assert CANARY not in path.read_text()


def test_a_place_that_cannot_be_written(doctor: Doctor) -> None:
    done = doctor("--only", "redis", "--record", "/no/such/folder/trace.log")
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
