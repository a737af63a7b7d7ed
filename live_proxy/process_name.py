"""What a serving process is called in the record, and whether one that is named there can still be alive.

A name holds the host, the namespace of process ids and the id. Of the same host and namespace an id that runs no
more is dead for certain; about any other name nothing can be said.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

NAMESPACE = Path("/proc/self/ns/pid")


def _neighbourhood() -> str:
    try:
        namespace = os.readlink(NAMESPACE).strip("pid:[]")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()[:50]}:{namespace}"


def process_name() -> str:
    return f"{_neighbourhood()}:{os.getpid()}:{uuid4().hex[:8]}"


def surely_dead(names: Iterable[str], *, own: str) -> set[str]:
    """Those of `names` whose process is gone. Where ids have no namespace to compare, none."""
    here = _neighbourhood()
    dead: set[str] = set()
    if here.endswith(":"):
        return dead
    for name in names:
        place, _, rest = name.rpartition(":")[0].rpartition(":")
        if name != own and place == here and rest.isdigit() and (int(rest) == os.getpid() or not _runs(int(rest))):
            dead.add(name)
    return dead


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
