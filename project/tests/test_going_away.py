"""Upstream says that it goes away while somebody speaks."""

from __future__ import annotations

import asyncio

import pytest

from project.tests.driving import AUDIO, PageSocket, Service
from simulator import Simulator
from simulator.connection_record import Connection

pytestmark = pytest.mark.service
MARKED = {"automaticActivityDetection": {"disabled": True}}
SOUND = {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA" * 160}}


async def speaking(service: Service, google: Simulator, time_left: float) -> PageSocket:
    google.pace.go_away_after, google.pace.go_away_time_left = 0.1, time_left
    google.script(["go_away"])
    page = await service.connect()
    await page.set_up(config=AUDIO, realtimeInputConfig=MARKED)
    await page.send({"realtimeInput": {"activityStart": {}}})
    for _ in range(3):
        await page.send({"realtimeInput": SOUND})
    await google.wait_for(lambda sim: any("goAway" in each.kinds for each in sim.connections))
    (seat,) = service.runtime.hub._seats
    assert seat.session is not None
    async with asyncio.timeout(5):
        while seat.session._leave_by is None and not google.connections[0].closed_at:
            await asyncio.sleep(0.01)
    return page


def heard(connection: Connection) -> tuple[list[str], int]:
    """The marks that upstream was told, and how many frames of sound."""
    marks = [mark for frame in connection.frames for mark in frame.get("realtimeInput", {})]
    return marks, connection.audio_frames


async def test_it_is_heard_to_the_end(service: Service, google: Simulator) -> None:
    page = await speaking(service, google, 30.0)
    (seat,) = service.runtime.hub._seats
    assert seat.session is not None
    seat.session.tick(seat.session._visit.loop.time())
    await page.send({"realtimeInput": SOUND})
    await page.send({"realtimeInput": {"activityEnd": {}}})
    await page.turn_end()
    await google.wait_for(lambda sim: sim.connections[0].closed_at is not None)
    assert heard(google.connections[0]) == (["activityStart", "activityEnd"], 4)


async def test_where_time_is_up_the_next_one_hears_all_of_it(service: Service, google: Simulator) -> None:
    page = await speaking(service, google, 0.5)
    await google.wait_for(lambda sim: [c.audio_frames for c in sim.connections[1:]][-1:] == [3])
    await page.send({"realtimeInput": SOUND})
    await page.send({"realtimeInput": {"activityEnd": {}}})
    await page.turn_end()
    assert heard(google.connections[-1]) == (["activityStart", "activityEnd"], 4)
