"""Which frames are media: one piece of sound or picture, and nothing else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.protocol.codec import NotJson
from live_proxy.protocol.events import ModelMedia, server_events
from live_proxy.protocol.frames import MAX_TAIL, Frame, client_media, server_media
from live_proxy.tests.strategies import quickly, values

SOUND = "AAECAw=="
Scan = Callable[[str | bytes], int]


def client(**blob: Any) -> dict[str, Any]:
    return {"realtimeInput": {"audio": blob}}


def server(blob: dict[str, Any], **turn: Any) -> dict[str, Any]:
    return {"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}], **turn}}}


def compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


def pretty(message: Any) -> str:
    return json.dumps(message, indent=2) + "\n"


PCM_IN, PCM_OUT = "audio/pcm;rate=16000", "audio/pcm;rate=24000"
URL_SAFE = "_9j_4Pv_" * 100
WRITERS = (compact, json.dumps, pretty)

CLIENT_MEDIA = [
    client(mimeType=PCM_IN, data=SOUND),
    client(data=SOUND, mimeType=PCM_IN),
    client(data=SOUND),
    {"realtime_input": {"audio": {"data": URL_SAFE, "mime_type": PCM_IN}}},
    {"realtime_input": {"video": {"mime_type": "image/jpeg", "data": URL_SAFE}}},
    {"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": "/9j/4AAQ" * 1000}}},
]
BLOBS = [{"mimeType": PCM_OUT, "data": SOUND}, {"data": SOUND, "mimeType": "audio/pcm"}, {"data": URL_SAFE}]
SERVER_MEDIA = [
    *(server(blob) for blob in BLOBS),
    *(server(blob, role="model") for blob in BLOBS),
    *({"serverContent": {"modelTurn": {"role": "model", "parts": [{"inlineData": blob}]}}} for blob in BLOBS),
]


def both(frames: list[Any]) -> Iterator[str | bytes]:
    for frame in frames:
        for text in [frame] if isinstance(frame, str) else [write(frame) for write in WRITERS]:
            yield text
            yield text.encode()


def piece(message: Any) -> str:
    found = re.search(r'"data": "([^"]*)"', json.dumps(message))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("message", CLIENT_MEDIA)
def test_a_clients_sound_and_pictures_are_media_in_every_spelling(message: dict[str, Any]) -> None:
    for frame in both([message]):
        assert client_media(frame) == len(piece(message))
        assert server_media(frame) == 0


@pytest.mark.parametrize("message", SERVER_MEDIA)
def test_a_servers_sound_is_media_in_every_layout(message: dict[str, Any]) -> None:
    for frame in both([message]):
        assert server_media(frame) == len(piece(message))
        assert client_media(frame) == 0


BLOB = {"mimeType": PCM_IN, "data": SOUND}
SMUGGLED_SETUP = {"realtimeInput": {"audio": {"data": "x"}}, "setup": {"x": {"y": {"mimeType": "audio/pcm"}}}}
CLIENT_CONTROL: list[Any] = [
    {},
    {"setup": {"model": "models/x"}},
    {"realtimeInput": {"text": "hi"}},
    {"realtimeInput": {"audioStreamEnd": True}},
    {"realtimeInput": {"mediaChunks": [BLOB]}},
    {"proxy": {}, **client(**BLOB)},
    {**client(**BLOB), "proxy": {}},
    {"realtimeInput": {"audio": BLOB, "audioStreamEnd": True}},
    {"realtimeInput": {"activityEnd": {}, "audio": BLOB}},
    {"realtimeInput": {"audio": BLOB, "video": BLOB}},
    client(displayName="x", **BLOB),
    client(**BLOB, displayName="x"),
    client(mimeType=PCM_IN, data=""),
    client(mimeType=PCM_IN, data=5),
    client(mimeType=5, data=SOUND),
    client(mimeType="a" * 200, data=SOUND),
    client(mimeType="ä", data=SOUND),
    client(data='AA","mimeType":"b'),
    client(data="AA\\"),
    client(data='AA\\"}}}'),
    client(data="ÄÄ"),
    client(mimeType=PCM_IN),
    SMUGGLED_SETUP,
    '{"realtimeInput":{"audio":{"data":"x"}},"setup":{"a":{"mimeType":"audio/pcm"}}}',
    '{"realtimeInput":{"audio":{"data":"x\\",\\"y":"","mimeType":"audio/pcm"}}}',
    '{"realtimeInput":{"audio":{"mimeType":"a","data":"AAAA","mimeType":"b"}}}',
    '{"realtimeInput":{"audio":{"mimeType":"a","data":"AAAA","mime_type":"b"}}}',
    '{"realtimeInput":{"audio":{"mimeType":"a","mimeType":"b","data":"AAAA"}}}',
    '{"realtimeInput":{"audio":{"data":"AAAA","data":"BBBB"}}}',
    '{"realtimeInput":{"audio":{"data":"AA\\u0041A"}}}',
    '{"realtimeInput":{"audio":{"data":"AA\\qA"}}}',
    '{"realtimeInput":{"audio":{"mimeType":"a\nb","data":"AAAA"}}}',
    '{"realtimeInput":{"audio":{"data":"AAAA"}}}x',
    '{"realtimeInput":{"audio":{"data":"AAAA"}}}{}',
    '{"realtimeInput":{"audio":{"data":"AAAA"}}}\x00',
    '{"realtimeInput":{"audio":{"data":"AAAA"}}',
    '{"realtimeInput":{"audio":{"data":"AAAA',
    '{"realtimeInput":{"audio":{"data":"AAAA",}}}',
    '{"realtimeInput":\u00a0{"audio":{"data":"AAAA"}}}',
    '{"realtimeInput":\x0b{"audio":{"data":"AAAA"}}}',
    '{"realtimeInput":{"audio":{"data":"AAAA"}}}' + " " * (MAX_TAIL + 1),
    '[{"realtimeInput":{"audio":{"data":"AAAA"}}}]',
    "",
    " ",
]
OUT = {"mimeType": PCM_OUT, "data": SOUND}
SERVER_CONTROL: list[Any] = [
    {},
    {"setupComplete": {}},
    {"serverContent": {"turnComplete": True}},
    {**server(OUT), "usageMetadata": {}},
    {"usageMetadata": {}, **server(OUT)},
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": OUT}, {"inlineData": OUT}]}}},
    {"serverContent": {"modelTurn": {"parts": [{"text": "a"}, {"inlineData": OUT}]}}},
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": OUT, "thought": True}]}}},
    {"serverContent": {"modelTurn": {"parts": [{"thought": True, "inlineData": OUT}]}}},
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": OUT}]}, "outputTranscription": {"text": "a"}}},
    {"serverContent": {"outputTranscription": {"text": "a"}, "modelTurn": {"parts": [{"inlineData": OUT}]}}},
    {"serverContent": {"modelTurn": {"parts": [{"inlineData": OUT}]}, "turnComplete": True}},
    server(OUT, role="user"),
    server(OUT, other=1),
    server({**OUT, "displayName": "x"}),
    server({**OUT, "data": ""}),
    {"serverContent": {"modelTurn": {"parts": [{"text": 'x"inlineData":{"data":"AAAA"}'}]}}},
    '{"serverContent":{"modelTurn":{"role":"model","parts":[{"inlineData":{"data":"AAAA"}}],"role":"model"}}}',
    '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"a","data":"AA","mimeType":"b"}}]}}}',
    '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"AAAA"}}]}}}}',
]


@pytest.mark.parametrize("message", CLIENT_CONTROL)
def test_anything_more_or_less_from_a_client_is_control(message: Any) -> None:
    assert [frame for frame in both([message]) if client_media(frame)] == []


@pytest.mark.parametrize("message", SERVER_CONTROL)
def test_anything_more_or_less_from_a_server_is_control(message: Any) -> None:
    assert [frame for frame in both([message]) if server_media(frame)] == []


def test_bytes_that_are_not_utf8_are_control() -> None:
    assert client_media(b'{"realtimeInput":{"audio":{"data":"AA\xff"}}}') == 0
    assert client_media(b'{"realtimeInput":{"audio":{"mimeType":"\xff","data":"AAAA"}}}') == 0


def test_a_long_tail_costs_nothing() -> None:
    tail = '"}}}' + " " * 5_000_000
    assert client_media('{"realtimeInput":{"audio":{"data":"AAAA' + tail) == 0
    assert server_media(" " * 5_000_000) == 0
    assert client_media('{"realtimeInput":{"audio":{"data":"' + "A" * 3_000_000 + '"}}}') == 3_000_000


# --- against a slow reference -------------------------------------------------------------------------------------


def pairs(items: list[tuple[str, Any]]) -> Any:
    if len({key for key, _ in items}) != len(items):
        raise ValueError("a key twice")
    return dict(items)


def reference(data: str | bytes, *, of_client: bool) -> bool:
    """Whether a frame is media, by decoding it."""
    try:
        message = json.loads(data, object_pairs_hook=pairs, strict=False)
        ((kind, body),) = message.items()
        ((field, inner),) = body.items()
        if of_client:
            blob = inner
            right = kind in ("realtimeInput", "realtime_input") and field in ("audio", "video")
        else:
            (part,) = inner["parts"]
            ((only, blob),) = part.items()
            right = (kind, field, only) == ("serverContent", "modelTurn", "inlineData")
            right = right and not inner.keys() - {"parts", "role"} and inner.get("role", "model") == "model"
        mime = [blob[key] for key in blob if key in ("mimeType", "mime_type")]
        return (
            right
            and set(blob) <= {"data", "mimeType", "mime_type"}
            and len(mime) < 2
            and all(isinstance(text, str) for text in [*mime, blob["data"]])
            and bool(blob["data"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def agree(data: str | bytes) -> None:
    if client_media(data):
        assert reference(data, of_client=True)
    if server_media(data):
        assert reference(data, of_client=False)


KEYS = st.sampled_from(
    ["realtimeInput", "audio", "video", "data", "mimeType", "serverContent", "modelTurn", "parts", "inlineData", "role"]
)
SPACES = st.text(" \t\r\n\x0b\xa0", max_size=2)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real frame with some pieces of it repeated, moved, dropped or replaced."""
    text = compact(draw(st.sampled_from([*CLIENT_MEDIA, *SERVER_MEDIA, SMUGGLED_SETUP])))
    tokens = re.findall(r'"[^"]*"|[^"]', text)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(tokens) - 1))
        other = draw(st.sampled_from(tokens) | SPACES | st.sampled_from(["\\", '"', '"x"', ",", "}", "{", "\x00", "é"]))
        match draw(st.sampled_from(["insert", "replace", "drop"])):
            case "insert":
                tokens.insert(at, other)
            case "replace":
                tokens[at] = other
            case "drop" if len(tokens) > 1:
                del tokens[at]
    return draw(SPACES).join(tokens) if draw(st.booleans()) else "".join(tokens)


@quickly(300)
@given(mutated())
def test_a_frame_that_counts_as_media_holds_that_one_piece_and_nothing_else(text: str) -> None:
    agree(text)
    agree(text.encode())
    assert (client_media(text), server_media(text)) == (client_media(text.encode()), server_media(text.encode()))


@quickly(80)
@given(values(KEYS), st.sampled_from(WRITERS))
def test_any_document_agrees_with_the_reference(document: Any, write: Callable[[Any], str]) -> None:
    agree(write(document))
    agree(write(document).encode())


@quickly(60)
@given(st.text() | st.binary())
def test_nothing_makes_it_raise(data: str | bytes) -> None:
    agree(data)


# --- frames -------------------------------------------------------------------------------------------------------


def test_a_frame_decodes_on_first_use_only() -> None:
    frame = Frame.from_server(b'{"goAway":{}}')
    assert (frame.media, frame.data) == (0, b'{"goAway":{}}')
    assert frame.message == {"goAway": {}}
    assert frame.message is frame.message
    with pytest.raises(NotJson):
        _ = Frame.from_client("no").message


def test_a_frame_of_our_own_is_text() -> None:
    message = {"setup": {"x": "ü"}}
    frame = Frame.of(message)
    assert (frame.data, frame.media) == ('{"setup":{"x":"ü"}}', 0)
    assert frame.message is message


def test_a_media_frame_keeps_its_bytes() -> None:
    data = pretty(server(OUT)).encode()
    frame = Frame.from_server(data)
    assert frame.data is data
    assert frame.media == len(SOUND)
    assert Frame.from_client(compact(client(**BLOB))).media == len(SOUND)


# --- real traffic -------------------------------------------------------------------------------------------------

FOLDER = Path(os.environ.get("LIVE_RECORDINGS_DIR") or Path(__file__).parents[3] / "shared" / "recordings")


def recorded() -> Iterator[tuple[bool, bytes]]:
    """Every recorded message: whether a client sent it, and its bytes."""
    for path in sorted((FOLDER / "js-genai").glob("*.websocket.log")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            head = re.compile(rb"([<>])(\d+) ").match(data, at)
            assert head is not None
            at = head.end() + int(head[2])
            yield head[1] == b">", data[head.end() : at - 1]
    yaml = pytest.importorskip("yaml")
    for path in sorted((FOLDER / "pydantic-ai").glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text())["interactions"]:
            for write in WRITERS:
                yield entry["direction"] == "sent", write(entry["data"]).encode()


@pytest.mark.recordings
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"recordings not found at {FOLDER}: frames not compared with them")
def test_recorded_frames_are_told_apart_as_the_reference_does() -> None:
    count = {True: 0, False: 0}
    for of_client, data in recorded():
        scan: Scan = client_media if of_client else server_media
        is_media = reference(data, of_client=of_client)
        assert bool(scan(data)) == bool(scan(data.decode())) == is_media, data[:300]
        count[of_client] += is_media
        if not of_client:
            events = server_events(Frame.from_server(data).message)
            message = json.loads(data)
            assert events or message in ({}, {"serverContent": {}}) or "sessionResumptionUpdate" in message
            if is_media:
                assert [type(event) for event in events] == [ModelMedia]
                assert events[0] == ModelMedia(events[0].mime_type, scan(data))  # type: ignore[union-attr]
    assert count[True] >= 1
    assert count[False] >= 3
