"""Database work beside the event loop, in threads of our own.

Channels and Django send every thread-sensitive call of a process through one thread, where one slow query stalls
everybody; these threads are few, so the database is not flooded, and nobody's voice waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections, connections

READERS = 4


class Database:
    """`run` calls a function in one of a few threads; its connections are looked after before and after."""

    def __init__(self, threads: int = READERS, name: str = "database") -> None:
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)

    async def run[T](self, function: Callable[..., T], *args: Any, timeout: float = 10.0, **kwargs: Any) -> T:
        """Raises `TimeoutError` after `timeout` seconds; the thread is free again when the query ends."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            return await loop.run_in_executor(self._executor, lambda: with_fresh_connection(function, *args, **kwargs))

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def with_fresh_connection[T](function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call `function` with connections that a long-lived thread may trust."""
    close_old_connections()
    try:
        return function(*args, **kwargs)
    finally:
        close_old_connections()


def close_pools() -> None:
    """Close this process's connection pools. Blocking, for its very end."""
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "close_pool"):
            connection.close_pool()
