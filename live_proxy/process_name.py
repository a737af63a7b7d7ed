"""What a serving process is called in the record, and whether one that is named there can still be alive.

A name holds the host, which of its boots it is, the namespace of process ids and the id. Of the same boot and
namespace an id that runs no more is dead for certain; about any other name nothing can be said. Host and namespace
alone would not do: outside containers every Linux has the same namespace, and cloned machines have one name.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

NAMESPACE = Path("/proc/self/ns/pid")
BOOT = Path("/proc/sys/kernel/random/boot_id")
BOOT_DIGITS = 12  # of 32: with the rest a name would be longer than its column


def _host() -> str:
    return socket.gethostname()[:50]


def _neighbourhood() -> str:
    """The boot and the namespace; empty where either cannot be told."""
    try:
        boot = BOOT.read_text().strip().replace("-", "")[:BOOT_DIGITS]
        namespace = os.readlink(NAMESPACE).strip("pid:[]")
    except OSError:
        return ""
    return f"{boot}:{namespace}" if boot else ""


def process_name() -> str:
    return f"{_host()}:{_neighbourhood()}:{os.getpid()}:{uuid4().hex[:8]}"


def surely_dead(names: Iterable[str], *, own: str) -> set[str]:
    """Those of `names` whose process is gone. Where there is no boot or namespace to compare, none."""
    neighbourhood = _neighbourhood()
    dead: set[str] = set()
    if not neighbourhood:
        return dead
    here = f"{_host()}:{neighbourhood}"
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
