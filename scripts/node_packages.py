"""What tests and checks need from npm (Google's SDK, axe, TypeScript's checker), from the lock file into node_modules.
Once for each lock file."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ROOT / "node_modules" / ".installed"
SECONDS = 300
COMMAND = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def ensure_node_packages() -> str:
    """Install what is missing. Returns what is wrong, in a sentence, or nothing."""
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return ""
    if shutil.which("npm") is None:
        return "npm is not installed, so JavaScript cannot be checked or tested (Debian: apt install npm)."
    print("Installing the JavaScript packages of the tests (once; about ten seconds)", flush=True)
    try:
        done = subprocess.run(COMMAND, cwd=ROOT, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"npm did not finish within {SECONDS} s: check the network and npm's settings (`npm config list`)."
    if done.returncode != 0:
        return "npm could not install the packages: check the network and npm's settings (`npm config list`)."
    STAMP.write_text(wanted)
    return ""
