"""The processes that are compared, each on a free port, each ended by its own process id."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAMILY = "Gemini 2.5 Flash Live Preview 🎤"
STARTING = 30.0
SIGN_IN = """
import json
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
user, _ = get_user_model().objects.get_or_create(username="bench")
client = Client()
client.force_login(user)
name = settings.SESSION_COOKIE_NAME
print(json.dumps(f"{name}={client.cookies[name].value}"))
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }}
  }}
}}
"""


@dataclass
class Target:
    """`pid` is 0 for the upstream itself, which is measured only for its time."""

    name: str
    port: int
    pid: int = 0
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{self.path}"

    def cpu(self) -> float:
        """Seconds of processor time so far, of the process with its threads and of its children."""
        return sum(_nanoseconds(pid) for pid in (self.pid, *_children(self.pid))) / 1e9


def _nanoseconds(pid: int) -> int:
    """Nanoseconds on a processor, of all threads: user and system time together."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Targets:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
        }

    def start(self) -> tuple[Target, list[Target]]:
        """The upstream, and what stands before it: the service, the bare relay and, where it is installed, nginx."""
        upstream = _free_port()
        self._run("echo", [sys.executable, "-m", "bench.echo", str(upstream)], upstream)
        targets = [self._service(upstream), self._relay(upstream)]
        if nginx := shutil.which("nginx", path=self._env["PATH"]):
            targets.append(self._nginx(nginx, upstream))
        return Target("direct", upstream), targets

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _service(self, upstream: int) -> Target:
        self._env |= {
            "SECRET_KEY": "made-for-this-bench-only-" + "x" * 40,
            "DEBUG": "true",
            "DATABASE_URL": f"sqlite:///{self._folder / 'db.sqlite3'}",
            "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{upstream}",
            "GEMINI_API_KEY": "any",
            "NO_GCE_CHECK": "true",
            "LIVE_MAX_SESSIONS_PER_USER": "1000",
            "LIVE_DRAIN_TIMEOUT": "1",
            "LOG_FORMAT": "json",
        }
        self._manage("migrate", "-v0")
        cookie = json.loads(self._manage("shell", "-v0", "-c", SIGN_IN).strip().splitlines()[-1])
        port = _free_port()
        pid = self._run("service", [sys.executable, "manage.py", "serve", "--port", str(port)], port)
        headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
        return Target("service", port, pid, "/ws/live/", headers)

    def _relay(self, upstream: int) -> Target:
        port = _free_port()
        pid = self._run("relay", [sys.executable, "-m", "bench.relay", str(port), str(upstream)], port)
        return Target("bare relay", port, pid)

    def _nginx(self, nginx: str, upstream: int) -> Target:
        port = _free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        config = self._folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self._folder, port=port, upstream=upstream, user=user))
        pid = self._run("nginx", [nginx, "-p", str(self._folder), "-c", str(config)], port)
        return Target("nginx", port, pid)

    def _manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self._env,
            cwd=ROOT,
            check=True,
            timeout=STARTING,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def _run(self, name: str, command: list[str], port: int) -> int:
        log = self._folder / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                command, env=self._env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        self._processes.append(process)
        end = time.monotonic() + STARTING
        while not _accepts(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} does not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        return process.pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
