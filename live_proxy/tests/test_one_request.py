"""One request over HTTP, with a stand-in for who answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

from live_proxy.candidates import Candidate
from live_proxy.catalogue import StandardModel
from live_proxy.drafts import Draft
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.session.one_request import Asked, OneRequest
from live_proxy.transcript import Transcript
from live_proxy.writer import Durability

USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
QUESTION = Asked([{"role": "user", "parts": [{"text": "q"}]}])


class Recorder:
    def __init__(self) -> None:
        self.message_id = None
        self.drafts: dict[int, Draft] = {}

    def session_started(self) -> None: ...

    async def durable(self, drafts: Sequence[Draft]) -> Durability:
        self.drafts |= {draft.position: draft for draft in drafts}
        return Durability.COMMITTED


class Tier:
    def __init__(self, chunks: Sequence[JsonObject]) -> None:
        self.chunks = chunks

    async def receive(self) -> AsyncIterator[Frame]:
        for chunk in self.chunks:
            yield Frame("", 0, chunk)


async def answered(*chunks: JsonObject) -> tuple[Recorder, list[JsonObject]]:
    recorder = Recorder()
    candidate = Candidate("rest", "developer", "", StandardModel("m"))

    async def climb(*_: Any) -> Any:
        return SimpleNamespace(transport=Tier(chunks), candidate=candidate, attempt_id=uuid4())

    request = OneRequest(
        cast(Any, SimpleNamespace(climb=climb)),
        cast(Any, None),
        cast(Any, recorder),
        Transcript(next_position=1, new_id=uuid4),
        QUESTION,
        now=lambda: datetime.now(UTC),
    )
    await request.open()
    return recorder, [chunk async for chunk in request.chunks()]


async def test_what_comes_behind_the_end_counts_once() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    last = {"candidates": [{"content": {"parts": [call]}, "finishReason": "STOP"}], "usageMetadata": USAGE}
    first = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}
    chunks: list[JsonObject] = [first, last, {"usageMetadata": USAGE}]
    recorder, told = await answered(*chunks)
    assert told == chunks
    answer = recorder.drafts[2]
    assert (answer.status, answer.text, answer.usage["total"]) == ("complete", "Hi", 15)
    assert [part for part in answer.parts if "functionCall" in part] == [
        {"functionCall": answer.parts[0]["functionCall"]}
    ]


async def test_an_answer_without_an_end_is_interrupted() -> None:
    recorder, _ = await answered({"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]})
    assert recorder.drafts[2].status == "interrupted"
