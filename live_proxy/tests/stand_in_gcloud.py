"""A `gcloud` that does what a test wants, and an environment in which nothing of the machine is used."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN = "ya29.gcloud-canary-0123456789"
# A child that keeps the standard output open, as the real script's Python does. Its file appears with the number in it.
CHILD = 'sleep 300 & echo $! > "$0.pid"; mv "$0.pid" "$0.child"'
HANGS = f"{CHILD}; wait"
EXITS_BEFORE_ITS_CHILD = f"{CHILD}; exit 0"


make_key = rsa.generate_private_key
one_key = functools.cache(make_key)


def share_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a key takes longer than most tests: one does for all."""
    monkeypatch.setattr(rsa, "generate_private_key", one_key)


class Gcloud:
    """An executable first on PATH. `starts` counts how often it was run."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "gcloud"
        directory.mkdir(exist_ok=True)

    def does(self, script: str) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\necho "$@" >> "$0.calls"\n{script}\n')
        fresh.chmod(0o755)
        fresh.replace(self.path)

    def prints(self, text: str, *, status: int = 0) -> None:
        self.path.with_suffix(".out").write_text(text)
        self.does(f'cat "{self.path.with_suffix(".out")}"\nexit {status}')

    @property
    def calls(self) -> list[str]:
        told = Path(f"{self.path}.calls")
        return told.read_text().splitlines() if told.exists() else []

    def child_is_gone(self) -> bool:
        told = Path(f"{self.path}.child")
        try:
            pid = int(told.read_text())
        except (OSError, ValueError):
            return False  # not started yet
        try:
            # A process that nobody reaped yet has ended as well.
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True


def isolate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, key_file: Path | None = None) -> Gcloud:
    """Nothing of this machine's own credentials or proxies is found. Returns a `gcloud` that is not installed yet."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud-config"))
    gcloud = Gcloud(tmp_path / "bin")
    # Nothing else: a real gcloud may be installed beside the system's programs.
    monkeypatch.setenv("PATH", str(gcloud.path.parent))
    if key_file is not None:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    return gcloud
