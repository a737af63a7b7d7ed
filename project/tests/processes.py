"""Real processes for whole-service tests: the simulator, servers of the service, PostgreSQL and Redis, each on a free
port, each ended by its own process id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = next((path for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
STARTING = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until(true: Callable[[], bool], what: str, seconds: float = STARTING) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    raise AssertionError(f"Not within {seconds:g} s: {what}")


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """One child with its log."""

    def __init__(self, command: list[str], *, env: dict[str, str], log: Path, user: str | None = None) -> None:
        self.log = log
        self._file = log.open("ab")
        self.popen = subprocess.Popen(
            command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self._file, stderr=self._file, user=user
        )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def rss(self) -> int:
        """Resident bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, seconds: float = 15) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._file.close()
        return self.popen.returncode

    def text(self) -> str:
        return self.log.read_text(errors="replace")


class Stack:
    """The service as an operator runs it. `database` and `redis` are URLs; SQLite in `folder` by default."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str = "",
        redis: str = "",
        scenario: str = "normal",
        transports: str = "websocket",
        chunk_delay: float | None = None,
    ) -> None:
        self.folder = folder
        self.google_port = free_port()
        self.processes: list[Process] = []
        key = folder / "service-account.json"
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "SECRET_KEY": "made-for-this-test-only-" + "x" * 40,
            "DEBUG": "true",
            "DATABASE_URL": database or f"sqlite:///{folder / 'db.sqlite3'}",
            "GOOGLE_CLOUD_PROJECT": "demo-project",
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            "GOOGLE_VERTEX_BASE_URL": self.google,
            "LIVE_TOKEN_SOURCES": "google-auth",
            "LIVE_TRANSPORTS": transports,
            "NO_GCE_CHECK": "true",
            "LIVE_DRAIN_TIMEOUT": "5",
            "LOG_FORMAT": "json",
        } | ({"REDIS_URL": redis} if redis else {})
        self.manage("migrate", "-v0")
        pace = [] if chunk_delay is None else ["--chunk-delay", str(chunk_delay)]
        port = str(self.google_port)
        self.simulator = self.start(
            "live_simulator", "--port", port, "--scenario", scenario, "--service-account", str(key), *pace
        )
        wait_until(lambda: answers(f"{self.google}/simulator/"), "the simulator answers")

    @property
    def google(self) -> str:
        return f"http://127.0.0.1:{self.google_port}"

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.env,
            cwd=ROOT,
            check=True,
            timeout=STARTING,
            capture_output=True,
        )

    def python(self, code: str) -> Any:
        """Run Django code in a process of its own; what it prints last is JSON."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", f"import json\n{code}"],
            env=self.env,
            cwd=ROOT,
            check=True,
            timeout=STARTING,
            capture_output=True,
            text=True,
        )
        last = (done.stdout.strip().splitlines() or ["null"])[-1]
        return json.loads(last)

    def user(self, name: str, *, staff: bool = False) -> str:
        """A user, and the session cookie of a sign-in."""
        cookie: str = self.python(
            "from django.contrib.auth import get_user_model as g\n"
            "from django.test import Client\n"
            f"u,_=g().objects.get_or_create(username={name!r},defaults=dict(is_staff={staff},is_superuser={staff}))\n"
            "c=Client(); c.force_login(u)\n"
            "print(json.dumps(c.cookies['sessionid'].value))"
        )
        return cookie

    def start(self, *arguments: str) -> Process:
        process = Process(
            [sys.executable, "manage.py", *arguments],
            env=self.env,
            log=self.folder / f"{arguments[0]}-{len(self.processes)}.log",
        )
        self.processes.append(process)
        return process

    def serve(self, port: int | None = None) -> tuple[Process, str]:
        """A server process and its address."""
        port = port or free_port()
        process = self.start("serve", "--port", str(port))
        self._ready(process, port)
        return process, f"127.0.0.1:{port}"

    def daphne(self) -> tuple[Process, str]:
        port = free_port()
        process = Process(
            [sys.executable, "-m", "daphne", "-p", str(port), "project.asgi:application"],
            env=self.env,
            log=self.folder / "daphne.log",
        )
        self.processes.append(process)
        self._ready(process, port)
        return process, f"127.0.0.1:{port}"

    @staticmethod
    def _ready(process: Process, port: int) -> None:
        def ready() -> bool:
            assert process.popen.poll() is None, process.text()
            return answers(f"http://127.0.0.1:{port}/health/live")

        wait_until(ready, "the service answers")

    def scenario(self, name: str) -> None:
        httpx.put(f"{self.google}/simulator/scenario", json={"name": name}, trust_env=False).raise_for_status()

    def connections(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.google}/simulator/connections", trust_env=False).json()[
            "connections"
        ]
        return found

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.stop()


class Postgres:
    """A PostgreSQL server of our own, run by an ordinary user as it demands."""

    def __init__(self, folder: Path) -> None:
        assert POSTGRES is not None
        self.port = free_port()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._data = folder / "data"
        if self._user:
            shutil.chown(folder, self._user)
            for parent in folder.parents[:3]:
                parent.chmod(parent.stat().st_mode | 0o011)
        self._folder = folder
        self._run(["initdb", "-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"])
        self.process = Process(
            [
                str(POSTGRES / "postgres"),
                "-D",
                str(self._data),
                "-p",
                str(self.port),
                "-h",
                "127.0.0.1",
                "-k",
                str(folder),
                "-c",
                "fsync=off",
            ],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            log=folder.parent / "postgres.log",
            user=self._user,
        )
        wait_until(
            lambda: self._run(["pg_isready", "-h", "127.0.0.1", "-p", str(self.port)], check=False) == 0, "ready"
        )

    def database(self, name: str) -> str:
        self._run(["createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name])
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, command: list[str], *, check: bool = True) -> int:
        assert POSTGRES is not None
        return subprocess.run(
            [str(POSTGRES / command[0]), *command[1:]],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            user=self._user,
            cwd="/",
            check=check,
            capture_output=True,
            timeout=STARTING,
        ).returncode

    def stop(self) -> None:
        if self.process.popen.poll() is None:
            self.process.popen.send_signal(signal.SIGINT)  # fast shutdown
            self.process.popen.wait(20)
        self.process.stop()


class Redis:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.process = Process(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
            env={"PATH": "/usr/bin:/bin"},
            log=folder / "redis.log",
        )
        wait_until(lambda: accepts(self.port), "Redis answers")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        self.process.stop()
