"""What the files of Application Default Credentials say about themselves: kind, account, project. No secret of theirs
leaves this module but to be hidden.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

KINDS = {
    "service_account": "a service account's key",
    "authorized_user": "a person's login (gcloud auth application-default login)",
    "external_account": "workload identity federation",
    "external_account_authorized_user": "workforce identity federation",
    "impersonated_service_account": "an impersonated service account",
    "gdch_service_account": "a service account of Distributed Cloud",
}
MAX_BYTES = 256 * 1024
SECRETS = ("private_key", "private_key_id", "refresh_token", "client_secret")


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """`problem` is a stable word where the file cannot be used: missing, unreadable, not_json, wrong_type, incomplete.
    `secrets` are its texts that must never be shown."""

    path: str
    named_by: str
    problem: str = ""
    kind: str = ""
    account: str = ""
    project: str = ""
    quota_project: str = ""
    token_host: str = ""
    open_to_others: bool = False
    secrets: tuple[str, ...] = ()


def credential_file() -> CredentialFile | None:
    """The file that Google's libraries would take; None where they would look elsewhere."""
    if named := os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return read(Path(named), "GOOGLE_APPLICATION_CREDENTIALS")
    folder = Path(os.environ.get("CLOUDSDK_CONFIG") or Path.home() / ".config" / "gcloud")
    path = folder / "application_default_credentials.json"
    return read(path, "gcloud") if path.is_file() else None


def read(path: Path, named_by: str) -> CredentialFile:
    shown = str(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return CredentialFile(shown, named_by, "unreadable")
        with path.open("rb") as file:
            data = json.loads(file.read(MAX_BYTES))
    except FileNotFoundError:
        return CredentialFile(shown, named_by, "missing")
    except OSError:
        return CredentialFile(shown, named_by, "unreadable")
    except (ValueError, RecursionError):
        return CredentialFile(shown, named_by, "not_json")
    if not isinstance(data, dict):
        return CredentialFile(shown, named_by, "wrong_type")
    texts = {key: value for key, value in data.items() if isinstance(key, str) and isinstance(value, str)}
    kind = texts.get("type", "")
    problem = "" if kind in KINDS else "wrong_type"
    if kind == "service_account" and not ("PRIVATE KEY" in texts.get("private_key", "") and texts.get("client_email")):
        problem = "incomplete"
    host = texts.get("token_uri", "").partition("://")[2].partition("/")[0]
    return CredentialFile(
        shown,
        named_by,
        problem,
        kind,
        texts.get("client_email") or texts.get("account", ""),
        texts.get("project_id", ""),
        texts.get("quota_project_id", ""),
        host,
        bool(mode & (stat.S_IRGRP | stat.S_IROTH)) and kind in ("service_account", "authorized_user"),
        tuple(texts[name] for name in SECRETS if name in texts),
    )
