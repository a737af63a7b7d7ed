"""Writes a service-account key file with a real RSA key, whose token endpoint is the simulator.

It knows the file's format; who trusts the key is decided in oauth.
"""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

EMAIL = "simulator@demo-project.iam.gserviceaccount.com"
_KEY_ID_PREFIX = "simulator-"


def write_service_account(
    path: str | os.PathLike[str], token_uri: str, project_id: str = "demo-project", email: str = EMAIL
) -> dict[str, Any]:
    """Writes the key file, readable by its owner alone, and returns its content.

    A file that is not an earlier one of the simulator's own is never overwritten.
    """
    target = Path(path)
    if target.exists() and not _is_ours(target):
        raise FileExistsError(f"{target} exists and was not written by the simulator; it is left alone")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    info = {
        "type": "service_account",
        "project_id": project_id,
        "private_key_id": _KEY_ID_PREFIX + uuid.uuid4().hex,
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "client_email": email,
        "client_id": "100000000000000000000",
        "auth_uri": token_uri,
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(info, file, indent=2)
    return info


def _is_ours(target: Path) -> bool:
    try:
        found = json.loads(target.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and str(found.get("private_key_id", "")).startswith(_KEY_ID_PREFIX)
