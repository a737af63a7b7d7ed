"""Knows a database that was prepared before, without starting Django, which costs a second and more each time.

Only for the SQLite file in var/. In doubt the answer is None, and the caller prepares the database as usual.
"""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATABASE = ROOT / "var" / "db.sqlite3"
MARK = ROOT / "var" / "demo" / "database.json"


def remember(*, applied: int, demo_password: str) -> None:
    """Note how a prepared database looks. `demo_password`: as stored, or empty if the account is not ours."""
    MARK.parent.mkdir(parents=True, exist_ok=True)
    noted = {"sources": sources(), "applied": applied, "demo": fingerprint(demo_password) if demo_password else ""}
    MARK.write_text(json.dumps(noted))


def demo_is_untouched(stored_password: str) -> bool:
    """Whether the account still has the password it was made with; hashing would be too dear to find out."""
    return bool(noted().get("demo")) and noted()["demo"] == fingerprint(stored_password)


def known_state(*, wants_demo: bool) -> str | None:
    """`unchanged` or `none`, as scripts/prepare_database.py would say; None if it has to be asked."""
    before = noted()
    if not DATABASE.exists() or before.get("sources") != sources():
        return None
    try:
        with closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True, timeout=1)) as connection:
            applied = connection.execute("SELECT count(*) FROM django_migrations").fetchone()[0]
            demo = connection.execute("SELECT password FROM auth_user WHERE username = 'demo'").fetchone()
    except sqlite3.Error:
        return None
    if applied != before.get("applied"):
        return None
    if not wants_demo:
        return "none"
    return "unchanged" if demo and demo_is_untouched(demo[0]) else None


def noted() -> dict[str, str | int]:
    try:
        found = json.loads(MARK.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def sources() -> str:
    """A digest of everything that brings migrations: our files, and the pinned packages."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fingerprint(stored_password: str) -> str:
    return hashlib.sha256(stored_password.encode()).hexdigest()
