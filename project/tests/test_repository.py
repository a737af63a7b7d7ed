"""The repository itself: what is documented, what is forbidden, and that the deployment files are sound."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import lint

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = ROOT / "project" / "settings.py"
EXAMPLE = ROOT / ".env.example"
LINES_AT_MOST = 350
# Longer on purpose, each with its reason.
LONG_FILES: dict[str, str] = {}
NOT_OURS = {"vendor", "node_modules", "migrations", ".venv", "var", "staticfiles", "fixtures", "recordings"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}


def ours(*suffixes: str) -> list[Path]:
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and (name == ".ci" or name[0] not in "._"))
        found += [Path(folder) / name for name in sorted(files) if name.endswith(suffixes)]
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- Settings are documented --------------------------------------------------------------------------------------


def settings_read() -> list[str]:
    """First arguments of `env.<reader>("NAME", …)` in the settings file."""
    calls = (node for node in ast.walk(ast.parse(SETTINGS.read_text())) if isinstance(node, ast.Call))
    return sorted(
        {
            str(call.args[0].value)
            for call in calls
            if isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "env"
            and call.args
            and isinstance(call.args[0], ast.Constant)
        }
    )


def test_the_settings_file_is_understood():
    assert {"SECRET_KEY", "DATABASE_URL", "GEMINI_API_KEY", "LIVE_SETUP_TIMEOUT"} <= set(settings_read())


@pytest.mark.parametrize("name", settings_read())
def test_every_setting_is_in_the_example_and_in_the_table(name):
    assert re.search(rf"^#?{name}=", EXAMPLE.read_text(), re.M), f"{name} is missing in .env.example"
    assert f"\n| `{name}` |" in (ROOT / "docs" / "settings.md").read_text(), f"{name} is missing in docs/settings.md"


def test_the_example_has_no_setting_that_nobody_reads():
    names = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.M))
    assert names - set(settings_read()) == {"GOOGLE_APPLICATION_CREDENTIALS"}  # read by google-auth


def test_the_example_gives_away_no_secret_and_is_safe():
    values = dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE.read_text(), re.M))
    for name in ("SECRET_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "DATABASE_URL"):
        assert values[name] == ""
    assert values["DEBUG"] == "false" and values["ALLOW_SIGNUP"] == "false"


def test_defaults_in_the_example_are_those_of_the_code():
    """What is commented out must say what happens anyway."""
    source = SETTINGS.read_text()
    for name, value in re.findall(r"^#(LIVE_[A-Z_]+)=([\d.]+)$", EXAMPLE.read_text(), re.M):
        default = re.search(rf'"{name}", default=([\d.]+)', source)
        assert default and float(default.group(1)) == float(value), name


# --- Documents ----------------------------------------------------------------------------------------------------


def test_the_readme_is_short_and_starts_with_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    commands = [line for line in lines if line.startswith("make ")]
    assert commands == ["make run", "make test"] and lines.index("make test") < 30


@pytest.mark.parametrize("path", ours(".md"), ids=name_of)
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", path.read_text()):
        assert (path.parent / target).exists(), f"{name_of(path)} links to {target}"


def test_decisions_are_numbered_once_and_have_three_parts():
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]}. ")
        assert re.findall("^## (.*)$", text, re.M) == ["Context", "Decision", "Consequences"]
        assert len(text.splitlines()) <= 60


def test_contributing_ends_with_how_to_add_a_field_and_a_transport():
    headings = re.findall("^## (.*)$", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    assert headings[-2:] == ["Adding a Live API field", "Adding a transport"]


def test_the_changelog_has_an_unreleased_part():
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text()


def test_commands_in_the_documents_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in ours(".md"):
        for command in re.findall(r"`make ([a-z-]+)", path.read_text()):
            assert command in targets, f"{name_of(path)}: make {command}"


def test_make_alone_lists_every_public_target():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("help", "run", "test", "lint", "format", "lock", "migrate", "clean"):
        assert re.search(rf"^  make {target} ", listed, re.M), target


# --- Files --------------------------------------------------------------------------------------------------------


def test_no_file_is_too_long():
    code = ours(".py", ".js", ".mjs", ".css", ".html", ".sh", ".yml", ".toml") + [
        ROOT / "Makefile",
        ROOT / "Dockerfile",
    ]
    long = {name_of(path) for path in code if len(path.read_text().splitlines()) > LINES_AT_MOST}
    assert long == set(LONG_FILES)


def test_no_file_has_a_name_that_says_nothing():
    assert [name_of(path) for path in ours(".py", ".js", ".mjs") if path.stem in FORBIDDEN_NAMES] == []


def test_scripts_that_are_run_directly_are_executable():
    for name in (".ci/run", "manage.py", "scripts/pick_python.sh"):
        assert os.access(ROOT / name, os.X_OK), name


def test_no_secret_lies_in_the_repository():
    shapes = re.compile(
        r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\n[A-Za-z0-9+/]"
    )
    everything = ours(".py", ".js", ".md", ".yml", ".toml", ".json", ".html", ".example", ".conf")
    shipped = [path for path in everything if "tests" not in path.parts]  # tests make up tokens of the right shape
    assert [name_of(path) for path in shipped if shapes.search(path.read_text())] == []


def test_requirements_are_pinned_with_hashes():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        blocks = re.findall(r"^\S+==\S+.*?(?=^\S|\Z)", text, re.M | re.S)
        assert blocks and all("--hash=sha256:" in block for block in blocks), name
        assert "://" not in text, f"{name} names where packages come from"


# --- Deployment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["compose", "dockerfile", "shell"])
def test_deployment_files_pass_their_tools(name):
    outcome = lint.run(next(check for check in lint.checks() if check.name == name))
    if outcome.word == "skipped":
        pytest.skip(outcome.output)
    assert outcome.word == "ok", outcome.output


@pytest.mark.parametrize("missing", sorted(lint.COMPOSE))
def test_compose_names_a_missing_secret(missing):
    tool = Path(sys.executable).parent / "docker-compose"
    if not tool.exists():
        pytest.skip("docker-compose is not installed")
    given = {name: value for name, value in lint.COMPOSE.items() if name != missing}
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | given
    # Without --env-file a developer's .env would fill in what is missing.
    found = subprocess.run(
        [tool, "--env-file", "/dev/null", "config", "-q"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert found.returncode != 0 and f"set {missing}" in found.stderr


def test_every_container_is_hardened():
    text = (ROOT / "docker-compose.yml").read_text()
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert line in text.split("services:")[0]
    services = re.findall(r"^  (\w+):\n    <<: \*(?:service|hardened)$", text, re.M)
    assert services == ["web", "migrate", "db", "redis"]


def test_the_image_runs_without_root_and_without_a_shell():
    text = (ROOT / "Dockerfile").read_text()
    assert "\nUSER 10001:10001\n" in text and "\nSTOPSIGNAL SIGTERM\n" in text and "\nHEALTHCHECK " in text
    assert re.search(r'^CMD \["python", "manage.py", "serve", ', text, re.M)


def test_the_image_gets_every_app_and_nothing_private():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps <= kept and {"manage.py", "requirements.txt", "project", "templates"} <= kept
    assert not {".env", "var", ".git"} & kept
