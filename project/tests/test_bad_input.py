"""What a client may not send: a clear end, a server unhurt, nothing half written."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from conversations.models import Conversation, Message
from project.tests.driving import AUDIO, FAMILY, Service

pytestmark = pytest.mark.service

DEEP = '{"setup":' + '{"a":' * 100 + "1" + "}" * 100 + "}"
SETUP = {"setup": {"model": FAMILY, "generationConfig": {"responseModalities": ["TEXT"]}}}


async def still_serves(service: Service) -> bool:
    page = await service.talk("bob")
    return "hello" in await page.ask("hello")


@pytest.mark.parametrize(
    ("first", "code", "words"),
    [
        ("not json", 4400, "not valid JSON"),
        ("", 4400, "not valid JSON"),
        ("[]", 4400, "not a JSON object"),
        ('{"setup":NaN}', 4400, "not valid JSON"),
        (DEEP, 4400, "levels deep"),
        ("[" * 100_000, 4400, ""),
        ("{}", 4400, "exactly one of"),
        ('{"clientContent":{"turns":[]}}', 4400, "first message must be setup"),
        ('{"setup":{},"clientContent":{}}', 4400, "exactly one of"),
        ('{"setup":[]}', 4400, "setup must be an object"),
        ('{"setup":{"model":7}}', 4400, "setup.model"),
        ('{"setup":{"model":"models/gemini-9"}}', 4400, "not one of this service's models"),
        ('{"setup":{"model":"models/../../etc"}}', 4400, "not one of this service's models"),
        ('{"setup":{"generationConfig":[]}}', 4400, "setup.generationConfig"),
        ('{"setup":{"generationConfig":{"responseModalities":["VIDEO"]}}}', 4400, "responseModalities"),
        ('{"setup":{"tools":{}}}', 4400, "setup.tools"),
        ('{"setup":{"systemInstruction":"' + "x" * 270_000 + '"}}', 1009, "at most 256 KiB"),
    ],
)
async def test_a_wrong_first_message_is_refused(service: Service, first: str, code: int, words: str) -> None:
    page = await service.connect()
    await page.connection.send(first)
    closed, reason = await page.closed()
    assert (closed, words in reason) == (code, True), reason
    assert await Conversation.objects.acount() == 0
    assert service.google.connections == []


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("not json", 4400, "not valid JSON"),
        (b"\xff\xfe", 4400, "not valid JSON"),
        (json.dumps(SETUP), 4400, "only once"),
        ('{"clientContent":{},"toolResponse":{}}', 4400, "exactly one of"),
        ('{"clientContent":"hello"}', 4400, "must be an object"),
        ('{"toolResponse":{"functionResponses":{}}}', 4400, "functionResponses"),
        ('{"sabotage":{}}', 4400, "sabotage"),
        ('{"clientContent":' + '{"a":' * 100 + "1" + "}" * 101, 4400, "levels deep"),
        ('{"clientContent":{"turns":[{"parts":[{"text":"' + "x" * 300_000 + '"}]}]}}', 1009, "at most 256 KiB"),
        ('{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"' + "A" * 3_150_000 + '"}}}', 1009, "at most"),
        ('{"clientContent":{"turns":[{"parts":[]}],"turnComplete":true},"proxy":{"id":7}}', 4400, "proxy.id"),
    ],
)
async def test_a_wrong_later_message_ends_the_session_with_a_reason(
    service: Service, message: str | bytes, code: int, words: str
) -> None:
    page = await service.talk()
    await page.ask("hello")
    await page.connection.send(message)
    closed, reason = await page.closed()
    assert (closed, words in reason) == (code, True), reason
    await service.written()
    assert await Message.objects.acount() == 2
    assert await still_serves(service)


async def test_a_message_of_gigabytes_is_cut_off_by_the_server(service: Service) -> None:
    page = await service.talk()
    with contextlib.suppress(ConnectionClosed):
        await page.connection.send("x" * (4 * 1024 * 1024))
    assert (await page.closed())[0] == 1009


async def test_a_picture_may_have_two_mebibytes(service: Service) -> None:
    page = await service.talk()
    picture = base64.b64encode(bytes(2 * 1024 * 1024)).decode()
    parts: list[Any] = [{"inlineData": {"mimeType": "image/png", "data": picture}}, {"text": "hello"}]
    await page.send({"clientContent": {"turns": [{"role": "user", "parts": parts}], "turnComplete": True}})
    await page.turn_end()
    await service.written()
    message = await Message.objects.aget(role="user")
    assert message.parts == [{"inlineData": {"mimeType": "image/png", "bytes": 2 * 1024 * 1024}}]


async def test_nul_and_half_characters_are_replaced_in_the_record(service: Service) -> None:
    page = await service.talk()
    await page.connection.send(
        '{"clientContent":{"turns":[{"role":"user","parts":[{"text":"a\\u0000b\\ud83dc"}]}],"turnComplete":true}}'
    )
    await page.turn_end()
    await service.written()
    assert (await Message.objects.aget(role="user")).text == "a\ufffdb\ufffdc"


async def test_an_unknown_and_a_foreign_conversation_look_the_same(service: Service) -> None:
    page = await service.connect()
    welcome = await page.set_up()
    await page.ask("hello")
    answers = []
    for conversation in (welcome["conversation"], uuid4()):
        stranger = await service.connect("bob", conversation=conversation)
        answers.append(await stranger.closed())
    assert answers[0] == answers[1] == (4404, "There is no such conversation.")


async def test_a_recording_in_one_piece_is_heard(service: Service) -> None:
    page = await service.connect()
    await page.set_up(config=AUDIO)
    sound = {"mimeType": "audio/pcm;rate=16000", "data": "A" * (2 * 1024 * 1024)}
    await page.send({"realtimeInput": {"audio": sound}})
    await service.google.wait_for(lambda google: [c.audio_frames for c in google.connections[-1:]] == [1])
    await page.type("still there?")
    await page.turn_end()


async def test_of_many_turns_at_once_the_newest_go_on_record(service: Service) -> None:
    """Upstream gets them all; the queue to the record is everybody's."""
    page = await service.talk("bob")
    await service.google.wait_for(lambda google: google.open_connections == 1)
    turns = [{"role": "model", "parts": [{"text": f"turn {number}"}]} for number in range(1000)]
    await page.send({"clientContent": {"turns": turns, "turnComplete": False}})
    assert await page.ask("hello")
    await service.written()
    texts = [row.text async for row in Message.objects.order_by("position")]
    assert texts[:200] == [f"turn {number}" for number in range(800, 1000)] and len(texts) == 202
    (given,) = [f["clientContent"]["turns"] for f in service.google.connections[-1].frames if "turn 0" in str(f)]
    assert len(given) == 1000


async def test_no_setup_at_all_ends_the_socket(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_proxy.socket_consumer.SETUP_TIMEOUT", 0.2)
    page = await service.connect()
    assert await page.closed() == (4400, "No setup message came.")
