"""Which processes of the record are surely dead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conversations.models import Session
from live_proxy import process_name as module
from live_proxy.process_name import NAMESPACE, process_name, surely_dead

pytestmark = pytest.mark.skipif(not NAMESPACE.exists(), reason="process ids have no namespaces here")


def named(pid: int) -> str:
    place, _, own = process_name().rsplit(":", 2)
    return f"{place}:{pid}:{own}"


def ended_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_process_that_ended_is_dead_and_one_that_runs_is_not() -> None:
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        own = process_name()
        gone = named(ended_pid())
        assert surely_dead([gone, named(running.pid), own], own=own) == {gone}
    finally:
        running.communicate()


def test_an_earlier_process_with_our_own_id_is_dead() -> None:
    earlier = named(os.getpid())
    assert surely_dead([earlier], own=process_name()) == {earlier}


@pytest.mark.parametrize("name", ["", "elsewhere:1:1:abc", "host:pid:not-a-number:x", ":::", "a:b"])
def test_of_other_hosts_nothing_is_known(name: str) -> None:
    assert surely_dead([name], own=process_name()) == set()


def test_a_machine_of_the_same_name_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Cloned machines share the host name, and outside containers all have one namespace."""
    theirs = [named(ended_pid()), named(os.getpid())]
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(module, "BOOT", boot)
    assert surely_dead(theirs, own=process_name()) == set()  # nor where the boot has no id
    boot.write_text("00000000-1111-4222-8333-444444444444\n")
    assert surely_dead(theirs, own=process_name()) == set()
    assert surely_dead([named(os.getpid())], own=process_name()) != set()


def test_names_without_a_boot_are_not_judged() -> None:
    """So a former version called its processes, and may still run beside this one."""
    host, _, namespace, _, own = process_name().split(":")
    earlier = {f"{host}:{namespace}:{pid}:{own}" for pid in (ended_pid(), os.getpid())}
    assert surely_dead(earlier, own=process_name()) == set()


def test_a_name_fits_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "h" * 253)
    monkeypatch.setattr("os.getpid", lambda: 4_194_304)
    assert len(process_name()) <= (Session._meta.get_field("process").max_length or 0)
