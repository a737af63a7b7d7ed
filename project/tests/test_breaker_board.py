"""The breaker's board in the admin: who may look, who may act, and what acting does to the next session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model

from project.tests.driving import Service
from simulator import Simulator

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "b" * 32
URL = "/admin/transports/"
LIVE = "websocket/vertex/us-central1/bidi/gemini-live-2.5-flash"


@pytest.fixture
def google(google: Simulator, settings: Any) -> Simulator:
    settings.LIVE_TRANSPORTS = ["websocket", "sdk", "rest"]
    return google


@asynccontextmanager
async def browser(service: Service, username: str, **rights: bool) -> AsyncIterator[httpx.AsyncClient]:
    await sync_to_async(get_user_model().objects.filter(username=username).update)(**rights)
    cookies = {
        django_settings.SESSION_COOKIE_NAME: await service.cookie(username),
        django_settings.CSRF_COOKIE_NAME: TOKEN,
    }
    headers = {"Origin": f"http://{service.address}", "X-CSRFToken": TOKEN}
    async with httpx.AsyncClient(
        base_url=f"http://{service.address}", cookies=cookies, headers=headers, trust_env=False
    ) as client:
        yield client


async def test_who_may_look_and_who_may_act(service: Service) -> None:
    async with browser(service, "alice") as client:
        assert (await client.get(URL)).status_code == 403
    async with browser(service, "bob", is_staff=True) as client:
        page = await client.get(URL)
        assert page.status_code == 200
        assert LIVE in page.text
        assert "Hold out" not in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
        assert (await client.post(URL, data={"action": "hold", "key": LIVE})).status_code == 403
    async with httpx.AsyncClient(base_url=f"http://{service.address}", trust_env=False) as stranger:
        assert (await stranger.get(URL)).headers["location"].startswith("/accounts/login/")


async def test_what_failed_stands_there_and_a_reset_forgets_it(service: Service) -> None:
    service.google.scenario = "no_live_access"
    socket = await service.talk()
    await socket.ask("one")
    await socket.close()  # an open session looks for a better upstream by itself, and fails anew
    async with browser(service, "bob", is_staff=True, is_superuser=True) as client:
        page = (await client.get(URL)).text
        assert f'data-key="{LIVE}" data-state="open"' in page
        assert "endpoint not found" in page
        assert (await client.post(URL, data={"action": "reset", "key": LIVE})).status_code == 302
        assert f'data-key="{LIVE}" data-state="closed"' in (await client.get(URL)).text
        assert (await client.post(URL, data={"action": "reset", "key": "nonsense"})).status_code == 400
        assert (await client.post(URL, data={"action": "explode", "key": LIVE})).status_code == 400
        assert (await client.post(URL, data={"action": "reset_all"})).status_code == 302
        assert 'data-state="open"' not in (await client.get(URL)).text


async def test_what_is_held_out_is_not_tried(service: Service) -> None:
    async with browser(service, "bob", is_staff=True, is_superuser=True) as client:
        page = (await client.get(URL)).text
        live = [part.split('"')[0] for part in page.split('data-key="')[1:] if part.startswith("websocket")]
        for key in live:
            assert (await client.post(URL, data={"action": "hold", "key": key})).status_code == 302
        assert "held out by staff<" in (await client.get(URL)).text
        socket = await service.talk()
        notice = await socket.until(lambda message: "transport" in message.get("proxy", {}))
        assert notice["proxy"]["transport"] == "sdk"
        assert not service.google.connections
        for key in live:
            await client.post(URL, data={"action": "release", "key": key})
        assert (await socket.notice("transport")) == "websocket"
