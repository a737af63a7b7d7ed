"""Conversations as files."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import AsyncClient

from conversations import everything
from conversations.tests.factories import (
    NOW,
    SECOND,
    alice,
    attempt,
    charlie,
    conversation,
    fallback,
    message,
    session,
)
from live_proxy import exports as module
from live_proxy.exports import Exports
from live_proxy.models import Preferences, SetupPolicy
from live_proxy.tests.loop_watch import until
from live_proxy.views import export as view
from live_proxy.views import export_texts

pytestmark = pytest.mark.django_db(transaction=True)
ALL = "/api/export/"


class Reads:
    """What of the runtime an export needs."""

    def __init__(self) -> None:
        self.exports = Exports(lambda: self.time)
        self.time = 0.0


@pytest.fixture
async def reads() -> AsyncIterator[Reads]:
    reads = Reads()
    yield reads
    reads.exports.close()


@pytest.fixture
async def client(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch, reads: Reads) -> AsyncClient:
    monkeypatch.setattr(view, "current_runtime", lambda: reads)
    await async_client.aforce_login(await sync_to_async(alice)())
    return async_client


async def read(client: AsyncClient, address: str) -> tuple[Any, str]:
    response: Any = await client.get(address)
    if not response.streaming:
        return response, response.text
    pieces: AsyncIterator[bytes] = response.streaming_content
    return response, b"".join([piece async for piece in pieces]).decode()


async def read_json(client: AsyncClient, address: str = ALL) -> Any:
    return json.loads((await read(client, address))[1])


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
    response, text = await read(client, f"{ALL}?format=json")
    whole = json.loads(text)
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith('attachment; filename="conversations-')
    talks = {talk["title"]: talk["messages"] for talk in whole["conversations"]}
    assert set(talks) == {"Bergen: “rain” / sun?", ""}
    assert [row["text"] for row in talks["Bergen: “rain” / sun?"]] == [f"text {nth}" for nth in range(1, 421)]
    assert {"transport", "model", "status", "usage", "parts"} <= set(talks[""][0])


async def test_one_as_markdown_in_which_nobody_poses_as_another(client: AsyncClient, two: Any) -> None:
    response, text = await read(client, f"{ALL}?format=markdown")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings.count("## You") == 210 + 1
    assert headings.count("## Gemini") == 210
    assert "> \\# Gemini" in text
    assert '"text": "hm"' in text
    assert "## forged" not in headings
    only, text = await read(client, f"/api/conversations/{two.pk}/export/?format=markdown")
    assert only["Content-Disposition"].startswith('attachment; filename="Bergen-rain-sun-')
    assert text.startswith("# Bergen: “rain” / sun?\n")
    assert "> text 420" in text


async def test_nothing_of_nobody_else(client: AsyncClient, two: Any) -> None:
    await client.aforce_login(await sync_to_async(charlie)())
    assert [talk["title"] for talk in (await read_json(client))["conversations"]] == ["his"]
    assert (await client.get(f"/api/conversations/{two.pk}/export/")).status_code == 404
    assert (await client.get(f"{ALL}?format=pdf")).status_code == 400
    assert (await client.post(ALL)).status_code == 405
    await client.alogout()
    assert (await client.get(ALL)).status_code == 401


# --- everything ---------------------------------------------------------------------------------------------------


@pytest.fixture
def story() -> None:
    """A conversation that was gone back in, with a fall, and a visit in which nothing was said."""
    talk = session(conversation(), ended_at=NOW + 60 * SECOND, close_code=1000)
    failed = attempt(talk, outcome="failed", error_kind="quota", http_status=429, detail="said Google", started_at=NOW)
    served = attempt(talk, transport="sdk", started_at=NOW + SECOND)
    message(talk, 1, text="first try", replaced_at=NOW + 9 * SECOND)
    answer = message(talk, 2, text="answer", attempt=served)
    fallback(talk, from_attempt=failed, to_attempt=served, message=answer, reason="quota")
    silent = session(started_at=NOW + timedelta(hours=1))
    attempt(silent, outcome="abandoned")
    session(conversation(charlie()))
    session(user=charlie())
    Preferences.objects.create(user=alice(), voice="Kore", instruction="Be brief.")
    SetupPolicy.objects.create(user=alice(), instruction_mode="locked")


async def test_the_json_of_everything_has_all_that_is_on_record(client: AsyncClient, story: None) -> None:
    whole = await read_json(client)
    assert whole["preferences"] == {"voice": "Kore", "language": "", "family": "", "instruction": "Be brief."}
    (talk,) = whole["conversations"]
    assert [(row["text"], row["replaced_at"]) for row in talk["messages"]] == [
        ("first try", "2026-11-22T12:00:09Z"),
        ("answer", None),
    ]
    assert [row["close_code"] for row in talk["sessions"]] == [1000]
    failed, served = talk["attempts"]
    assert (failed["outcome"], failed["error_kind"], failed["http_status"]) == ("failed", "quota", 429)
    assert served["id"] == talk["messages"][1]["attempt"]
    assert {row["session"] for row in [*talk["attempts"], *talk["fallbacks"], *talk["messages"]]} == {
        talk["sessions"][0]["id"]
    }
    (fall,) = talk["fallbacks"]
    assert (fall["from_attempt"], fall["to_attempt"], fall["reason"]) == (failed["id"], served["id"], "quota")
    visits = whole["visits"]
    assert (visits["conversation"], visits["fallbacks"]) == (None, [])
    assert [row["outcome"] for row in visits["attempts"]] == ["abandoned"]
    assert [row["id"] for row in visits["sessions"]] == [visits["attempts"][0]["session"]]
    assert "said Google" not in json.dumps(whole), "what Google said word for word is for the review alone"


async def test_one_conversation_is_as_complete_and_no_more(client: AsyncClient, story: None) -> None:
    whole = await read_json(client)
    only = await read_json(client, f"/api/conversations/{whole['conversations'][0]['id']}/export/")
    assert only["conversations"] == whole["conversations"]
    assert set(only) == {"exported_at", "conversations"}


async def test_the_transcript_is_the_thread_as_it_is(client: AsyncClient, story: None) -> None:
    _, text = await read(client, f"{ALL}?format=markdown")
    assert "> answer" in text
    assert "first try" not in text


async def test_a_person_without_anything_has_files_as_well(client: AsyncClient) -> None:
    assert (await read_json(client))["conversations"] == []
    assert (await read(client, f"{ALL}?format=markdown"))[1] == ""


async def test_many_rows_come_in_pieces_and_none_is_left_out_or_twice(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many() -> None:
        talk = session(conversation())
        for nth in range(7):
            attempt(talk, started_at=NOW + SECOND * (nth // 3))
            message(talk, nth, replaced_at=NOW if nth < 3 else None)
            conversation(title="more")

    monkeypatch.setattr(everything, "ROWS", 2)
    await sync_to_async(many)()
    whole = await read_json(client)
    assert len({talk["id"] for talk in whole["conversations"]}) == len(whole["conversations"]) == 8
    (talk,) = [talk for talk in whole["conversations"] if talk["messages"]]
    assert [row["position"] for row in talk["messages"]] == list(range(7))
    assert len({row["id"] for row in talk["attempts"]}) == len(talk["attempts"]) == 7
    assert [row["started_at"] for row in talk["attempts"]] == sorted(row["started_at"] for row in talk["attempts"])


# --- how much at a time -------------------------------------------------------------------------------------------


async def test_long_answers_are_read_a_few_at_a_time_and_beside_the_event_loop(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def long() -> None:
        talk = session(conversation())
        for position in range(6):
            message(talk, position, text="A line of a very long answer.\n" * 20_000)

    await sync_to_async(long)()
    threads: list[str] = []
    rows: list[int] = []
    actual = everything.messages_on_record

    def watched(*args: Any, **more: Any) -> Iterator[Any]:
        for found in actual(*args, **more):
            rows.append(len(found))
            for row in found:
                threads.append(threading.current_thread().name)
                yield [row]

    monkeypatch.setattr(export_texts, "messages_on_record", watched)
    for form in ("json", "markdown"):
        response: Any = await client.get(f"{ALL}?format={form}")
        sizes = [len(piece) async for piece in response.streaming_content]
        assert max(sizes) <= view.SENT_AT_ONCE
        assert sum(sizes) > 6 * 600_000
    assert rows == [1] * 12
    assert {name.split("_")[0] for name in threads} == {"export"}


async def test_one_download_at_a_time(client: AsyncClient, two: Any, reads: Reads) -> None:
    first: Any = await client.get(ALL)
    again = await client.get(ALL)
    assert again.status_code == 429
    assert "under way" in again.json()["error"]["message"]
    await client.aforce_login(await sync_to_async(charlie)())
    assert (await read(client, ALL))[0].status_code == 200
    await client.aforce_login(await sync_to_async(alice)())
    assert [piece async for piece in first.streaming_content]
    assert (await read(client, ALL))[0].status_code == 200
    never_read = await client.get(ALL)
    assert (await client.head(ALL)).status_code == 200
    await sync_to_async(never_read.close)()  # as the handler does where the client has left
    assert (await read(client, ALL))[0].status_code == 200


async def test_a_download_that_nobody_reads_gives_way_and_does_not_end_well(
    client: AsyncClient, two: Any, reads: Reads
) -> None:
    stalled: Any = await client.get(ALL)
    reads.time += module.UNREAD + 1
    assert (await read(client, ALL))[0].status_code == 200
    with pytest.raises(view.BrokenOff):
        _ = [piece async for piece in stalled.streaming_content]


async def test_not_too_many_at_once(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    held: Any = await client.get(ALL)
    await client.aforce_login(await sync_to_async(charlie)())
    refused = await client.get(ALL)
    assert refused.status_code == 429
    assert "Many people" in refused.json()["error"]["message"]
    assert [piece async for piece in held.streaming_content]


# --- when the database is away ------------------------------------------------------------------------------------


def failing_after(rows: int) -> Any:
    def messages(*args: Any, **more: Any) -> Iterator[Any]:
        for _ in range(rows):
            yield [{"text": "x" * 1000}]
        raise OperationalError("secret words of the database")

    return messages


async def test_a_failure_before_the_first_piece_is_said(
    client: AsyncClient, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(export_texts, "messages_on_record", failing_after(0))
        for form in ("json", "markdown"):
            answer = await client.get(f"{ALL}?format={form}")
            assert answer.status_code == 503
            assert answer.json()["error"]["message"] == "The service cannot reach its database; try again."
    assert (await read(client, ALL))[0].status_code == 200


async def test_a_failure_in_the_middle_breaks_the_transfer_off(
    client: AsyncClient, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(export_texts, "messages_on_record", failing_after(600))
        answer: Any = await client.get(ALL)
        assert answer.status_code == 200
        with pytest.raises(view.BrokenOff) as caught:
            _ = [piece async for piece in answer.streaming_content]
        assert "secret" not in f"{caught.value}{caught.value.__cause__}"
    assert (await read(client, ALL))[0].status_code == 200


async def test_who_leaves_before_the_first_piece_may_come_again(
    client: AsyncClient, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(*args: Any, **more: Any) -> Iterator[Any]:
        begun.set()
        go.wait(20)
        yield from ()

    with monkeypatch.context() as waiting:
        waiting.setattr(export_texts, "messages_on_record", slow)
        asking = asyncio.create_task(client.get(ALL))
        await until(begun.is_set)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go.set()
    assert (await read(client, ALL))[0].status_code == 200
