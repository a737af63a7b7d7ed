"""`make run`: scripts/run.py as a program, with the service and the simulator as stand-ins of a few lines."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 15.0

STAND_IN = """
import http.server, json, os, pathlib, signal, sys, threading
name, arguments = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
pathlib.Path(f"{name}.pid").write_text(str(os.getpid()))
pathlib.Path(f"{name}.env").write_text(json.dumps(dict(os.environ)))
if name == os.environ.get("BREAKS_DOWN"):
    sys.exit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer((arguments["--host"], int(arguments["--port"])), Handler)
def stop(*args):
    with open("stopped.txt", "a") as file: file.write(name + "\\n")
    if name != os.environ.get("WILL_NOT_STOP"):
        threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, stop)
if name == "live_simulator":
    print(f"[simulator] listening on http://127.0.0.1:{server.server_port} (not Google; scenario: normal)", flush=True)
server.serve_forever(0.02)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS} s"
        time.sleep(0.02)


class Run:
    """`scripts/run.py` in a folder of its own, with stand-ins for what it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / ".env.example", folder)
        (folder / "manage.py").write_text(STAND_IN)
        (folder / "scripts" / "prepare_database.py").write_text(
            "import sys; print('created' if sys.argv[1:] else 'none')"
        )
        self.process: subprocess.Popen[str] | None = None

    def start(self, **environment: str) -> "Run":
        clean = {name: value for name, value in os.environ.items() if not re.match("GOOGLE|GEMINI|LIVE|DEBUG", name)}
        with (self.folder / "out.txt").open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/run.py", "--port", str(self.port)],
                cwd=self.folder,
                env=clean | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        return self

    def start_and_wait(self, **environment: str) -> "Run":
        self.start(**environment)
        wait_until(lambda: "Ready:" in self.output, "ready")
        return self

    @property
    def output(self) -> str:
        return (self.folder / "out.txt").read_text()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def code(self) -> int:
        assert self.process is not None
        return self.process.wait(SECONDS)

    def pid(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def environment(self, name: str) -> str:
        return (self.folder / f"{name}.env").read_text()

    def left_behind(self) -> list[str]:
        return [path.stem for path in self.folder.glob("*.pid") if alive(int(path.read_text()))]


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    if run.process is not None:
        run.process.kill()
        run.process.wait()
    for path in tmp_path.glob("*.pid"):
        if alive(int(path.read_text())):
            os.kill(int(path.read_text()), signal.SIGKILL)


def test_first_run_makes_settings_with_a_key_of_their_own(run):
    run.start_and_wait()
    text = (run.folder / ".env").read_text()
    assert re.search(r"^SECRET_KEY=\S{50,}$", text, re.M)
    assert re.search(r"^DEBUG=true$", text, re.M)
    assert (run.folder / ".env").stat().st_mode & 0o077 == 0
    assert f"Ready: http://127.0.0.1:{run.port}  (sign in: demo / demo)" in run.output


def test_settings_that_exist_are_left_alone(run):
    (run.folder / ".env").write_text("SECRET_KEY=mine\nDEBUG=false\n")
    run.start_and_wait()
    assert (run.folder / ".env").read_text() == "SECRET_KEY=mine\nDEBUG=false\n"
    assert "demo" not in run.output.split("Ready:")[1]


def test_without_google_the_simulator_answers(run):
    run.start_and_wait()
    environment = run.environment("serve")
    assert re.search(r'"GOOGLE_VERTEX_BASE_URL": "http://127.0.0.1:\d+"', environment)
    assert '"LIVE_TOKEN_SOURCES": "google-auth"' in environment
    assert '"GOOGLE_CLOUD_PROJECT": "demo-project"' in environment


@pytest.mark.parametrize("name", ["GOOGLE_CLOUD_PROJECT", "GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_with_google_no_simulator_is_started(run, name):
    (run.folder / ".env").write_text(f"SECRET_KEY=mine\n{name}='something'\n")
    run.start_and_wait()
    assert not (run.folder / "live_simulator.pid").exists()
    assert "GOOGLE_VERTEX_BASE_URL" not in run.environment("serve")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_the_service_first_and_leaves_nothing_behind(run, number):
    run.start_and_wait().signal(number)
    assert run.code() == 0
    assert (run.folder / "stopped.txt").read_text().split() == ["serve", "live_simulator"]
    assert run.left_behind() == []
    assert "Traceback" not in run.output


def test_a_child_that_will_not_stop_is_killed(run):
    run.start_and_wait(WILL_NOT_STOP="serve", LIVE_DRAIN_TIMEOUT="-2").signal(signal.SIGINT)
    assert run.code() == 0
    assert run.left_behind() == []


def test_a_second_interrupt_does_not_wait(run):
    run.start_and_wait(WILL_NOT_STOP="serve", LIVE_DRAIN_TIMEOUT="60").signal(signal.SIGINT)
    wait_until(lambda: (run.folder / "stopped.txt").exists(), "first interrupt")
    run.signal(signal.SIGINT)
    assert run.code() == 0
    assert run.left_behind() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent was killed")
def test_killing_it_stops_the_children_too(run):
    run.start_and_wait().signal(signal.SIGKILL)
    wait_until(lambda: run.left_behind() == [], "children gone")


@pytest.mark.parametrize(("name", "title"), [("serve", "The service"), ("live_simulator", "The simulator")])
def test_a_child_that_breaks_down_is_named(run, name, title):
    run.start(BREAKS_DOWN=name)
    assert run.code() == 1
    assert f"{title} stopped by itself (exit code 3)" in run.output
    assert run.left_behind() == []


def test_a_child_that_dies_later_is_named(run):
    run.start_and_wait()
    os.kill(run.pid("live_simulator"), signal.SIGKILL)
    assert run.code() == 1
    assert "The simulator stopped by itself" in run.output
    assert run.left_behind() == []


def test_a_busy_port_is_one_sentence_and_starts_nothing(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        run.port = taken.getsockname()[1]
        run.start()
        assert run.code() == 1
    assert run.output == (
        f"Port {run.port} on 127.0.0.1 is in use: stop what listens there, or choose another port"
        f" with `make run PORT={run.port + 1}`.\n"
    )
    assert list(run.folder.glob("*.pid")) == [] and not (run.folder / ".env").exists()
