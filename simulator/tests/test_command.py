"""The management command as a process of its own, without the project around it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Settings without a database: the command must not need one.
PROGRAM = """
import sys
from django.conf import settings
settings.configure(INSTALLED_APPS=["simulator"])
import django
django.setup()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "live_simulator", *sys.argv[1:]])
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    key = tmp_path / "account.json"
    with start("--port", "0", "--scenario", "quota", "--service-account", str(key)) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            found = re.fullmatch(
                r"\[simulator\] listening on (http://127\.0\.0\.1:\d+) \(not Google; scenario: quota\)\n", ready
            )
            assert found, ready
            with urllib.request.urlopen(found[1] + "/simulator/", timeout=5) as response:
                assert json.load(response)["scenario"] == "quota"
            assert json.loads(key.read_text())["token_uri"] == found[1] + "/token"
        finally:
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=5)
        assert (process.returncode, out, err) == (0, "", "")


def test_says_in_one_sentence_why_it_cannot_run(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = start("--port", str(port))
        remote = start("--host", "0.0.0.0")
        half = start("--tls-cert", str(tmp_path / "none.pem"))
        listed = start("--list")
        results = [process.communicate(timeout=10) for process in (busy, remote, half, listed)]
    assert results[0][1] == f"CommandError: Port {port} on 127.0.0.1 is already in use.\n"
    assert results[1][1] == "CommandError: 0.0.0.0 can be reached by others; give --allow-remote if that is meant.\n"
    assert results[2][1] == "CommandError: --tls-cert and --tls-key belong together.\n"
    assert "429 at the handshake" in results[3][0]
    assert [process.returncode for process in (busy, remote, half, listed)] == [1, 1, 1, 0]
