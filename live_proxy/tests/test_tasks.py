"""Background tasks are kept, and their errors are logged."""

from __future__ import annotations

import asyncio
import gc

from structlog.testing import capture_logs

from live_proxy import tasks
from live_proxy.tasks import spawn
from live_proxy.tests.loop_watch import until


async def test_a_task_is_kept_while_it_runs_and_let_go_after() -> None:
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        await go.wait()
        done.set()
        return 5

    spawn(work(), name="kept")
    await asyncio.sleep(0)
    gc.collect()
    assert [task.get_name() for task in tasks._running] == ["kept"]
    go.set()
    async with asyncio.timeout(5):
        await done.wait()
    await until(lambda: not tasks._running)


async def test_its_result_can_be_awaited() -> None:
    async def work() -> int:
        return 5

    assert await spawn(work(), name="five") == 5


async def test_an_error_that_nobody_awaits_is_logged_with_the_tasks_name() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with capture_logs() as logs:
        await asyncio.wait([spawn(work(), name="broken")])
        await until(lambda: logs)
    assert [(entry["event"], entry["task"], entry["error"]) for entry in logs] == [
        ("task failed", "broken", "ZeroDivisionError")
    ]
    assert not tasks._running


async def test_a_cancelled_task_is_not_an_error() -> None:
    with capture_logs() as logs:
        task = spawn(asyncio.sleep(60), name="cancelled")
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await until(lambda: not tasks._running)
    assert not logs
