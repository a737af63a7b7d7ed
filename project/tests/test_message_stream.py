"""A message over plain HTTP, as a page sends it whose WebSocket is blocked: the answer as events, and the record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.services import leases
from live_proxy.close_codes import CloseCode
from live_proxy.errors import ClientFault
from live_proxy.models import Preferences, SetupPolicy
from live_proxy.views import message_stream
from project.tests.driving import FAMILY, Service, rows
from simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "Hello! This is the Gemini Live simulator, not Google. You said: “{}”."
TOKEN = "a" * 32


@pytest.fixture
def google(google: Simulator, settings: Any) -> Simulator:
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    return google


class Page:
    """A signed-in browser without WebSockets."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    def body(self, text: str = "hello", **more: Any) -> dict[str, Any]:
        return {"id": str(uuid4()), "text": text, "family": FAMILY, **more}

    async def post(self, conversation: UUID, body: Any, **headers: str) -> httpx.Response:
        return await self.client.post(f"/api/conversations/{conversation}/messages/", json=body, headers=headers)

    @asynccontextmanager
    async def stream(self, conversation: UUID, body: Any) -> AsyncIterator[AsyncIterator[str]]:
        async with self.client.stream("POST", f"/api/conversations/{conversation}/messages/", json=body) as response:
            assert response.status_code == 200
            yield response.aiter_lines()


@asynccontextmanager
async def page_of(service: Service, username: str = "alice", *, csrf: bool = True) -> AsyncIterator[Page]:
    cookies = {django_settings.SESSION_COOKIE_NAME: await service.cookie(username)}
    headers = {"Origin": f"http://{service.address}"}
    if csrf:
        cookies[django_settings.CSRF_COOKIE_NAME] = TOKEN
        headers["X-CSRFToken"] = TOKEN
    async with httpx.AsyncClient(
        base_url=f"http://{service.address}", cookies=cookies, headers=headers, trust_env=False, timeout=15
    ) as client:
        yield Page(client)


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "text/event-stream"
    return [
        json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line.startswith("data: ")
    ]


def words(found: list[dict[str, Any]]) -> str:
    parts = [part for m in found for part in m.get("serverContent", {}).get("modelTurn", {}).get("parts", [])]
    return "".join(part.get("text", "") for part in parts)


async def test_a_message_is_answered_recorded_and_marked(service: Service) -> None:
    conversation = uuid4()
    async with page_of(service) as page:
        first = events(await page.post(conversation, page.body("one")))
        second = events(await page.post(conversation, page.body("history")))
    assert words(first) == ANSWER.format("one")
    assert first[-1]["serverContent"]["turnComplete"] is True
    served = next(m["proxy"] for m in first if "transport" in m.get("proxy", {}))
    assert (served["transport"], served["from"], served["reason"]) == ("sdk", "websocket", "client_socket_blocked")
    assert "1. user: “one”" in words(second)
    await service.written()
    assert not service.google.connections, "the Live socket is not tried"
    sessions = await rows(Session.objects.all())
    assert [(s.client, s.close_code, s.ended_at is not None) for s in sessions] == [("http", 1000, True)] * 2
    found = await rows(Message.objects.order_by("position"))
    assert [(m.role, m.status, m.transport) for m in found] == [
        ("user", "complete", ""),
        ("model", "complete", "sdk"),
    ] * 2
    events_ = await rows(FallbackEvent.objects.all())
    assert [(e.from_transport, e.to_transport, e.reason, e.from_attempt_id) for e in events_] == [
        ("websocket", "sdk", "client_socket_blocked", None)
    ] * 2
    (row,) = await rows(Conversation.objects.all())
    assert row.pk == conversation
    assert len(service.runtime.hub) == 0


async def test_the_same_message_twice_is_answered_once(service: Service) -> None:
    conversation = uuid4()
    async with page_of(service) as page:
        body = page.body("once")
        assert words(events(await page.post(conversation, body))) == ANSWER.format("once")
        asked = len(service.google.requests)
        again = events(await page.post(conversation, body))
    assert words(again) == ""
    assert again[-1]["proxy"]["saved"] == body["id"]
    await service.written()
    assert len(await rows(Message.objects.all())) == 2
    answers = [request for request in service.google.requests[asked:] if request.method != "countTokens"]
    assert answers == []


async def test_a_message_of_long_ago_is_known_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HISTORY_LIMIT", 2)
    conversation = uuid4()
    async with page_of(service) as page:
        body = page.body("once")
        await page.post(conversation, body)
        await page.post(conversation, page.body("something else"))
        again = events(await page.post(conversation, body))
    assert (words(again), again[-1]["proxy"]["saved"]) == ("", body["id"])
    await service.written()
    assert len(await rows(Message.objects.all())) == 4


async def test_a_failure_says_so_and_the_same_message_may_be_asked_again(service: Service) -> None:
    service.google.scenario = "nothing_works"
    conversation = uuid4()
    async with page_of(service) as page:
        body = page.body("later")
        failed = events(await page.post(conversation, body))
        assert failed[-1]["proxy"]["error"]["retryable"] is True
        service.google.scenario = "normal"
        await service.runtime.breaker.reset(None)
        assert words(events(await page.post(conversation, body))) == ANSWER.format("later")
    await service.written()
    found = await rows(Message.objects.order_by("position"))
    assert [(m.role, m.status) for m in found] == [("user", "complete"), ("model", "failed"), ("model", "complete")]


def prefer(own: str, **policy: Any) -> None:
    """Alice's own instruction, and what she is held to."""
    alice = get_user_model().objects.get(username="alice")
    Preferences.objects.create(user=alice, instruction=own)
    if policy:
        SetupPolicy.objects.create(user=alice, **policy)


def asked_of(google: Simulator) -> dict[str, Any]:
    """The body of the last request that asked for an answer."""
    return next(request.body for request in reversed(google.requests) if request.method != "countTokens")


@pytest.mark.parametrize(
    ("policy", "instructions"),
    [
        ({}, ["Answer in Norwegian."]),
        ({"instruction_mode": "prefix", "instruction": "Be kind."}, ["Be kind.", "Answer in Norwegian."]),
        ({"instruction_mode": "locked", "instruction": "Be kind."}, ["Be kind."]),
    ],
)
async def test_the_persons_instruction_holds_here_too(
    service: Service, policy: dict[str, Any], instructions: list[str]
) -> None:
    await sync_to_async(prefer)("Answer in Norwegian.", **policy)
    async with page_of(service) as page:
        events(await page.post(uuid4(), page.body()))
    assert asked_of(service.google)["systemInstruction"]["parts"] == [{"text": text} for text in instructions]


async def test_answers_look_things_up_where_that_is_asked_for(service: Service) -> None:
    async with page_of(service) as page:
        events(await page.post(uuid4(), page.body(search=True)))
        assert asked_of(service.google)["tools"] == [{"googleSearch": {}}]
        events(await page.post(uuid4(), page.body(search=False)))
        assert "tools" not in asked_of(service.google)


async def test_who_may_only_hear_answers_reads_their_words_as_on_the_socket(service: Service) -> None:
    await sync_to_async(prefer)("", modalities=["AUDIO"])
    async with page_of(service) as page:
        found = events(await page.post(uuid4(), page.body("hello")))
    assert words(found) == ANSWER.format("hello")
    served = next(message["proxy"] for message in found if "transport" in message.get("proxy", {}))
    assert "audio_out" in served["lost"]


async def test_a_policy_holds_here_too(service: Service) -> None:
    await sync_to_async(prefer)("", tools=["none"])
    async with page_of(service) as page:
        refused = await page.post(uuid4(), page.body(search=True))
        assert events(await page.post(uuid4(), page.body(search=False)))
    assert refused.status_code == 403
    assert "googleSearch" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({}, 400),
        ({"id": "x"}, 400),
        ({"id": 7}, 400),
        ({"text": ""}, 400),
        ({"text": 7}, 400),
        ({"text": "x" * 200_001}, 413),
        ({"family": "Gemini Nonsense"}, 400),
        ({"family": None}, 400),
        ({"search": "yes"}, 400),
        ({"search": None}, 400),
        ({"search": 1}, 400),
    ],
)
async def test_bad_input_is_named(service: Service, body: Any, status: int) -> None:
    async with page_of(service) as page:
        response = await page.post(uuid4(), page.body() | body if body else body)
    assert response.status_code == status
    assert response.json()["error"]["message"]
    assert not await rows(Session.objects.all())


async def test_a_long_message_of_any_script_is_answered(service: Service) -> None:
    """The limit counts characters, of which some take three bytes."""
    async with page_of(service) as page:
        found = events(await page.post(uuid4(), page.body("語" * 100_000)))
    assert words(found)
    assert await rows(Message.objects.filter(role="user", text="語" * 100_000))


async def test_what_is_found_wrong_after_the_beginning_is_said_in_the_stream(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> None:
        raise ClientFault(CloseCode.TOO_BIG, "It is too big.")

    monkeypatch.setattr("live_proxy.session.client_input.ClientInput.frame", refuse)
    async with page_of(service) as page:
        found = events(await page.post(uuid4(), page.body()))
    error = found[-1]["proxy"]["error"]
    assert (error["message"], error["retryable"]) == ("It is too big.", False)


async def test_a_slow_reader_is_told_the_end(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue was full when the session ended, so the end itself had no room in it."""
    monkeypatch.setattr(message_stream, "KEEP_ALIVE", 0.05)
    line = message_stream._Line(message_stream.Typed(uuid4(), "hello", FAMILY))
    line.queue.put_nowait({"proxy": {"status": "connecting"}})
    serving = asyncio.create_task(asyncio.sleep(0))
    async with asyncio.timeout(5):
        pieces = [piece async for piece in message_stream._stream(line, serving)]
    assert pieces[0].startswith(b"data: ")


async def test_who_may_not(service: Service) -> None:
    conversation = uuid4()
    async with page_of(service) as page:
        await page.post(conversation, page.body())
    async with page_of(service, "bob") as page:
        assert (await page.post(conversation, page.body())).status_code == 404
    async with page_of(service, csrf=False) as page:
        assert (await page.post(conversation, page.body())).status_code == 403
    async with httpx.AsyncClient(base_url=f"http://{service.address}", trust_env=False) as client:
        response = await client.post(
            f"/api/conversations/{conversation}/messages/",
            json={},
            headers={"X-CSRFToken": TOKEN, "Cookie": f"{django_settings.CSRF_COOKIE_NAME}={TOKEN}"},
        )
        assert response.status_code == 401


async def test_a_reader_who_leaves_ends_the_request(service: Service) -> None:
    service.google.scenario = "http_stall"
    conversation = uuid4()
    async with page_of(service) as page, page.stream(conversation, page.body("one two three")) as lines:
        async for line in lines:
            if "modelTurn" in line:
                break
    await service.google.wait_for(lambda google: google.requests[-1].cancelled)
    async with asyncio.timeout(5):
        while len(service.runtime.hub):
            await asyncio.sleep(0.01)
    await service.written()
    (answer,) = await rows(Message.objects.filter(role="model"))
    assert answer.status == "interrupted"
    assert [a.outcome for a in await rows(TransportAttempt.objects.all())] == ["ended"]


async def test_silence_is_filled_with_comments(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_stream, "KEEP_ALIVE", 0.05)
    service.google.scenario = "http_stall"
    async with page_of(service) as page, page.stream(uuid4(), page.body()) as lines:
        async with asyncio.timeout(10):
            async for line in lines:
                if line == ": keep-alive":
                    break


async def test_no_more_at_once_than_a_person_may_have(service: Service) -> None:
    service.runtime.hub._max_per_user = 1
    service.google.scenario = "http_stall"
    async with page_of(service) as page, page.stream(uuid4(), page.body()) as lines:
        await anext(lines)
        refused = await page.post(uuid4(), page.body())
        assert refused.status_code == 429
        assert "open already" in refused.json()["error"]["message"]
