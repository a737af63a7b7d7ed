"""Runs every test, on all cores, in two rounds: Playwright's own event loop and asynchronous tests cannot share a
process. Arguments go to pytest in both rounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.node_packages import ensure_node_packages  # noqa: E402

NO_TESTS = 5
MOST_WORKERS = 4
# Marks, and how many workers there are beside one for each core: those that start processes mostly wait for them, while
# a browser is at work all the time.
ROUNDS = (("not browser", 1), ("browser", 0))


def main(arguments: list[str]) -> int:
    if problem := ensure_node_packages():
        print(problem, file=sys.stderr, flush=True)
    cores = min(os.cpu_count() or 1, MOST_WORKERS)
    spread = ("--dist", "loadfile", "--no-loadscope-reorder")
    codes = []
    for marks, more in ROUNDS:
        command = [sys.executable, "-m", "pytest", "-n", str(cores + more), *spread, "-m", marks, *arguments]
        codes.append(subprocess.call(command))
        if codes[-1] not in (0, NO_TESTS):
            return codes[-1]
    return 0 if 0 in codes else NO_TESTS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
