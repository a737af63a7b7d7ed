"""Every check that is not a test, at the same time, each with its own line. Names as arguments pick some."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.node_packages import ensure_node_packages  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SECONDS_AT_MOST = 300

DEVELOPMENT = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "DEBUG": "false",
    "DATABASE_URL": f"sqlite:///{ROOT / 'var' / 'lint.sqlite3'}",
    "REDIS_URL": "",
}
PRODUCTION = DEVELOPMENT | {
    "ALLOWED_HOSTS": "live.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://live.example.org",
    "DATABASE_URL": "postgres://live:x@127.0.0.1:1/live",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "BEHIND_PROXY": "true",
    "SECURE_HSTS_SECONDS": "31536000",
    "GOOGLE_CLOUD_PROJECT": "example-project",
}
COMPOSE = {
    "SECRET_KEY": "x" * 50,
    "POSTGRES_PASSWORD": "x",
    "ALLOWED_HOSTS": "live.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://live.example.org",
}


@dataclass(frozen=True)
class Check:
    name: str
    commands: list[list[str]]
    environment: dict[str, str] = field(default_factory=lambda: DEVELOPMENT)


@dataclass(frozen=True)
class Outcome:
    name: str
    word: str
    seconds: float
    output: str = ""


def tool(name: str) -> str:
    return str(BIN / name)


def javascript_files() -> list[str]:
    """The ES modules of the apps; what others wrote (vendor) is not ours to check."""
    found = [path for app in ROOT.glob("*/static") for pattern in ("*.js", "*.mjs") for path in app.rglob(pattern)]
    return sorted(str(path) for path in found if "vendor" not in path.parts)


def checks() -> list[Check]:
    manage = [sys.executable, "manage.py"]
    modules = javascript_files()
    return [
        Check("ruff", [[tool("ruff"), "check", "."]]),
        Check("format", [[tool("ruff"), "format", "--check", "."]]),
        Check("mypy", [[tool("mypy"), "."]]),
        Check("imports", [[tool("lint-imports"), "--no-logo"]]),
        Check("deploy", [[*manage, "check", "--deploy", "--fail-level", "WARNING"]], PRODUCTION),
        Check("migrations", [[*manage, "makemigrations", "--check", "--dry-run"]]),
        Check("compose", [[tool("docker-compose"), "config", "-q"]], COMPOSE),
        Check("dockerfile", [[tool("hadolint"), "Dockerfile"]]),
        Check("shell", [["bash", "-n", ".ci/run"], ["sh", "-n", "scripts/pick_python.sh"]]),
        Check(
            "javascript",
            [["node", "--experimental-vm-modules", "--no-warnings", "scripts/check_modules.mjs", *modules]],
        ),
        Check("types", [[str(ROOT / "node_modules" / ".bin" / "tsc"), "-p", "jsconfig.json"]]),
    ]


def run(check: Check) -> Outcome:
    started = time.monotonic()

    def outcome(word: str, output: str = "") -> Outcome:
        return Outcome(check.name, word, time.monotonic() - started, output)

    for command in check.commands:
        if not shutil.which(command[0]):
            return outcome("skipped", f"{Path(command[0]).name} is not installed")
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **check.environment},
                capture_output=True,
                text=True,
                timeout=SECONDS_AT_MOST,
            )
        except subprocess.TimeoutExpired:
            return outcome("FAILED", f"no answer within {SECONDS_AT_MOST} s")
        if done.returncode != 0:
            return outcome("FAILED", (done.stdout + done.stderr).strip())
    return outcome("ok")


def report(outcome: Outcome) -> None:
    reason = f"  ({outcome.output})" if outcome.word == "skipped" else ""
    print(f"{outcome.name:<12} {outcome.word:<8} {outcome.seconds:5.1f} s{reason}", flush=True)
    if outcome.word == "FAILED":
        print("\n".join(f"    {line}" for line in outcome.output.splitlines()), flush=True)


def main(names: list[str], known: Callable[[], list[Check]] = checks) -> int:
    chosen = [check for check in known() if not names or check.name in names]
    unknown = set(names) - {check.name for check in chosen}
    if unknown:
        print(f"No such check: {', '.join(sorted(unknown))}. There are: {', '.join(c.name for c in known())}.")
        return 2
    (ROOT / "var").mkdir(exist_ok=True)
    if any(check.name == "types" for check in chosen) and (problem := ensure_node_packages()):
        print(problem, file=sys.stderr, flush=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        outcomes = []
        for outcome in pool.map(run, chosen):
            report(outcome)
            outcomes.append(outcome)
    failed = [outcome.name for outcome in outcomes if outcome.word == "FAILED"]
    skipped = [outcome.name for outcome in outcomes if outcome.word == "skipped"]
    if failed:
        print(f"\n{len(failed)} of {len(outcomes)} checks failed: {', '.join(failed)}")
        return 1
    if skipped and os.environ.get("CI"):
        print(f"\nSkipped, which CI does not accept: {', '.join(skipped)}")
        return 1
    print(f"\nAll {len(outcomes)} checks passed" + (f", {len(skipped)} of them skipped" if skipped else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
