"""Starts everything that a developer needs: settings, database, an account, and a Gemini to talk to.

Without credentials for Google the simulator answers in Google's place. Nothing that runs is left behind.
"""

import argparse
import errno
import http.client
import os
import re
import secrets
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.children import Child, ChildFailed, Children, StopRequested  # noqa: E402
from scripts.known_database import known_state  # noqa: E402
from scripts.local_certificate import local_certificate  # noqa: E402

SECONDS_TO_START = 30.0
SECONDS_TO_DRAIN = 3
SERVICE_ACCOUNT = ROOT / "var" / "demo" / "service-account.json"
GOOGLE_NAMES = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_API_KEY", "GEMINI_API_KEY")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--tls-port", type=int, help="default: 443 above --port")
    options = parser.parse_args()
    problem = port_problem(options.host, options.port)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    children = Children(ROOT)
    children.catch_signals()
    try:
        run(children, options.host, options.port, options.tls_port or options.port + 443)
    except ChildFailed as error:
        print(f"{error} Stopping.", file=sys.stderr)
        return 1
    except StopRequested:
        print("\nStopping.")
        return 0
    finally:
        children.stop_all()
    return 0


def run(children: Children, host: str, port: int, tls_port: int) -> None:
    environment = {**settings_file(), **os.environ}
    environment.setdefault("LIVE_DRAIN_TIMEOUT", str(SECONDS_TO_DRAIN))
    simulator = None if google_is_configured(environment) else start_simulator(children, environment)
    account = prepare_database(children, host, environment)
    if simulator:
        use_simulator(children, simulator, environment)
    tls = [] if port_problem(host, tls_port) else tls_options(tls_port)
    service = children.start(
        "The service",
        manage("serve", "--host", host, "--port", str(port), *tls),
        environment,
        patience=float(environment["LIVE_DRAIN_TIMEOUT"]) + 3,
    )
    children.wait_until(lambda: answers(host, port), service, SECONDS_TO_START)
    print(f"Ready: http://{host}:{port}{account}", flush=True)
    print(for_programs(host, port, tls_port if tls else None), flush=True)
    children.watch()


def port_problem(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} on {host} is in use: stop what listens there, or choose another port"
                    f" with `make run PORT={port + 1}`."
                )
            return f"Port {port} on {host} cannot be used: {error.strerror or error}."
        except OverflowError:
            return f"{port} is not a port: choose one from 1024 to 65535."
    return ""


def tls_options(tls_port: int) -> list[str]:
    """Google's Python SDK talks to Live over TLS only, so there is a door with it as well."""
    files = local_certificate(ROOT / "var" / "tls")
    return ["--tls-port", str(tls_port), "--tls-cert", str(files.certificate), "--tls-key", str(files.key)]


def for_programs(host: str, port: int, tls_port: int | None) -> str:
    """How Google's SDKs reach this service; the README has the whole of it."""
    node = f"SDKs:  Node    baseUrl 'http://{host}:{port}', apiKey: a token from /accounts/tokens/"
    if tls_port is None:
        return f"{node}\n       Python  its Live needs TLS, and port {port + 443} is taken: `make run PORT=…`"
    return (
        f"{node}\n"
        f"       Python  base_url 'https://localhost:{tls_port}', async_client_args={{'ssl': context}} with\n"
        "               context = ssl.create_default_context(); context.load_verify_locations('var/tls/ca.pem')"
    )


def settings_file() -> dict[str, str]:
    """What .env says; the file is made first if there is none."""
    path = ROOT / ".env"
    if not path.exists():
        text = (ROOT / ".env.example").read_text()
        text = re.sub(r"(?m)^SECRET_KEY=.*$", f"SECRET_KEY={secrets.token_urlsafe(48)}", text)
        text = re.sub(r"(?m)^DEBUG=.*$", "DEBUG=true", text)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        print("Settings: made .env from .env.example with a secret key of its own")
    found = {}
    for line in path.read_text().splitlines():
        match = re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$", line)
        if match:
            found[match.group(1)] = match.group(2).strip("'\"")
    return found


def google_is_configured(environment: dict[str, str]) -> bool:
    return any(environment.get(name) for name in GOOGLE_NAMES)


def prepare_database(children: Children, host: str, environment: dict[str, str]) -> str:
    """Migrate; return what to say about signing in."""
    debug = environment.get("DEBUG", "").lower() in ("1", "true", "yes", "on")
    wants_demo = debug and host in LOOPBACK
    state = None if environment.get("DATABASE_URL") else known_state(wants_demo=wants_demo)
    if state is None:
        command = [sys.executable, "scripts/prepare_database.py", *(["--demo"] if wants_demo else [])]
        child = children.start("Preparing the database", command, environment, patience=3, piped=True)
        state = children.finish(child).strip().splitlines()[-1]
    print("Database: up to date" + (", made the account demo / demo" if state == "created" else ""), flush=True)
    return {"created": "  (sign in: demo / demo)", "unchanged": "  (sign in: demo / demo)"}.get(state, "")


def start_simulator(children: Children, environment: dict[str, str]) -> Child:
    SERVICE_ACCOUNT.parent.mkdir(parents=True, exist_ok=True)
    print("Gemini: no Google project or key in .env, so a simulator answers in Google's place", flush=True)
    command = manage("live_simulator", "--host", "127.0.0.1", "--port", "0", "--scenario", "normal")
    return children.start(
        "The simulator",
        [*command, "--service-account", str(SERVICE_ACCOUNT)],
        environment,
        patience=3,
        piped=True,
    )


def use_simulator(children: Children, simulator: Child, environment: dict[str, str]) -> None:
    address = children.wait_for_line(simulator, r"listening on (http://\S+)", SECONDS_TO_START)
    environment |= {
        "GOOGLE_CLOUD_PROJECT": "demo-project",
        "GOOGLE_APPLICATION_CREDENTIALS": str(SERVICE_ACCOUNT),
        "GOOGLE_VERTEX_BASE_URL": address,
        "GOOGLE_GEMINI_BASE_URL": address,
        "LIVE_TOKEN_SOURCES": "google-auth",
        "NO_GCE_CHECK": "true",
    }


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def answers(host: str, port: int) -> bool:
    """Ask /health/live directly, whatever proxy the environment names."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
