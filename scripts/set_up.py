"""Builds .venv and installs pinned packages into it; does nothing, quickly, when all is up to date.

Run by the Makefile with the Python that the environment shall have, so it must need nothing but the standard
library. What has been installed is remembered by the content of the requirements files, not by their dates.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOG = ROOT / "var" / "install.log"
WHO_ARE_YOU = "import json, sys; print(json.dumps([list(sys.version_info[:3]), sys.base_prefix]))"
REMINDER_SECONDS = 20

# What pip says, and what a person can do about it. The first that matches wins.
REASONS = [
    ("DO NOT MATCH THE HASHES", "a downloaded file is not the one that was pinned: ask who serves your packages"),
    ("No space left on device", "the disk is full: free some space"),
    ("Permission denied", "a folder may not be written to: check who owns .venv and pip's cache"),
    ("requires a different Python", "the pinned packages do not fit this Python: install Python 3.13"),
    ("Failed building wheel", "a package had to be compiled and could not be: install Python 3.13, which needs none"),
    (
        "",
        "the package index could not be reached or lacks a pinned version: check the network, the proxy and"
        " pip's settings (`pip config list`)",
    ),
]


def main(names: list[str]) -> int:
    try:
        ensure_venv()
        for name in names:
            ensure_installed(ROOT / name)
    except KeyboardInterrupt:
        return 130
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


class SetUpError(Exception):
    """One sentence for the person at the terminal."""


def ensure_venv() -> None:
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
            raise SetUpError(f"{VENV} is there but is no virtual environment: move it away and run this again.")
        if identity(str(VENV_PYTHON)) == identity(sys.executable):
            return
        print("The virtual environment belongs to another Python: building it anew.")
        shutil.rmtree(VENV)
    version = ".".join(map(str, sys.version_info[:2]))
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetUpError(
            f"Python {version} cannot make virtual environments here: install its venv module"
            f" (Debian and Ubuntu: `apt install python{version}-venv`) and run this again."
        )
    print(f"Building .venv with Python {version} ({sys.executable})")
    if run_logged([sys.executable, "-m", "venv", str(VENV)]) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetUpError(f"The virtual environment could not be built; details are in {LOG}.")


def identity(python: str) -> object:
    """Version and home of an interpreter; None if it does not run (its Python was removed)."""
    try:
        found = subprocess.run([python, "-c", WHO_ARE_YOU], capture_output=True, text=True, timeout=30, check=True)
        return json.loads(found.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def ensure_installed(requirements: Path) -> None:
    content = requirements.read_bytes()
    stamp = VENV / f".installed-{requirements.name}"
    wanted = hashlib.sha256(content).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    count = sum(1 for line in content.decode().splitlines() if "==" in line.split("#")[0])
    print(f"Installing {count} pinned packages from {requirements.name} (once; about half a minute)", flush=True)
    started = time.monotonic()
    code = run_logged(
        [str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--quiet", "--no-input", "--retries", "2"]
        + ["--disable-pip-version-check", "--no-warn-script-location", "-r", str(requirements)],
    )
    if code != 0:
        said = LOG.read_text(errors="replace")
        reason = next(reason for sign, reason in REASONS if sign in said)
        raise SetUpError(
            f"The packages of {requirements.name} could not be installed; {reason}, then run this again"
            f" (details: {LOG})."
        )
    stamp.write_text(wanted)
    print(f"Installed in {time.monotonic() - started:.0f} s")


def run_logged(command: list[str]) -> int:
    """Run a command with its output in the log; say every now and then that it is still going."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)
        waited = 0
        while True:
            try:
                return process.wait(REMINDER_SECONDS)
            except subprocess.TimeoutExpired:
                waited += REMINDER_SECONDS
                print(f"  still at it ({waited} s)", flush=True)
            except BaseException:
                process.kill()
                process.wait()
                raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
