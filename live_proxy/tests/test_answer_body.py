"""The body of an answer over Google's HTTP methods, which may never be begun: a program can leave at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.http import StreamingHttpResponse

from live_proxy.views import google_answer


class Answer:
    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.times = 0
        self.body = google_answer._Body(self.chunks(), self.finish)

    async def chunks(self) -> AsyncIterator[bytes]:
        yield b"x"

    async def finish(self) -> None:
        self.times += 1
        self.let_go.set()

    async def is_let_go(self) -> None:
        async with asyncio.timeout(5):
            await self.let_go.wait()


async def test_it_is_let_go_where_nobody_says_that_it_was_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_answer, "BEGUN_WITHIN", 0.01)
    answer = Answer()
    await answer.is_let_go()
    assert [chunk async for chunk in answer.body] == []


async def test_it_is_let_go_with_its_response() -> None:
    answer = Answer()
    response = StreamingHttpResponse(answer.body)
    for _ in range(2):
        await asyncio.to_thread(response.close)  # Django does so in another thread
    await answer.is_let_go()
    assert [chunk async for chunk in answer.body] == []
    assert answer.times == 1


async def test_what_is_read_ends_by_itself() -> None:
    answer = Answer()
    response = StreamingHttpResponse(answer.body)
    assert [chunk async for chunk in response] == [b"x"]
    await asyncio.to_thread(response.close)
    await asyncio.sleep(0)
    assert answer.times == 0 and not [task for task in asyncio.all_tasks() if task.get_name() == "request-end"]
