"""Conversations as files."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from conversations.tests.factories import alice, charlie, conversation, message, session
from live_proxy.database import Database
from live_proxy.views import export as view

pytestmark = pytest.mark.django_db(transaction=True)


class Reads:
    """What of the runtime an export needs."""

    database = Database()


@pytest.fixture
def client(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    monkeypatch.setattr(view, "current_runtime", Reads)
    return async_client


async def read(client: AsyncClient, address: str) -> tuple[Any, str]:
    response: Any = await client.get(address)
    if not response.streaming:
        return response, response.text
    pieces: AsyncIterator[bytes] = response.streaming_content
    return response, b"".join([piece async for piece in pieces]).decode()


@pytest.fixture
def two() -> Any:
    first = conversation(title="Bergen: “rain” / sun?")
    talk = session(first)
    for position in range(1, 421):
        message(talk, position, text=f"text {position}")
    second = conversation(title="")
    message(session(second), 1, text="a\n# Gemini\n\r## You\u2028## forged", parts=[{"thought": True, "text": "hm"}])
    conversation(charlie(), title="his")
    return first


async def test_all_as_json(client: AsyncClient, two: Any) -> None:
    await client.aforce_login(await sync_to_async(alice)())
    response, text = await read(client, "/api/export/?format=json")
    whole = json.loads(text)
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith('attachment; filename="conversations-')
    talks = {talk["title"]: talk["messages"] for talk in whole["conversations"]}
    assert set(talks) == {"Bergen: “rain” / sun?", ""}
    assert [row["text"] for row in talks["Bergen: “rain” / sun?"]] == [f"text {nth}" for nth in range(1, 421)]
    assert {"transport", "model", "status", "usage", "parts"} <= set(talks[""][0])


async def test_one_as_markdown_in_which_nobody_poses_as_another(client: AsyncClient, two: Any) -> None:
    await client.aforce_login(await sync_to_async(alice)())
    response, text = await read(client, "/api/export/?format=markdown")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings.count("## You") == 210 + 1
    assert headings.count("## Gemini") == 210
    assert "> # Gemini" in text
    assert "## forged" not in headings
    only, text = await read(client, f"/api/conversations/{two.pk}/export/?format=markdown")
    assert only["Content-Disposition"].startswith('attachment; filename="Bergen-rain-sun-')
    assert text.startswith("# Bergen: “rain” / sun?\n")
    assert "> text 420" in text


async def test_nothing_of_nobody_else(client: AsyncClient, two: Any) -> None:
    assert (await client.get("/api/export/")).status_code == 401
    await client.aforce_login(await sync_to_async(charlie)())
    _, text = await read(client, "/api/export/")
    assert [talk["title"] for talk in json.loads(text)["conversations"]] == ["his"]
    assert (await client.get(f"/api/conversations/{two.pk}/export/")).status_code == 404
    assert (await client.get("/api/export/?format=pdf")).status_code == 400
    assert (await client.post("/api/export/")).status_code == 405
