"""Which processes of the record are surely dead."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from live_proxy.process_name import NAMESPACE, process_name, surely_dead

pytestmark = pytest.mark.skipif(not NAMESPACE.exists(), reason="process ids have no namespaces here")


def named(pid: int) -> str:
    host, namespace, _, own = process_name().rsplit(":", 3)
    return f"{host}:{namespace}:{pid}:{own}"


def test_a_process_that_ended_is_dead_and_one_that_runs_is_not() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        own = process_name()
        gone = named(ended.pid)
        assert surely_dead([gone, named(running.pid), own], own=own) == {gone}
    finally:
        running.communicate()


def test_an_earlier_process_with_our_own_id_is_dead() -> None:
    earlier = named(os.getpid())
    assert surely_dead([earlier], own=process_name()) == {earlier}


@pytest.mark.parametrize("name", ["", "elsewhere:1:1:abc", "host:pid:not-a-number:x", ":::", "a:b"])
def test_of_other_hosts_nothing_is_known(name: str) -> None:
    assert surely_dead([name], own=process_name()) == set()
