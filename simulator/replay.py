"""Plays a recording to one socket: waits for each message that the client sent then, and answers what came then."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from aiohttp import WSMsgType, web

from simulator.connection_record import Connection
from simulator.endings import closed_in_time, cut
from simulator.endpoints import Endpoint
from simulator.message_check import read_message
from simulator.pace import Pace
from simulator.recordings import Recording
from simulator.refusals import Abort, Close, Ending, Refused
from simulator.server_messages import kind_of

MAX_MESSAGE = 16 * 2**20


class ReplaySocket:
    """After the last record it says nothing more, answers pings, and stays until the client leaves."""

    def __init__(self, recording: Recording, record: Connection, endpoint: Endpoint, pace: Pace) -> None:
        self._recording = recording
        self._record = record
        self._endpoint = endpoint
        self._pace = pace
        self._ws = web.WebSocketResponse(
            compress=False, max_msg_size=MAX_MESSAGE, decode_text=False, timeout=pace.closing_deadline
        )
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def run(self, request: web.Request, refusal: Close | None = None) -> web.WebSocketResponse:
        await self._ws.prepare(request)
        if refusal is not None:
            self.end(refusal)
        playing = asyncio.create_task(self._play())
        waited: set[asyncio.Future[Any]] = {playing, self._ending}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            await self._leave(request)
            self._record.note_closed()
        return self._ws

    async def _play(self) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                for record in self._recording.records:
                    if not record.from_client:
                        await self._ws.send_bytes(record.payload)
                        self._record.note_sent(kind_of(record.message))
                    elif not await self._heard():
                        return
                while await self._heard():
                    pass
            except Refused as refused:
                self._record.note_refused(refused.close.code, refused.close.reason)
                self.end(refused.close)

    async def _heard(self) -> bool:
        """Takes one message of the client; False when it is gone."""
        received = await self._ws.receive()
        if received.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            self._record.close_code = received.data if isinstance(received.data, int) else 1005
            return False
        message = read_message(received.data, self._endpoint.platform)
        if "setup" in message and self._record.setup is None:
            self._record.setup, self._record.model = message["setup"], message["setup"].get("model", "")
        self._record.note_frame(message)
        return True

    async def _leave(self, request: web.Request) -> None:
        ending = self._ending.result() if self._ending.done() else Close(1000)
        if isinstance(ending, Close) and not self._ws.closed:
            self._record.ended_with = (ending.code, ending.cut)
            if await closed_in_time(self._ws, ending, self._pace.closing_deadline):
                return
        cut(request, Abort())
