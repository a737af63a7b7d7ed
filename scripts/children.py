"""Child processes that never outlive the program that started them.

Each child leads its own process group, so that Ctrl-C in the terminal reaches this program alone and the children
are stopped in order. Where the kernel can do it (Linux), a child is also told to stop when this program is killed.
"""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.05
KILLED_AFTER_STOP_SECONDS = 2.0


class ChildFailed(Exception):
    """One sentence about a child that ended or did not become ready."""


class StopRequested(Exception):
    """Somebody asked this program to stop (Ctrl-C, SIGTERM, a closed terminal)."""


class Child:
    def __init__(self, name: str, process: subprocess.Popen[str], patience: float) -> None:
        self.name = name
        self.process = process
        self.patience = patience


class Children:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._children: list[Child] = []
        self._stop_asked = 0

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)

    def _note_signal(self, number: int, frame: object) -> None:
        self._stop_asked += 1

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str], *, patience: float, piped: bool = False
    ) -> Child:
        """Start a child. `patience`: seconds between SIGTERM and SIGKILL. `piped`: its output is read by `lines`."""
        process = subprocess.Popen(
            command,
            cwd=self._directory,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else None,
            text=True,
            process_group=0,
            preexec_fn=_die_with_parent(os.getpid()),
        )
        child = Child(name, process, patience)
        self._children.append(child)
        return child

    def finish(self, child: Child) -> str:
        """Wait for a piped child that does one job; return its output."""
        output: list[str] = []
        reader = threading.Thread(target=lambda: output.extend(child.process.stdout or []), daemon=True)
        reader.start()
        while child.process.poll() is None:
            self.pause()
        reader.join(1)
        self._children.remove(child)
        if child.process.returncode != 0:
            raise ChildFailed(f"{child.name} failed (exit code {child.process.returncode}); see above.")
        return "".join(output)

    def wait_for_line(self, child: Child, pattern: str, seconds: float) -> str:
        """Pass on what a piped child prints; return the first group of the first line that matches."""
        found: list[str] = []

        def read() -> None:
            for line in child.process.stdout or []:
                sys.stdout.write(line)
                sys.stdout.flush()
                match = re.search(pattern, line)
                if match and not found:
                    found.append(match.group(1))

        threading.Thread(target=read, daemon=True).start()
        self.wait_until(lambda: bool(found), child, seconds)
        return found[0]

    def wait_until(self, ready: Callable[[], bool], child: Child, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.pause()
            if time.monotonic() > deadline:
                raise ChildFailed(f"{child.name} was not ready after {seconds:.0f} s.")

    def pause(self) -> None:
        """Wait a moment; raise when a stop was asked for or a child that should run has ended."""
        time.sleep(POLL_SECONDS)
        if self._stop_asked:
            raise StopRequested
        for child in self._children:
            code = child.process.poll()
            if code:
                raise ChildFailed(f"{child.name} stopped by itself (exit code {code}); its last words are above.")

    def watch(self) -> None:
        """Return only by an exception: a stop was asked for, or a child ended."""
        while True:
            self.pause()
            for child in self._children:
                if child.process.poll() is not None:
                    raise ChildFailed(f"{child.name} stopped by itself.")

    def stop_all(self) -> None:
        """Last started, first stopped. Whatever remains of a child's group is killed."""
        before = self._stop_asked
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
            deadline = time.monotonic() + child.patience
            # A second Ctrl-C means: now.
            while child.process.poll() is None and time.monotonic() < deadline and self._stop_asked == before:
                time.sleep(POLL_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait(KILLED_AFTER_STOP_SECONDS)
        self._children.clear()


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: after it, as little as possible

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel
