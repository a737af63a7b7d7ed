"""Frames of our own making are what `websockets` would have made, and what it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, SERVER, Protocol

from live_proxy.outgoing import KEYS, ClientFrames, server_frame

EDGES = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]


def read_frames(reader: Protocol) -> list[Frame]:
    return [event for event in reader.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", EDGES)
def test_a_server_frame_is_the_librarys(size: int) -> None:
    assert server_frame(b"\0" * size) == Frame(Opcode.BINARY, b"\0" * size).serialize(mask=False)
    assert server_frame("ü" * size) == Frame(Opcode.TEXT, ("ü" * size).encode()).serialize(mask=False)


@pytest.mark.parametrize("size", EDGES)
def test_a_client_frame_is_read_by_the_library(size: int) -> None:
    reader = Protocol(SERVER, max_size=None)
    frames = ClientFrames()
    reader.receive_data(frames.frame(b"\xff" * size) + frames.frame("ü" * size))
    assert [(frame.opcode, bytes(frame.data), frame.fin) for frame in read_frames(reader)] == [
        (Opcode.BINARY, b"\xff" * size, True),
        (Opcode.TEXT, ("ü" * size).encode(), True),
    ]


@given(st.lists(st.one_of(st.text(), st.binary()), max_size=20))
def test_anything_comes_out_as_it_went_in(messages: list[str | bytes]) -> None:
    frames = ClientFrames()
    for side, stream in (
        (SERVER, b"".join(map(frames.frame, messages))),
        (CLIENT, b"".join(map(server_frame, messages))),
    ):
        reader = Protocol(side)
        reader.receive_data(stream)
        frames_read = [(frame.opcode, bytes(frame.data)) for frame in read_frames(reader)]
        read = [data.decode() if opcode is Opcode.TEXT else data for opcode, data in frames_read]
        assert read == messages and reader.parser_exc is None


def test_each_frame_has_a_key_of_its_own() -> None:
    frames = ClientFrames()
    keys = [frames.frame(b"")[2:] for _ in range(3 * KEYS)]
    assert all(len(key) == 4 for key in keys)
    assert len(set(keys)) > 3 * KEYS - 10  # four random bytes meet again now and then
