"""Recordings: how they are read, what is refused, and how one is played. The ones here are made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator.recordings import Recording, read_recording
from simulator.server import Simulator
from simulator.tests.driving import DEVELOPER_MODEL, KEY, closing, dial, receive, send, setup_message, text_turn

SETUP = json.dumps(setup_message()).encode()
ASKED = json.dumps(text_turn("hello")).encode()
SAID = b'{\n  "serverContent": {\n    "turnComplete": true\n  }\n}\n'
READY = b'{\n  "setupComplete": {}\n}\n'
CASSETTE = f"""
version: 1
interactions:
- kind: message
  direction: sent
  data: {{setup: {{model: {DEVELOPER_MODEL}}}}}
- kind: message
  direction: received
  data: {{setupComplete: {{}}}}
"""


def written(*records: tuple[bytes, bytes]) -> bytes:
    return b"".join(b"%s%d %s\n" % (side, len(payload) + 1, payload) for side, payload in records)


def recording(folder: Path) -> Recording:
    path = folder / "made_up.websocket.log"
    path.write_bytes(written((b">", SETUP), (b"<", READY), (b">", ASKED), (b"<", SAID), (b"<", SAID)))
    return read_recording(path)


def test_records_are_read_by_their_length(tmp_path: Path) -> None:
    found = recording(tmp_path)
    assert found.name == "made_up.websocket.log"
    assert [record.payload for record in found.sent] == [SETUP, ASKED]
    assert [record.payload for record in found.received] == [READY, SAID, SAID]


def test_a_cassette(tmp_path: Path) -> None:
    path = tmp_path / "made_up.yaml"
    path.write_text(CASSETTE)
    found = read_recording(path)
    assert [record.message for record in found.records] == [setup_message(), {"setupComplete": {}}]
    assert found.received[0].payload == b'{\n  "setupComplete": {}\n}\n'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not begin"),
        (b"hello", "no record begins at byte 0"),
        (written((b">", SETUP)) + b"x", "no record begins at byte"),
        (b">99999 {}\n", "does not end where its length says"),
        (b">3 {}x\n", "does not end where its length says"),
        (b">999999999999 {}\n", "no record begins"),
        (written((b">", b"no json")), "is no recording"),
        (written((b">", b"[1]")), "no JSON object"),
        (written((b">", b"[" * 100_000)), "is no recording"),
        (written((b"<", READY)), "does not begin"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "odd.websocket.log"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=why):
        read_recording(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "interactions: 5",
        "interactions: [{}]",
        "a: [",
        CASSETTE.replace("sent", "up"),
        "interactions: " + "[" * 5_000,
        "interactions: &a [1, 2]\nmore: *a",
        CASSETTE.replace("kind: message", "kind: close"),
    ],
)
def test_what_is_no_cassette(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match="is no recording"):
        read_recording(path)


@pytest.mark.asyncio
async def test_it_is_played_message_by_message(sim: Simulator, tmp_path: Path) -> None:
    sim.recording = recording(tmp_path)
    async with dial(sim) as ws:
        await send(ws, setup_message())
        assert await ws.recv() == READY
        await send(ws, text_turn("something else"))
        assert [await ws.recv(), await ws.recv()] == [SAID, SAID]
        await send(ws, text_turn("more"))
        await sim.wait_for(lambda s: len(s.connections[0].frames) == 3)
        assert sim.connections[0].is_open
    await sim.wait_for(lambda s: s.open_connections == 0)
    (record,) = sim.connections
    assert record.setup is not None
    assert record.kinds == ["setupComplete", "turnComplete", "turnComplete"]


@pytest.mark.asyncio
async def test_it_is_as_strict_about_messages_and_keys_as_ever(sim: Simulator, tmp_path: Path) -> None:
    sim.recording = recording(tmp_path)
    async with dial(sim, headers={"x-goog-api-key": "wrong"}) as ws:
        assert (await closing(ws))[0] == 1007
    async with dial(sim, headers=KEY) as ws:
        await send(ws, {"setup": {"model": "m", "noSuchField": 1}})
        code, reason = await closing(ws)
    assert (code, 'Unknown name "noSuchField"' in reason) == (1007, True)


@pytest.mark.asyncio
async def test_it_ends_with_the_simulator(tmp_path: Path) -> None:
    async with Simulator() as sim:
        sim.recording = recording(tmp_path)
        async with dial(sim) as ws:
            await send(ws, setup_message())
            assert "setupComplete" in await receive(ws)
            await sim.stop()
            assert (await closing(ws))[0] == 1001
