"""What the parts of one session share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from live_proxy.client_port import ClientPort
from live_proxy.drafts import Serving
from live_proxy.edge.requested import Requested
from live_proxy.protocol.codec import JsonObject
from live_proxy.recorder import Recorder
from live_proxy.session.silence import Silence
from live_proxy.transcript import Transcript


@dataclass(slots=True)
class Visit:
    """`notices`: the client speaks `live-proxy.v1` and is told how it is served. `now` gives aware UTC times for
    the record; `clock` monotonic seconds for deadlines."""

    port: ClientPort
    requested: Requested
    transcript: Transcript
    recorder: Recorder
    silence: Silence
    notices: bool
    now: Callable[[], datetime]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    input_ended_at: float | None = None
    serving: Serving | None = None

    async def notify(self, notice: JsonObject) -> None:
        if self.notices:
            await self.port.send_json(notice)

    def save(self) -> None:
        """Hand what changed to the writer."""
        if self.transcript.has_dirty:
            self.recorder.save(self.transcript.take_dirty())
