"""Upstream goes away, or says that it will, while somebody speaks."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from conversations.models import Message
from live_proxy.session import answer_relay
from live_proxy.transports.sdk import load_sdk
from project.tests.driving import AUDIO, PageSocket, Service
from simulator import Simulator
from simulator.connection_record import Connection
from simulator.live_socket import LiveSocket
from simulator.refusals import Abort

pytestmark = pytest.mark.service
MARKED = {"automaticActivityDetection": {"disabled": True}}
SOUND = {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA" * 160}}
LOUD = {"audio": {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(b"\xff\x3f" * 3200).decode()}}
SILENCE = {"audio": {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(bytes(32_000)).decode()}}


def live_socket(google: Simulator) -> LiveSocket:
    (live,) = google._sockets
    assert isinstance(live, LiveSocket)
    return live


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


async def test_the_handle_of_the_last_turn_is_waited_for(
    service: Service, google: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes behind the turn, and the one before it knows nothing of the turn."""
    monkeypatch.setattr(answer_relay, "HANDLE_COMES", 60.0)
    page = await service.talk()
    await page.type("my name is Ada")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    await live_socket(google).send({"goAway": {"timeLeft": "300s"}})
    await page.turn_end()
    (seat,) = service.runtime.hub._seats
    session, now = seat.session, asyncio.get_running_loop().time()
    assert session is not None
    async with asyncio.timeout(5):
        while session._leave_by is None or session.busy:
            await asyncio.sleep(0.01)
    ready = []
    for seconds in (1, 90):
        session.tick(now + seconds)
        ready.append(session._link.is_ready)
    assert ready == [True, False]
    assert "my name is Ada" in await page.ask("history please")
    assert (google.connections[1].setup or {})["sessionResumption"]["handle"]


@pytest.fixture
async def sdk_below(google: Simulator, settings: Any) -> None:
    await asyncio.to_thread(load_sdk)  # two seconds that no deadline of a test should bear
    settings.LIVE_TRANSPORTS = ["websocket", "sdk"]


async def test_two_losses_in_one_sentence(
    sdk_below: None, service: Service, google: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second upstream hears the end, and tells of no word."""
    monkeypatch.setattr("simulator.speaking.transcript_of_speech", lambda _: [])
    page = await service.connect()
    await page.set_up(config=AUDIO, realtimeInputConfig=MARKED)
    await page.notice("transport")
    await page.send({"realtimeInput": {"activityStart": {}}})
    await page.send({"realtimeInput": SOUND})
    await google.wait_for(lambda sim: sim.connections[-1].audio_frames == 1)
    google.scenario = "no_output"
    lose(google)
    await google.wait_for(lambda sim: [heard(each) for each in sim.connections[1:]][-1:] == [(["activityStart"], 1)])
    await page.send({"realtimeInput": {"activityEnd": {}}})
    await google.wait_for(lambda sim: heard(sim.connections[-1]) == (["activityStart", "activityEnd"], 1))
    lose(google)
    google.scenario = "normal"
    await page.until(lambda message: message.get("proxy", {}).get("transport") == "sdk")
    await page.turn_end()
    assert "seconds of speech" in page.text()


async def begun(service: Service, google: Simulator) -> PageSocket:
    """Somebody speaks, and upstream has written down the first words."""
    page = await service.connect()
    await page.set_up(config=AUDIO, inputAudioTranscription={})
    await page.notice("transport")
    for _ in range(3):
        await page.send({"realtimeInput": LOUD})
    await google.wait_for(lambda sim: sim.connections[-1].audio_frames == 3)
    await live_socket(google).send({"serverContent": {"inputTranscription": {"text": "Tell me about the"}}})
    await page.until(lambda message: "inputTranscription" in message.get("serverContent", {}))
    return page


def lose(google: Simulator) -> None:
    live_socket(google).end(Abort())


async def test_whose_end_upstream_finds_is_not_cut_off_by_its_loss(service: Service, google: Simulator) -> None:
    page = await begun(service, google)
    lose(google)
    await google.wait_for(lambda sim: [each.audio_frames for each in sim.connections[1:]][-1:] == [3])
    for sound in (LOUD, SILENCE):
        await page.send({"realtimeInput": sound})
    await page.turn_end()
    assert heard(google.connections[-1]) == ([], 5)
    await service.written()
    assert [row.status async for row in Message.objects.order_by("position")] == ["complete", "complete"]


async def test_who_has_ended_is_answered_after_a_loss(service: Service, google: Simulator) -> None:
    google.script(["no_output"])
    page = await begun(service, google)
    await page.send({"realtimeInput": {"audioStreamEnd": True}})
    await google.wait_for(lambda sim: heard(sim.connections[-1]) == (["audioStreamEnd"], 3))
    lose(google)
    await page.turn_end()
    assert heard(google.connections[-1]) == (["audioStreamEnd"], 3)


async def test_what_cannot_find_an_end_answers_what_was_said(
    sdk_below: None, service: Service, google: Simulator
) -> None:
    page = await begun(service, google)
    google.scenario = "no_live_access"
    lose(google)
    assert await page.notice("transport") == "sdk"
    await page.turn_end()
    assert "seconds of speech" in page.text()


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
