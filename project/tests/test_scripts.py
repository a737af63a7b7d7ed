"""The scripts behind the Makefile that are not `make run`: which Python, what is installed, what lint says."""

import os
import re
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scripts import known_database, lint, set_up

ROOT = Path(__file__).resolve().parent.parent.parent

# --- The Python that .venv is made with ---------------------------------------------------------------------------


def programs(folder: Path, **scripts: str) -> str:
    folder.mkdir()
    for name, script in scripts.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    return str(folder)


def pick(path: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # In an empty folder, so that a .venv of the project is not among the candidates.
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "pick_python.sh")],
        cwd=folder,
        env={"PATH": path},
        capture_output=True,
        text=True,
    )


BROKEN_SHIM = 'echo "pyenv: $0: command not found" >&2; exit 127'
OLD = "exit 1"  # what a version below the floor answers to the question
GOOD = f'exec {sys.executable} "$@"'


def test_a_shim_that_does_not_run_is_passed_over(tmp_path):
    found = pick(programs(tmp_path / "bin", **{"python3.14": BROKEN_SHIM, "python3.13": GOOD}), tmp_path)
    assert found.returncode == 0 and found.stderr == ""
    assert os.access(found.stdout.strip(), os.X_OK)


def test_an_old_python3_is_passed_over(tmp_path):
    found = pick(programs(tmp_path / "bin", **{"python3.12": GOOD, "python3": OLD}), tmp_path)
    assert found.returncode == 0


@pytest.mark.parametrize("scripts", [{}, {"python3": OLD}, {"python3.13": BROKEN_SHIM, "python3": BROKEN_SHIM}])
def test_without_a_python_it_says_what_to_install(tmp_path, scripts):
    found = pick(programs(tmp_path / "bin", **scripts), tmp_path)
    assert found.returncode == 1 and found.stdout == ""
    assert found.stderr.count("\n") == 1 and "install Python 3.13" in found.stderr


def test_make_asks_for_the_python_in_the_same_way():
    found = subprocess.run(["make", "python"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert os.access(found.stdout.strip(), os.X_OK)


# --- Installing -----------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The set-up script, pointed at an empty folder; a real venv, and pip replaced by a stand-in."""
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(set_up, "VENV_PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(set_up, "LOG", tmp_path / "var" / "install.log")
    (tmp_path / "requirements.txt").write_text("one==1 --hash=sha256:00\n")
    return tmp_path


@pytest.fixture
def installed(house, monkeypatch):
    """Commands that were run; the first file named on each decides whether it works."""
    commands: list[list[str]] = []

    def run_logged(command: list[str]) -> int:
        commands.append(command)
        if "venv" in command:
            (house / ".venv" / "bin").mkdir(parents=True)
            (house / ".venv" / "pyvenv.cfg").touch()
            (house / ".venv" / "bin" / "python").symlink_to(sys.executable)
            return 0
        set_up.LOG.parent.mkdir(exist_ok=True)
        set_up.LOG.write_text(os.environ.get("PIP_SAYS", ""))
        return 1 if os.environ.get("PIP_SAYS") else 0

    monkeypatch.setattr(set_up, "run_logged", run_logged)
    return commands


def test_a_second_run_installs_nothing(installed, house):
    assert set_up.main(["requirements.txt"]) == 0
    assert len(installed) == 2
    assert set_up.main(["requirements.txt"]) == 0
    assert len(installed) == 2


def test_changed_requirements_are_installed(installed, house):
    set_up.main(["requirements.txt"])
    (house / "requirements.txt").write_text("one==2 --hash=sha256:00\n")
    set_up.main(["requirements.txt"])
    assert [("pip" in command) for command in installed] == [False, True, True]
    assert "--require-hashes" in installed[-1]


def test_an_environment_whose_python_is_gone_is_built_anew(installed, house, capsys):
    set_up.main(["requirements.txt"])
    (house / ".venv" / "bin" / "python").unlink()
    assert set_up.main(["requirements.txt"]) == 0
    assert sum("venv" in command for command in installed) == 2
    assert "another Python" in capsys.readouterr().out


def test_a_folder_that_is_no_environment_is_never_removed(installed, house, capsys):
    (house / ".venv").mkdir()
    (house / ".venv" / "precious.txt").touch()
    assert set_up.main(["requirements.txt"]) == 1
    assert (house / ".venv" / "precious.txt").exists()
    assert "no virtual environment" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: No matching distribution found for one==1", "check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was pinned"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
    ],
)
def test_a_failed_install_is_one_sentence(installed, house, monkeypatch, capsys, said, told):
    monkeypatch.setenv("PIP_SAYS", said)
    assert set_up.main(["requirements.txt"]) == 1
    error = capsys.readouterr().err
    assert told in error and str(set_up.LOG) in error and error.count("\n") == 1
    assert not (house / ".venv" / ".installed-requirements.txt").exists()


def test_a_missing_venv_module_is_one_sentence(installed, house, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert set_up.main(["requirements.txt"]) == 1
    error = capsys.readouterr().err
    assert "install its venv module" in error and error.count("\n") == 1


# --- A database that was prepared before --------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path, monkeypatch):
    """An SQLite file as the script left it, with one migration and the account demo."""
    monkeypatch.setattr(known_database, "ROOT", tmp_path)
    monkeypatch.setattr(known_database, "DATABASE", tmp_path / "db.sqlite3")
    monkeypatch.setattr(known_database, "MARK", tmp_path / "var" / "database.json")
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "app" / "migrations").mkdir(parents=True)
    connection = sqlite3.connect(tmp_path / "db.sqlite3")
    connection.execute("CREATE TABLE django_migrations AS SELECT 1")
    connection.execute("CREATE TABLE auth_user AS SELECT 'demo' AS username, 'hash' AS password")
    connection.commit()
    known_database.remember(applied=1, demo_password="hash")
    yield connection
    connection.close()


def test_a_prepared_database_is_known(database):
    assert known_database.known_state(wants_demo=True) == "unchanged"
    assert known_database.known_state(wants_demo=False) == "none"


def test_a_new_migration_is_noticed(database, tmp_path):
    (tmp_path / "app" / "migrations" / "0002_more.py").touch()
    assert known_database.known_state(wants_demo=True) is None


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM django_migrations",
        "UPDATE auth_user SET password = 'another'",
        "DELETE FROM auth_user",
        "DROP TABLE auth_user",
    ],
)
def test_a_database_that_changed_is_asked_again(database, change):
    database.execute(change)
    database.commit()
    assert known_database.known_state(wants_demo=True) is None


def test_a_missing_database_is_not_known(database, tmp_path):
    (tmp_path / "db.sqlite3").unlink()
    assert known_database.known_state(wants_demo=True) is None


# --- make lint ------------------------------------------------------------------------------------------------------


def check(name: str, code: str) -> lint.Check:
    return lint.Check(name, [[sys.executable, "-c", textwrap.dedent(code)]])


def test_lint_reports_every_failure_and_fails(capsys):
    known = [check("bad", "print('this is why'); raise SystemExit(1)"), check("good", "")]
    assert lint.main([], lambda: known) == 1
    out = capsys.readouterr().out
    assert re.search(r"^bad +FAILED", out, re.M) and "    this is why" in out
    assert re.search(r"^good +ok", out, re.M) and "1 of 2 checks failed: bad" in out


def test_lint_names_what_it_skips_and_ci_does_not_accept_it(capsys, monkeypatch):
    known = [lint.Check("script", [["no-such-program"]])]
    monkeypatch.delenv("CI", raising=False)
    assert lint.main([], lambda: known) == 0
    assert "no-such-program is not installed" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    assert lint.main([], lambda: known) == 1


def test_lint_runs_only_what_is_asked_for(capsys):
    assert lint.main(["good"], lambda: [check("good", ""), check("bad", "raise SystemExit(1)")]) == 0
    assert lint.main(["typo"], lambda: [check("good", "")]) == 2
