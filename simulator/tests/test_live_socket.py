from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import aiohttp
import pytest
from websockets.exceptions import InvalidStatus

from simulator.connection_record import MAX_FRAMES, Connection
from simulator.server import Simulator
from simulator.tests.driving import (
    DEVELOPER_PATH,
    VERTEX_MODEL,
    VERTEX_PATH,
    audio_message,
    closing,
    dial,
    open_session,
    receive,
    send,
    setup_message,
    text_turn,
    turn,
)

INVALID = "Request contains an invalid argument."


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent",
        VERTEX_PATH.replace("/Bidi", ".Bidi"),
        DEVELOPER_PATH.replace(".Bidi", "/Bidi"),
        DEVELOPER_PATH.replace("v1beta", "v2"),
        VERTEX_PATH.lower(),
        "/",
    ],
)
async def test_wrong_paths(sim: Simulator, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with dial(sim, path):
            pass
    assert refused.value.response.status_code == 404
    assert json.loads(refused.value.response.body or b"")["error"]["status"] == "NOT_FOUND"
    assert refused.value.response.headers["x-simulator"] == "live-proxy simulator"


@pytest.mark.asyncio
@pytest.mark.parametrize("prefix", ["", "/", "//"])
@pytest.mark.parametrize("version", ["v1", "v1alpha", "v1beta"])
async def test_versions_and_slashes(sim: Simulator, prefix: str, version: str) -> None:
    async with dial(sim, prefix + DEVELOPER_PATH.replace("v1beta", version)) as ws:
        assert ws.response is not None
        assert ws.response.headers["x-simulator"] == "live-proxy simulator"
        await open_session(ws)


@pytest.mark.asyncio
async def test_http_on_a_socket_path(sim: Simulator) -> None:
    async with aiohttp.ClientSession() as session, session.get(sim.base_url + VERTEX_PATH) as response:
        assert response.status == 400
        assert (await response.json())["error"]["status"] == "INVALID_ARGUMENT"
    assert sim.connections == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (text_turn("too early"), INVALID),
        ({"setup": {"model": "models/nothing"}}, "models/nothing is not found for API version v1beta, or is not suppo"),
        (
            {"setup": {"model": "models/x", "y": 1}},
            "Invalid JSON payload received. Unknown name \"y\" at 'setup': Cann",
        ),
        ("no json", "Invalid JSON payload received."),
    ],
)
async def test_first_message(sim: Simulator, first: Any, reason: str) -> None:
    async with dial(sim) as ws:
        await ws.send(first if isinstance(first, str) else json.dumps(first))
        code, given = await closing(ws)
    assert code == (1008 if "not found" in reason else 1007)
    assert given.startswith(reason)
    assert len(given.encode()) <= 123


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (setup_message(), INVALID),
        ({"realtimeInput": {"activityStart": {}}}, INVALID),
        ({"realtimeInput": {"text": "a", "audioStreamEnd": True}}, INVALID),
        ({"realtimeInput": {"audio": {"mimeType": "audio/mp3", "data": "AAAA"}}}, INVALID),
        ({"realtimeInput": {"video": {"mimeType": "text/plain", "data": "AAAA"}}}, INVALID),
        ({"realtimeInput": {"mediaChunks": []}}, "realtime_input.media_chunks is deprecated."),
        (
            {"toolResponse": {"functionResponses": [{"name": "f", "response": {}}]}},
            "Function response must have an id.",
        ),
        ({"clientContent": {"turns": [{"role": "assistant", "parts": []}]}}, "Please use a valid role: user, model."),
    ],
)
async def test_later_messages(sim: Simulator, message: Any, reason: str) -> None:
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, message)
        code, given = await closing(ws)
    assert code == 1007
    assert given.startswith(reason)
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].refused is not None


@pytest.mark.asyncio
async def test_vertex_takes_media_chunks(sim: Simulator) -> None:
    async with dial(sim, VERTEX_PATH) as ws:
        await open_session(ws, VERTEX_MODEL)
        chunk = {"mime_type": "audio/pcm;rate=16000", "data": "AAAA"}
        await send(ws, {"realtime_input": {"media_chunks": [chunk, {"mime_type": "image/jpeg", "data": "_9j_4A"}]}})
        await sim.wait_for(lambda s: s.connections[0].video_frames == 1)
        assert (sim.connections[0].audio_frames, sim.connections[0].audio_bytes) == (1, 3)


@pytest.mark.asyncio
async def test_message_sizes(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws)
        await send(ws, audio_message(bytes(4 * 2**20)))
        await sim.wait_for(lambda s: s.connections[0].audio_bytes == 4 * 2**20)
        await ws.send("x" * (8 * 2**20 + 1))
        assert (await closing(ws))[0] == 1009
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].refused == (1009, "Message too big.")


@pytest.mark.asyncio
async def test_frames_are_binary_and_indented(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await ws.send(json.dumps(setup_message()).encode())
        assert await ws.recv() == b'{\n  "setupComplete": {}\n}\n'


@pytest.mark.asyncio
async def test_what_is_recorded(sim: Simulator) -> None:
    async with dial(sim, DEVELOPER_PATH + "?a=b") as ws:
        await open_session(ws)
        await turn(ws, "hello")
        assert sim.open_connections == 1
        await ws.close(1000, "bye")
    await sim.wait_for(lambda s: s.open_connections == 0)
    record = sim.connections[0]
    assert (record.path, record.query["a"], record.headers["x-goog-api-key"]) == (DEVELOPER_PATH, "b", "sim-key")
    assert (record.close_code, record.close_reason, record.is_open, record.refused) == (1000, "bye", False, None)
    assert record.model == "models/gemini-2.5-flash-native-audio-preview-12-2025"
    assert [next(iter(frame)) for frame in record.frames] == ["setup", "clientContent"]
    assert record.kinds[0] == "setupComplete"
    assert record.kinds[-2:] == ["generationComplete", "turnComplete"]
    assert record.closed_at is not None
    assert record.opened_at < record.sent[0][0] < record.closed_at


@pytest.mark.asyncio
async def test_a_lost_client_is_noticed(sim: Simulator) -> None:
    async with dial(sim) as ws:
        await open_session(ws)
        ws.transport.abort()
        await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].close_code == 1006


@pytest.mark.asyncio
async def test_deadlines(sim: Simulator) -> None:
    sim.pace.setup_deadline = 0.05
    async with dial(sim) as ws:
        assert await closing(ws) == (1011, "Deadline expired before operation could complete.")
    sim.pace.setup_deadline, sim.pace.connection_life = 5.0, 0.05
    async with dial(sim) as ws:
        await open_session(ws)
        assert await receive(ws) == {"goAway": {"timeLeft": "0.05s"}}
        assert await closing(ws) == (1011, "Deadline expired before operation could complete.")


@pytest.mark.asyncio
async def test_stopping_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    sim = Simulator(chunk_delay=0.05)
    await sim.start()
    ws = await dial(sim)
    await open_session(ws)
    await send(ws, text_turn("long"))
    await sim.wait_for(lambda s: "audio" in s.connections[0].kinds)
    await sim.stop()
    assert await closing(ws) == (1001, "")
    assert sim.open_connections == 0
    await ws.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    await sim.start()
    await sim.stop()


def test_records_are_bounded() -> None:
    record = Connection("/", {}, {})
    for at in range(MAX_FRAMES + 10):
        record.note_frame({"clientContent": {"at": at}})
    assert len(record.frames) <= MAX_FRAMES
    assert record.frames[-1]["clientContent"]["at"] == MAX_FRAMES + 9


@pytest.mark.asyncio
async def test_only_the_newest_connections_are_kept(sim: Simulator) -> None:
    sim.scenario = "quota"
    async with aiohttp.ClientSession() as session:
        for _ in range(505):
            with contextlib.suppress(aiohttp.WSServerHandshakeError):
                await session.ws_connect(sim.base_url + DEVELOPER_PATH)
    assert len(sim.connections) == 500
    assert sim.open_connections == 0
