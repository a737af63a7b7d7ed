"""Words between processes: a row is the command, the channel layer only makes the others look at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

import structlog
from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from live_proxy.database import Database
from live_proxy.models import ControlCommand
from live_proxy.tasks import spawn

log = structlog.get_logger(__name__)

GROUP = "live.commands"
POLL = 2.0
KEEP = timedelta(hours=1)
LOOK_BACK = timedelta(seconds=30)
LAYER_TIMEOUT = 1.0
LAYER_ERRORS = (OSError, RedisError, ChannelFull, RuntimeError)


def tell(kind: ControlCommand.Kind, *subjects: object) -> None:
    """Tell every process, once the surrounding transaction is committed. Blocking."""
    if subjects:
        ControlCommand.objects.bulk_create(ControlCommand(kind=kind, subject=str(subject)) for subject in subjects)
        transaction.on_commit(_wake)


def _wake() -> None:
    with contextlib.suppress(*LAYER_ERRORS):  # the row is read within two seconds in any case
        async_to_sync(_send_wake)()


async def _send_wake() -> None:
    layer = get_channel_layer()
    if layer is not None:
        async with asyncio.timeout(LAYER_TIMEOUT):
            await layer.group_send(GROUP, {"type": "wake"})


class Listener:
    """One per process. `obey` is called with the kind and the subject of each new command."""

    def __init__(self, database: Database, obey: Callable[[str, str], None]) -> None:
        self._database = database
        self._obey = obey
        self._seen: set[int] | None = None
        self._wake = asyncio.Event()

    async def run(self) -> None:
        waker = spawn(self._listen(), name="command-waker")
        try:
            while True:
                with contextlib.suppress(DatabaseError, InterfaceError, TimeoutError):
                    await self._read()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            waker.cancel()

    async def _listen(self) -> None:
        """Wait for wakes; a layer that is away is asked again, for the rows are read meanwhile."""
        while True:
            try:
                layer = get_channel_layer()
                if layer is None:
                    return
                name = await layer.new_channel()
                await layer.group_add(GROUP, name)
                while True:
                    await layer.receive(name)
                    self._wake.set()
            except LAYER_ERRORS as error:
                log.warning("channel layer is away, commands are polled", error=type(error).__name__)
                await asyncio.sleep(POLL)

    async def _read(self) -> None:
        rows = await self._database.run(self._new_rows)
        for kind, subject in rows:
            self._obey(kind, subject)

    def _new_rows(self) -> list[tuple[str, str]]:
        """Rows that this process has not seen. By time rather than by number: rows become visible in the order of
        their commits, and a lower number may come later."""
        recent = ControlCommand.objects.filter(created_at__gte=timezone.now() - LOOK_BACK)
        rows = list(recent.order_by("pk").values_list("pk", "kind", "subject"))
        first, seen = self._seen is None, self._seen or set()
        new = [] if first else [(kind, subject) for pk, kind, subject in rows if pk not in seen]
        self._seen = {pk for pk, _, _ in rows}
        if new:
            ControlCommand.objects.filter(created_at__lt=timezone.now() - KEEP).delete()
        return new
