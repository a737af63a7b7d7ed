"""Who may open a socket, how many, and when an open one must go."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.db.models import F
from django.test import Client
from websockets.exceptions import InvalidStatus

from conversations.models import Conversation, Message
from project.tests.driving import Service

pytestmark = pytest.mark.service


async def test_without_a_sign_in_the_socket_says_4401(service: Service) -> None:
    page = await service.connect(None)
    assert (await page.closed())[0] == 4401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://evil.example:80",
        "http://127.0.0.1:1",
        "ftp://127.0.0.1",
        "file://",
        "//127.0.0.1",
        "http://user@127.0.0.1",
        "javascript:alert(1)",
    ],
)
async def test_a_foreign_page_cannot_use_somebodys_cookie(service: Service, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await service.connect(origin=origin)
    assert refused.value.response.status_code == 403


async def test_a_trusted_origin_may_connect(service: Service, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example"]
    page = await service.connect(origin="https://chat.example")
    await page.set_up()


async def test_an_unknown_path_is_refused(service: Service) -> None:
    for path in ("/ws/", "/ws/live", "/ws/live/not-a-uuid/", "/ws/live/../admin/"):
        with pytest.raises(InvalidStatus) as refused:
            await service.connect(path=path)
        assert refused.value.response.status_code == 404


async def test_a_user_has_only_so_many_sessions(service: Service) -> None:
    pages = [await service.talk() for _ in range(5)]
    sixth = await service.connect()
    code, reason = await sixth.closed()
    assert code == 4429
    assert "5 conversations open" in reason
    await (await service.talk("bob")).ask("hello")
    await pages[0].close()
    await asyncio.sleep(0)
    for _ in range(50):
        seventh = await service.connect()
        await seventh.send({"setup": {}})
        if "setupComplete" in await _first(seventh):
            return
        await asyncio.sleep(0.02)
    pytest.fail("a closed session did not make room")


async def _first(page: Any) -> dict[str, Any]:
    try:
        return await page.receive()
    except Exception:  # noqa: BLE001  (closed: no room yet)
        return {}


async def test_the_service_has_only_so_many_sessions(service: Service) -> None:
    service.runtime.hub._max = 1
    await service.talk()
    other = await service.connect("bob")
    assert (await other.closed())[0] == 4429


async def test_logging_out_closes_that_logins_sockets_within_two_seconds(service: Service) -> None:
    page = await service.talk()
    other_login = await sync_to_async(_sign_in_again)("alice")
    service._cookies["alice"] = other_login
    stays = await service.talk()
    client = Client()
    client.cookies[django_settings.SESSION_COOKIE_NAME] = other_login
    assert (await sync_to_async(client.post)("/accounts/logout/")).status_code == 302
    assert await stays.closed(timeout=3) == (4401, "You are no longer signed in.")
    assert "hello" in await page.ask("hello")


async def test_deactivation_closes_a_users_sockets(service: Service) -> None:
    page, other = await service.talk("alice"), await service.talk("bob")
    await sync_to_async(_deactivate)("alice")
    assert (await page.closed(timeout=4))[0] == 4401
    assert "hello" in await other.ask("hello")
    await service.google.wait_for(lambda google: google.open_connections == 1)


async def test_a_change_of_password_closes_the_other_logins(service: Service) -> None:
    page = await service.talk()
    await sync_to_async(_change_password)("alice")
    assert (await page.closed(timeout=4))[0] == 4401


async def test_a_deleted_session_is_noticed_without_a_word(service: Service) -> None:
    """`clearsessions` and expiry send no signal; the regular check finds them."""
    page = await service.talk()
    await sync_to_async(Client().get)("/")
    from django.contrib.sessions.models import Session

    await Session.objects.all().adelete()
    await service.runtime._check_credentials()
    assert (await page.closed())[0] == 4401


async def test_a_second_tab_takes_the_conversation_over(service: Service) -> None:
    first = await service.connect()
    welcome = await first.set_up()
    await first.ask("hello")
    second = await service.talk(conversation=welcome["conversation"])
    assert await first.closed() == (4409, "This conversation goes on elsewhere.")
    assert "hello" in await second.ask("hello")


async def test_who_serves_a_deleted_conversation_is_told(service: Service) -> None:
    page = await service.connect()
    conversation = (await page.set_up())["conversation"]
    await page.ask("hello")
    await service.written()
    assert await _call("delete", f"/api/conversations/{conversation}/") == 204
    assert await page.closed(timeout=4) == (4404, "There is no such conversation.")
    await service.google.wait_for(lambda google: not google.open_connections)


async def test_all_who_serve_what_one_person_deleted_are_told(service: Service) -> None:
    pages = [await service.talk() for _ in range(2)]
    other = await service.talk("bob")
    for page in [*pages, other]:
        await page.ask("hello")
    await service.written()
    assert await _call("delete", "/api/conversations/", {"confirm": "alice"}) == 200
    assert [(await page.closed(timeout=4))[0] for page in pages] == [4404, 4404]
    assert "hello" in await other.ask("hello")


async def test_who_serves_a_rewound_conversation_is_told(service: Service) -> None:
    page = await service.connect()
    conversation = (await page.set_up())["conversation"]
    await page.ask("hello")
    await service.written()
    asked = await Message.objects.aget(role="user")
    assert await _call("post", f"/api/conversations/{conversation}/rewind/", {"message": str(asked.pk)}) == 200
    assert (await page.closed(timeout=4))[0] == 4409
    await service.google.wait_for(lambda google: not google.open_connections)


async def test_a_heartbeat_finds_what_no_word_came_of(service: Service) -> None:
    page = await service.connect()
    conversation = (await page.set_up())["conversation"]
    await page.ask("hello")
    await service.written()
    mine = Conversation.objects.filter(pk=conversation)
    await mine.aupdate(lease_session=None, lease_until=None)  # as a sweeper leaves it that took us for dead
    await service.runtime._heartbeat()
    assert "hello" in await page.ask("hello")
    await mine.aupdate(fence=F("fence") + 1)
    await service.runtime._heartbeat()
    assert (await page.closed())[0] == 4409


def _sign_in_again(username: str) -> str:
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


def _deactivate(username: str) -> None:
    user = get_user_model().objects.get(username=username)
    user.is_active = False
    user.save()


def _change_password(username: str) -> None:
    user = get_user_model().objects.get(username=username)
    user.set_password("another long password")
    user.save()


@sync_to_async
def _call(method: str, address: str, body: Any = None) -> int:
    client = Client()
    client.force_login(get_user_model().objects.get(username="alice"))
    status: int = getattr(client, method)(address, json.dumps(body), content_type="application/json").status_code
    return status
