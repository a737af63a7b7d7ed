"""One BidiGenerateContent socket: from the accepted handshake to the close, with every way in which it can end.

It knows WebSocket frames and deadlines; what a message means is the dialogue's affair.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from aiohttp import WSMsgType, web

from simulator.connection_record import Connection
from simulator.dialogue import Dialogue
from simulator.endings import closed_in_time, cut
from simulator.endpoints import Endpoint
from simulator.message_check import read_message
from simulator.pace import Pace
from simulator.refusals import DEADLINE_EXPIRED, Abort, Close, Ending, Refused, invalid
from simulator.resumption import ResumableSessions
from simulator.scenarios import LIFE_ENDED, Scenario
from simulator.server_messages import (
    Message,
    Spelling,
    encode,
    go_away,
    kind_of,
    resumption_update,
    with_unknown_fields,
)
from simulator.setup_rules import Setup, World, developer_not_found, judge_setup, publisher_not_found
from simulator.speaking import Speaker

log = logging.getLogger(__name__)

MAX_MESSAGE = 8 * 2**20
# Twice the limit is still read, so that the refusal arrives: closing with unread data would reset the connection.
READ_LIMIT = 2 * MAX_MESSAGE
TOO_BIG = Close(1009, "Message too big.")
GO_AWAY_SECONDS = 60.0


class LiveSocket:
    def __init__(
        self,
        record: Connection,
        endpoint: Endpoint,
        scenario: Scenario,
        pace: Pace,
        sessions: ResumableSessions,
        world: World,
    ) -> None:
        self._record = record
        self._endpoint = endpoint
        self._scenario = scenario
        self._pace = pace
        self._sessions = sessions
        self._world = world
        self._spelling = Spelling(endpoint.is_vertex)
        self._ws = web.WebSocketResponse(
            autoping=True, compress=False, max_msg_size=READ_LIMIT, decode_text=False, timeout=pace.closing_deadline
        )
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._dialogue: Dialogue | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = 0
        self._request: web.Request | None = None

    def end(self, ending: Ending) -> None:
        """Asks for the connection to end; the first to ask decides how."""
        if not self._ending.done():
            self._ending.set_result(ending)

    async def run(self, request: web.Request, refusal: Close | None = None) -> web.WebSocketResponse:
        """Accepts the handshake and serves the socket to its end; with a refusal it ends at once."""
        self._request = request
        await self._ws.prepare(request)
        if refusal is not None:
            self._refuse(refusal)
        reading = asyncio.create_task(self._read())
        try:
            first: set[asyncio.Future[Any]] = {reading, self._ending}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._stop_tasks(reading)
            await self._leave(request)
            self._record.note_closed()
        return self._ws

    async def send(self, message: Message) -> None:
        shown = with_unknown_fields(message) if self._scenario.unknown_fields else message
        await self.send_raw(encode(shown), kind_of(message))

    async def send_raw(self, data: bytes, kind: str) -> None:
        if self._ws.closed:
            raise ConnectionResetError("the socket is closed")
        if self._scenario.text_frames:
            await self._ws.send_str(data.decode("utf-8", "replace"))
        else:
            await self._ws.send_bytes(data)
        self._record.note_sent(kind)

    async def turn_completed(self) -> None:
        """What follows a turn: a new handle, and the scenarios that end a connection after one."""
        await self._give_handle()
        self._turns += 1
        if self._turns > 1:
            return
        if self._scenario.after_turn is not None:
            self._spawn(self._end_later(self._pace.idle_close_after, self._scenario.after_turn))
        if self._scenario.go_away == "after_turn":
            self._spawn(self._say_go_away(self._pace.go_away_after, self._pace.go_away_time_left))

    async def turn_started(self) -> None:
        dialogue = self._dialogue
        if self._scenario.unresumable_while_busy and dialogue is not None and dialogue.setup.resumption:
            await self.send({"sessionResumptionUpdate": {}})

    def freeze(self) -> None:
        """Reads nothing more from the network: no message is taken, and no ping answered."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.pause_reading()

    async def drip(self) -> None:
        """One message of a mebibyte whose bytes come one at a time, as if over a dying line."""
        transport = self._request.transport if self._request is not None else None
        if transport is None:
            return
        transport.write(b"\x82\x7f" + (2**20).to_bytes(8, "big"))
        while not transport.is_closing():
            transport.write(b" ")
            await asyncio.sleep(self._pace.drip_delay)

    async def _ping(self) -> None:
        while not self._ws.closed:
            await self._ws.ping(b"simulator")
            await asyncio.sleep(self._pace.ping_interval)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._pace.setup_deadline):
                first = await self._receive()
                if first is None:
                    return
                dialogue = await self._set_up(first)
                if dialogue is None:
                    # Answers pings and swallows messages until the deadline.
                    while (message := await self._receive()) is not None:
                        self._record.note_frame(message)
                    return
            while (message := await self._receive()) is not None:
                self._record.note_frame(message)
                await dialogue.take(message)
        except Refused as refused:
            self._refuse(refused.close)
        except TimeoutError:
            self._refuse(Close(1011, DEADLINE_EXPIRED))
        except ConnectionError:
            self._record.close_code = 1006
        except Exception:
            log.exception("simulator: a connection failed")
            self.end(Close(1011, "Internal error encountered."))

    async def _receive(self) -> Message | None:
        """The next client message; None when the client is gone."""
        received = await self._ws.receive()
        match received.type:
            case WSMsgType.TEXT | WSMsgType.BINARY:
                data: bytes = received.data
                if len(data) > MAX_MESSAGE:
                    raise Refused(TOO_BIG.code, TOO_BIG.reason)
                return read_message(data, self._endpoint.platform)
            case WSMsgType.CLOSE:
                self._record.close_code = received.data or 1005
                self._record.close_reason = received.extra or ""
            case WSMsgType.ERROR if self._ws.close_code == TOO_BIG.code:
                self._record.note_refused(TOO_BIG.code, TOO_BIG.reason)
            case _ if self._record.close_code is None:
                self._record.close_code = 1006
        return None

    async def _set_up(self, first: Message) -> Dialogue | None:
        """The open session; None when setupComplete will never come."""
        self._record.note_frame(first)
        raw = first.get("setup")
        if raw is None:
            raise invalid()
        self._record.setup, self._record.model = raw, raw.get("model", "")
        self._record.changed()
        match self._scenario.at_setup:
            case "silence":
                return None
            case "model_not_found":
                raise Refused(1008, self._not_found(raw.get("model", "")))
            case "publisher_model_not_found":
                raise Refused(1008, publisher_not_found(raw.get("model", "")))
            case "pings":
                self._spawn(self._ping())
                return None
            case bytes() as message:
                await self.send_raw(message, "garbage")
                return None
            case Close(code, reason):
                raise Refused(code, reason)
            case Abort() as abort:
                self.end(abort)
                return None
        express = self._record.credential in ("api_key_header", "api_key_query")
        judged = judge_setup(raw, self._endpoint, self._world, express)
        if isinstance(judged, Close):
            raise Refused(judged.code, judged.reason)
        return await self._open(judged)

    async def _open(self, setup: Setup) -> Dialogue:
        if setup.handle and self._scenario.on_resume is not None:
            raise Refused(self._scenario.on_resume.code, self._scenario.on_resume.reason)
        history = self._sessions.find(setup.handle, setup.model_name) if setup.handle else ()
        if history is None:
            raise invalid("Invalid session handle")
        dialogue = self._dialogue = Dialogue(
            setup,
            self._spelling,
            lambda mind: Speaker(mind, self._spelling, self._scenario, self._pace, self),
            history,
        )
        await self.send(self._spelling.setup_complete())
        ending = self._scenario.after_setup or (self._scenario.after_resume if setup.handle else None)
        if ending is not None:
            self.end(ending)
            return dialogue
        await self._give_handle()
        life = self._pace.connection_life
        self._spawn(self._say_go_away(max(0.0, life - GO_AWAY_SECONDS), min(life, GO_AWAY_SECONDS)))
        if self._scenario.go_away == "after_setup":
            self._spawn(self._say_go_away(self._pace.go_away_after, self._pace.go_away_time_left))
        return dialogue

    def _not_found(self, name: str) -> str:
        if self._endpoint.is_vertex:
            return publisher_not_found(name)
        return developer_not_found(name, self._endpoint.version)

    async def _give_handle(self) -> None:
        dialogue = self._dialogue
        if dialogue is None or not dialogue.setup.resumption:
            return
        handle = self._sessions.keep(dialogue.setup.model_name, dialogue.history)
        await self.send(resumption_update(handle, dialogue.consumed if dialogue.setup.transparent else None))

    async def _say_go_away(self, after: float, time_left: float) -> None:
        await asyncio.sleep(after)
        await self.send(go_away(time_left))
        await self._end_later(time_left, self._scenario.go_away_ending or LIFE_ENDED)

    async def _end_later(self, seconds: float, ending: Ending) -> None:
        await asyncio.sleep(seconds)
        self.end(ending)

    def _refuse(self, close: Close) -> None:
        self._record.note_refused(close.code, close.reason)
        self.end(close)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop_tasks(self, reading: asyncio.Task[None]) -> None:
        tasks = {reading, *self._tasks}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._dialogue is not None:
            await self._dialogue.close()

    async def _leave(self, request: web.Request) -> None:
        ending = self._ending.result() if self._ending.done() else None
        if isinstance(ending, Close) and not self._ws.closed:
            self._record.ended_with = (ending.code, ending.cut)
            if await closed_in_time(self._ws, ending, self._pace.closing_deadline):
                return
        elif isinstance(ending, Abort):
            self._record.ended_with = (1006, "")
            cut(request, ending)
            return
        elif ending is None and self._ws.closed:
            # The client closed; should it never read what is still buffered, the rest is dropped.
            if request.transport is not None:
                asyncio.get_running_loop().call_later(self._pace.closing_deadline, cut, request, Abort())
            return
        cut(request, Abort())
