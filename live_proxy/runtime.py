"""What one process shares among its sessions, wired from the configuration, and its periodic duties."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from django.db import DatabaseError, InterfaceError

from conversations.records import Record
from conversations.selectors import processes_with_open_sessions
from conversations.services import (
    Applied,
    Swept,
    erase_piece,
    records_apply,
    sessions_heartbeat,
    sessions_sweep,
    visits_erase_ended,
)
from live_proxy import commands, metrics, resumptions
from live_proxy.breaker.breaker import Breaker
from live_proxy.breaker.memory import MemoryStore
from live_proxy.breaker.redis_store import RedisStore
from live_proxy.breaker.rules import key_of
from live_proxy.candidates import Candidate, TransportName
from live_proxy.close_codes import NO_CONVERSATION, SIGNED_OUT, TAKEN_OVER, CloseCode
from live_proxy.config import LiveConfig, live_config
from live_proxy.credentials import TokenProvider
from live_proxy.database import Database, with_fresh_connection
from live_proxy.edge.requested import requested
from live_proxy.edge.upstream_setup import upstream_setup
from live_proxy.errors import Failure
from live_proxy.exports import Exports
from live_proxy.hub import Hub, Seat, check
from live_proxy.ladder import Ladder
from live_proxy.lease import HEARTBEAT, LEASE, lease_until
from live_proxy.models import ControlCommand
from live_proxy.process_name import process_name, surely_dead
from live_proxy.recorder import now
from live_proxy.tasks import spawn
from live_proxy.transports.base import Transport
from live_proxy.transports.rest import RestTransport
from live_proxy.transports.sdk import SdkTransport, load_sdk
from live_proxy.transports.websocket import WebSocketTransport, tls_context
from live_proxy.writer import Writer

log = structlog.get_logger(__name__)

CHECK_EVERY = 30.0
CHECK_AGAIN = 1.0
SWEEP_EVERY = 10.0
TIDY_EVERY = 10.0
PIECES_A_ROUND = 40
BETWEEN_PIECES = 0.2
COMMIT_TIMEOUT = 2.0
PREPARE_TIMEOUT = 5.0
PROBE = requested({})
TRANSPORTS: dict[TransportName, Callable[..., Transport]] = {
    "websocket": WebSocketTransport,
    "sdk": SdkTransport,
    "rest": RestTransport,
}


class Runtime:
    def __init__(self, config: LiveConfig) -> None:
        self.config = config
        self.process = process_name()
        self.database = Database()
        self.exports = Exports()
        self.writer = Writer(_apply, commit_timeout=COMMIT_TIMEOUT)
        self.tokens = TokenProvider(config.token_sources)
        self.hub = Hub(max_sessions=config.max_sessions, max_per_user=config.max_sessions_per_user)
        self.breaker = Breaker(RedisStore(config.redis_url) if config.redis_url else MemoryStore(), self._probe)
        self.ladder = Ladder(
            self.transport,
            setup_timeout=config.setup_timeout,
            climb_timeout=config.climb_timeout,
            breaker=self.breaker,
        )
        self.listener = commands.Listener(self.database, self._obey)
        self._tasks: list[asyncio.Task[None]] = []

    def transport(self, candidate: Candidate) -> Transport:
        """A transport for `candidate`, not yet open."""
        return TRANSPORTS[candidate.transport](
            candidate,
            addresses=self.config.addresses,
            tokens=self.tokens,
            api_key=self.config.api_key,
            setup_timeout=self.config.setup_timeout,
        )

    async def _probe(self, key: str) -> Failure | None:
        """Set a candidate up and leave again. None where it would serve, or is no longer configured."""
        candidate = next((each for each in self.config.every_candidate if key_of(each) == key), None)
        if candidate is None:
            return None
        transport = self.transport(candidate)
        setup = upstream_setup(PROBE, candidate, project=self.config.addresses.project)
        try:
            await transport.open(setup, (), asyncio.get_running_loop().time() + self.config.setup_timeout)
        except Failure as failure:
            return failure
        finally:
            await transport.close()
        return None

    def start(self) -> None:
        self.writer.start()
        tls_context()  # made once, and not while somebody waits for a dial
        self._tasks = [
            spawn(self.hub.tick_forever(), name="ticker"),
            spawn(self.listener.run(), name="commands"),
            spawn(self.breaker.run(), name="breaker"),
            spawn(_every(HEARTBEAT.total_seconds(), self._heartbeat), name="heartbeat"),
            spawn(_every(SWEEP_EVERY, self._sweep), name="sweeper"),
            spawn(_every(TIDY_EVERY, self._tidy), name="tidier"),
            spawn(_every(CHECK_EVERY, self._check_credentials), name="credential-check"),
        ]
        if "sdk" in self.config.transports:
            # Two seconds of work that the first who needs it should not wait for; in a thread of its own.
            threading.Thread(target=load_sdk, name="sdk-import", daemon=True).start()
        if "vertex" in self.config.platforms:
            spawn(self._preload_token(), name="token-preload")

    async def stop(self) -> None:
        """Drain what is open and write what is queued. After this the runtime is of no use."""
        await self.hub.drain(self.config.drain_timeout)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.writer.stop()
        await self.tokens.close()
        self.database.close()
        self.exports.close()

    async def _preload_token(self) -> None:
        """The first person should not wait for gcloud. What goes wrong is logged where it happens."""
        with contextlib.suppress(Failure):
            await self.tokens.token()

    async def _heartbeat(self) -> None:
        fences = self.hub.fences()
        metrics.WRITER_LAG.set(self.writer.lag)
        if fences:
            at = now()
            lost = await self.database.run(sessions_heartbeat, fences=fences, now=at, lease_until=lease_until(at))
            for session_id in lost:
                self.session_lost(session_id)

    async def _sweep(self) -> None:
        swept = await self.database.run(self._sweep_now)
        if swept.sessions:
            log.warning("closed what a dead process left", sessions=swept.sessions)

    def _sweep_now(self) -> Swept:
        """Blocking. Of this host's own processes the dead are known at once: after a crash nobody should wait for
        leases to run out, nor have sessions counted that nobody holds."""
        dead = surely_dead(processes_with_open_sessions(), own=self.process)
        return sessions_sweep(now=now(), stale_after=LEASE + timedelta(seconds=5), dead=dead)

    async def _tidy(self) -> None:
        """Erase what nobody may see again; with a pause behind each piece, for those who write to the record."""
        await self.database.run(resumptions.forget_expired, now())
        await self.database.run(visits_erase_ended, now=now())
        erased, pieces = 0, 0
        more = True
        while more and pieces < PIECES_A_ROUND:
            piece = await self.database.run(erase_piece, now=now())
            erased, pieces, more = erased + piece.conversations, pieces + 1, piece.more
            await asyncio.sleep(BETWEEN_PIECES)
        if erased:
            log.info("erased what its owners deleted", conversations=erased)

    async def prepare(self) -> None:
        """What is better done before the first visitor; bounded, and not worth failing for."""
        with contextlib.suppress(DatabaseError, InterfaceError, TimeoutError):
            async with asyncio.timeout(PREPARE_TIMEOUT):
                await self._sweep()

    async def _check_credentials(self) -> None:
        async for seat in self._lapsed():
            seat.close(CloseCode.SIGNED_OUT, SIGNED_OUT)

    async def check_user(self, user_id: int) -> None:
        """Close the sockets of a user whose sign-in no longer holds. Asked twice: a change of password refreshes the
        session it was made in a moment after it ends all the others."""
        if [seat async for seat in self._lapsed(user_id)]:
            await asyncio.sleep(CHECK_AGAIN)
            async for seat in self._lapsed(user_id):
                seat.close(CloseCode.SIGNED_OUT, SIGNED_OUT)

    async def _lapsed(self, user_id: int | None = None) -> AsyncIterator[Seat]:
        """The seats whose credential holds no more, of one user or of all. A few at a time: where the database is slow
        all together would take longer than it is waited for, and nobody would be closed."""
        seats = self.hub.seats(user_id)
        while seats:
            checked, lapsed = await self.database.run(check, seats)
            for seat in lapsed:
                yield seat
            del seats[:checked]

    async def tell_session_lost(self, session_id: UUID) -> None:
        """Another session took this one's conversation: here at once, elsewhere by command."""
        if self.hub.holds(session_id):
            self.session_lost(session_id)
        else:
            await self.database.run(commands.tell, ControlCommand.Kind.CLOSE_SESSION, session_id)

    def _obey(self, kind: str, subject: str) -> None:
        match kind:
            case ControlCommand.Kind.CLOSE_LOGIN:
                self.hub.close_login(subject, SIGNED_OUT)
            case ControlCommand.Kind.CHECK_USER:
                spawn(self.check_user(int(subject)), name="check-user")
            case ControlCommand.Kind.CLOSE_SESSION:
                self.session_lost(UUID(subject))
            case ControlCommand.Kind.CONVERSATION_GONE:
                self.hub.close_session(UUID(subject), CloseCode.NO_CONVERSATION, NO_CONVERSATION)

    def session_lost(self, session_id: UUID) -> None:
        self.hub.close_session(session_id, CloseCode.TAKEN_OVER, TAKEN_OVER)


def _apply(records: Sequence[Record]) -> Applied:
    return with_fresh_connection(records_apply, records=records)


async def _every(seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
    """Do a duty for ever; a database that is away costs one round."""
    failing = False
    while True:
        try:
            await duty()
            failing = False
        except (DatabaseError, InterfaceError, TimeoutError, OSError) as error:
            if not failing:
                log.warning("a periodic duty failed", error=type(error).__name__)
            failing = True
        await asyncio.sleep(seconds)


_runtimes: WeakKeyDictionary[asyncio.AbstractEventLoop, Runtime] = WeakKeyDictionary()


def current_runtime() -> Runtime:
    """The runtime of this event loop, started on first use: not every server announces a start."""
    loop = asyncio.get_running_loop()
    runtime = _runtimes.get(loop)
    if runtime is None:
        runtime = _runtimes[loop] = Runtime(live_config())
        runtime.start()
    return runtime


async def stop_runtime() -> None:
    """Stop this loop's runtime, once. It stays where it is and refuses whoever comes late."""
    runtime = _runtimes.get(asyncio.get_running_loop())
    if runtime is not None and not runtime.hub.draining:
        await runtime.stop()


def health() -> dict[str, str]:
    """`ok`, or what is wrong, for the writer and for taking visitors in. From any thread."""
    runtimes = [runtime for loop, runtime in list(_runtimes.items()) if not loop.is_closed()]
    return {
        "writer": "failing" if any(runtime.writer.failing for runtime in runtimes) else "ok",
        "admission": "draining" if any(runtime.hub.draining for runtime in runtimes) else "ok",
    }
