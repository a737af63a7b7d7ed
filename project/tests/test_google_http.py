"""Google's HTTP paths through the whole service: the Python SDK unchanged, and plain requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from google.genai import errors, types

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from live_proxy.close_codes import INTERNAL
from live_proxy.ladder import Ladder
from live_proxy.runtime import current_runtime
from project.tests.driving import Service
from project.tests.programs import go_back_to, python_client, token_for
from simulator import Simulator

MODES = ("developer", "express", "vertex")
MODEL = "gemini-2.5-flash"


@pytest.fixture
def google(google: Simulator, settings: Any) -> Simulator:
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    return google


@pytest.fixture
async def plain(service: Service) -> Any:
    _, key = await token_for()
    async with httpx.AsyncClient(
        base_url=f"http://{service.address}", headers={"x-goog-api-key": key}, trust_env=False
    ) as client:
        yield client


def ask(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


async def rows(model: Any, *fields: str, **where: Any) -> list[tuple[Any, ...]]:
    return await sync_to_async(lambda: list(model.objects.filter(**where).order_by("pk").values_list(*fields)))()


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_and_its_record(service: Service, mode: str) -> None:
    _, key = await token_for()
    client = python_client(service.address, key, mode)
    answer = await client.aio.models.generate_content(model=MODEL, contents="hello")
    assert answer.text
    messages = await rows(Message, "role", "text", "transport", "model", "status", session__client="http")
    assert sorted(messages) == [
        ("model", answer.text, "sdk", MODEL, "complete"),
        ("user", "hello", "", "", "complete"),
    ]


@pytest.mark.parametrize("mode", MODES)
async def test_a_stream_and_a_count(service: Service, mode: str) -> None:
    _, key = await token_for()
    client = python_client(service.address, key, mode)
    stream = await client.aio.models.generate_content_stream(model=MODEL, contents="hello")
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.text or "" for chunk in chunks) and len(chunks) > 1
    usage = chunks[-1].usage_metadata
    assert usage is not None and usage.total_token_count
    counted = await client.aio.models.count_tokens(model=MODEL, contents="hello")
    assert counted.total_tokens


async def test_a_chat_is_one_conversation(service: Service) -> None:
    _, key = await token_for()
    chat = python_client(service.address, key, "developer").aio.chats.create(model=MODEL)
    for text in ("one", "two", "three"):
        await chat.send_message(text)
    assert len(await rows(Conversation, "id")) == 1
    said = await rows(Message, "position", "role")
    assert sorted(said) == [(at, "user" if at % 2 else "model") for at in range(1, 7)]


async def test_a_chat_that_was_rewound_goes_on_as_another_conversation(service: Service) -> None:
    """The program says what the thread no longer holds."""
    _, key = await token_for()
    chat = python_client(service.address, key, "developer").aio.chats.create(model=MODEL)
    for text in ("one", "two"):
        await chat.send_message(text)
    conversation = await go_back_to(3)
    await chat.send_message("three")
    assert len(await rows(Conversation, "id")) == 2
    left = await rows(Message, "position", conversation=conversation, replaced_at__isnull=True)
    assert sorted(left) == [(1,), (2,)]


async def test_it_falls_back_and_says_so_in_the_record(service: Service, plain: httpx.AsyncClient) -> None:
    refused = await plain.post(f"/v1beta/models/{MODEL}:generateContent", json=ask(unheardOf={"a": 1}))
    # The SDK's types do not know the field, so REST is asked, and Google does not know it either.
    assert refused.status_code == 400
    assert "unheardOf" in refused.json()["error"]["message"]
    assert {transport for (transport,) in await rows(TransportAttempt, "transport")} == {"sdk", "rest"}
    assert await rows(FallbackEvent, "from_transport", "to_transport")


async def test_both_forms_of_a_stream(plain: httpx.AsyncClient) -> None:
    path = f"/v1beta/models/{MODEL}:streamGenerateContent"
    events = await plain.post(path + "?alt=sse", json=ask())
    assert events.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in events.text.split("\r\n\r\n") if line]
    array = await plain.post(path, json=ask())
    assert array.headers["content-type"].startswith("application/json")
    assert len(json.loads(array.text)) == len(lines) > 1
    assert all(line.startswith("data: {") for line in lines)


async def test_the_list_and_the_lookup(service: Service) -> None:
    _, key = await token_for()
    client = python_client(service.address, key, "developer")
    names = [model.name async for model in await client.aio.models.list()]
    assert f"models/{MODEL}" in names and "models/gemini-3.8-live" in names
    assert (await client.aio.models.get(model=MODEL)).name == f"models/{MODEL}"
    vertex = python_client(service.address, key, "vertex")
    assert f"publishers/google/models/{MODEL}" in [model.name async for model in await vertex.aio.models.list()]
    with pytest.raises(errors.ClientError) as missing:
        await client.aio.models.get(model="gemini-0")
    assert missing.value.code == 404


@pytest.mark.parametrize("mode", MODES)
async def test_refusals_in_googles_shape(service: Service, mode: str) -> None:
    client = python_client(service.address, "no-such-key", mode)
    with pytest.raises(errors.ClientError) as refused:
        await client.aio.models.generate_content(model=MODEL, contents="hello")
    assert refused.value.code == (401 if mode == "vertex" else 400)
    _, key = await token_for()
    with pytest.raises(errors.ClientError) as missing:
        await python_client(service.address, key, mode).aio.models.generate_content(model="gemini-0", contents="hello")
    assert missing.value.code == 404 and missing.value.status == "NOT_FOUND"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1beta/models/gemini-2.5-flash:embedContent", b"{}", 404),
        ("/v1beta/cachedContents", b"{}", 404),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b"{}", 400),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b"{", 400),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b"[]", 400),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b'{"contents": 5}', 400),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b'{"contents": [{"parts": "x"}]}', 400),
        ("/v1beta/models/gemini-2.5-flash:generateContent", b"\xff\xfe", 400),
    ],
)
async def test_bad_requests(plain: httpx.AsyncClient, path: str, body: bytes, status: int) -> None:
    response = await plain.post(path, content=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, status)
    assert error["status"] in ("NOT_FOUND", "INVALID_ARGUMENT") and error["message"]


async def test_a_page_of_another_site_may_ask_with_its_own_key(plain: httpx.AsyncClient) -> None:
    asked = await plain.options(
        f"/v1beta/models/{MODEL}:generateContent",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-goog-api-key,x-goog-api-client",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "x-goog-api-key" in asked.headers["access-control-allow-headers"]


async def test_a_token_for_sockets_alone_asks_nothing_here(service: Service) -> None:
    _, key = await token_for(scopes=["live"])
    with pytest.raises(errors.ClientError) as refused:
        await python_client(service.address, key, "developer").aio.models.generate_content(
            model=MODEL, contents=[types.Part(text="hello")]
        )
    assert refused.value.code == 403


@pytest.mark.parametrize("scenario", ["http_error_mid_stream", "http_cut_mid_stream"])
async def test_an_answer_that_breaks_off_is_not_begun_again(
    service: Service, plain: httpx.AsyncClient, scenario: str
) -> None:
    service.google.scenario = scenario
    response = await plain.post(f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse", json=ask("long please"))
    *_, last = [json.loads(line[6:]) for line in response.text.split("\r\n\r\n") if line]
    assert response.status_code == 200
    assert last["error"]["status"] == "UNAVAILABLE" and last["error"]["message"].startswith("No answer")
    assert await until_rows(Message, [("interrupted",)], "status", role="model")
    # The message is durable before its end is told, the attempt a moment later.
    async with asyncio.timeout(5):
        while not (ended := {outcome for (outcome,) in await rows(TransportAttempt, "outcome")} - {"connected"}):
            await asyncio.sleep(0.01)
    assert len(ended) == 1


async def test_a_program_that_leaves_in_mid_answer_is_on_record(service: Service, plain: httpx.AsyncClient) -> None:
    service.google.scenario = "http_stall"
    path = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
    async with plain.stream("POST", path, json=ask("long please")) as response:
        async for _ in response.aiter_bytes():
            break
    assert await until_rows(Message, [("interrupted",)], "status", role="model")
    assert await until_rows(TransportAttempt, [("ended",)], "outcome")


async def test_a_program_that_leaves_before_an_answer_is_on_record(service: Service, plain: httpx.AsyncClient) -> None:
    service.google.scenario = "http_hang"
    asking = asyncio.create_task(plain.post(f"/v1beta/models/{MODEL}:generateContent", json=ask()))
    await service.google.wait_for(lambda google: bool(google.requests))
    asking.cancel()
    assert await until_rows(Session, [(1001, "the program left")], "close_code", "close_reason")
    assert await until_rows(Message, [("failed",)], "status", role="model")
    assert len(current_runtime().hub) == 0


async def test_what_goes_wrong_here_is_not_said_of_the_program(
    service: Service, plain: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(Ladder, "climb", broken)
    response = await plain.post(f"/v1beta/models/{MODEL}:generateContent", json=ask())
    assert response.status_code == 500
    assert await until_rows(Session, [(1011, INTERNAL)], "close_code", "close_reason")
    assert len(current_runtime().hub) == 0


async def test_a_long_answer_is_not_taken_for_left_behind(service: Service, plain: httpx.AsyncClient) -> None:
    service.google.scenario = "http_stall"
    path = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
    async with plain.stream("POST", path, json=ask()) as response:
        answer = response.aiter_bytes()  # held: an iterator that is let go of leaves the answer with it
        await anext(answer)
        session = await Session.objects.aget(client="http")
        assert current_runtime().hub.session_ids() == [session.pk]
    assert await until_rows(Session, [(session.pk,)], "pk", ended_at__isnull=False)
    assert current_runtime().hub.session_ids() == []


async def test_a_stopping_process_lets_an_answer_end(service: Service, plain: httpx.AsyncClient) -> None:
    service.google.scenario = "slow_drip"
    path = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
    async with plain.stream("POST", path, json=ask("long please")) as response:
        pieces = response.aiter_text()
        first = await anext(pieces)
        draining = asyncio.create_task(current_runtime().hub.drain(5.0))
        rest = "".join([piece async for piece in pieces])
        await draining
    assert '"finishReason":"STOP"' in (first + rest).replace(" ", "")
    refused = await plain.post(f"/v1beta/models/{MODEL}:generateContent", json=ask())
    assert refused.status_code == 503 and refused.json()["error"]["status"] == "UNAVAILABLE"


@pytest.mark.parametrize("scenario", ["http_unavailable", "http_quota", "nothing_works"])
async def test_that_nobody_answers_is_said_in_googles_shape(
    service: Service, plain: httpx.AsyncClient, scenario: str
) -> None:
    service.google.scenario = scenario
    response = await plain.post(f"/v1beta/models/{MODEL}:generateContent", json=ask())
    error = response.json()["error"]
    assert (response.status_code, error["status"]) in ((503, "UNAVAILABLE"), (429, "RESOURCE_EXHAUSTED"))
    assert error["message"].startswith("No answer")
    (help_,) = [each for each in error["details"] if each["@type"].endswith("google.rpc.Help")]
    kind = "quota" if scenario == "http_quota" else "unavailable"
    assert help_["links"][0]["url"] == f"http://{service.address}/help/#{kind}"
    assert await until_rows(Message, [("failed",)], "status", role="model")


async def until_rows(model: Any, wanted: list[tuple[Any, ...]], *fields: str, **where: Any) -> bool:
    """Whether the rows become what is wanted, within five seconds."""
    for _ in range(100):
        if await rows(model, *fields, **where) == wanted:
            return True
        await asyncio.sleep(0.05)
    raise AssertionError(await rows(model, *fields, **where))


async def test_nobody_fills_the_disk(service: Service, plain: httpx.AsyncClient) -> None:
    path = f"/v1beta/models/{MODEL}:generateContent"
    host, port = service.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {path} HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: 30000000\r\n\r\n".encode())
    assert b" 413 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1024 * 1024
            yield b"x" * 1024 * 1024

    with pytest.raises(httpx.HTTPError):
        await plain.post(path, content=endless())
    assert sent < 60 * 1024 * 1024
    assert (await plain.post(path, json=ask())).status_code == 200
