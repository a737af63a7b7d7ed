"""Every way in which the simulator can fail, through the whole service: what was tried, what the ladder decided, what
the client saw, what the record says, and how long it took."""

from __future__ import annotations

import asyncio
import base64
import math
import time
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Message, TransportAttempt
from live_proxy.breaker.breaker import Breaker
from live_proxy.candidates import TRANSPORTS, Candidate
from live_proxy.errors import Failure
from live_proxy.ladder import Ladder
from live_proxy.transports.sdk import load_sdk
from project.tests.driving import AUDIO, TEXT, PageSocket, Service, rows
from project.tests.scenario_rows import Row
from project.tests.scenario_table import TABLE
from simulator import Simulator
from simulator.scenarios import SCENARIOS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service, pytest.mark.slow]

TOOLS = [{"functionDeclarations": [{"name": "get_time", "description": "the time"}]}]
NAMES = {
    ("websocket", "vertex", "gemini-live-2.5-flash"): "wA",
    ("websocket", "vertex", "gemini-3.8-live"): "wB",
    ("websocket", "developer", "gemini-3.8-live"): "wD",
    ("sdk", "vertex", "gemini-2.5-flash"): "sV",
    ("sdk", "developer", "gemini-2.5-flash"): "sD",
    ("rest", "vertex", "gemini-2.5-flash"): "rV",
    ("rest", "developer", "gemini-2.5-flash"): "rD",
}
PATIENCE = 0.5  # seconds that an answer may be silent
SET_UP = 3 * PATIENCE  # a set-up gets more: on a busy machine the SDK alone may take most of a second
SLOW_MACHINE = 10.0  # seconds beyond the deadlines that a row may take
GROUPS = 6  # so that workers share the table


@dataclass
class Verdicts:
    """What the ladder was told of failures, in order: (candidate, kind and verdict)."""

    told: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> Verdicts:
    found = Verdicts()
    told = Ladder.failed

    def failed(self: Ladder, candidate: Candidate, failure: Failure, known: Any) -> None:
        verdict = failure.verdict
        wait = f" {verdict.retry_after:g}s" if verdict.retry_after else ""
        action = f"{verdict.action} {verdict.scope}" if verdict.scope else str(verdict.action)
        name = NAMES[candidate.transport, candidate.platform, candidate.model.name]
        found.told.append((name, f"{failure.kind}: {action}{wait}"))
        told(self, candidate, failure, known)

    monkeypatch.setattr(Ladder, "failed", failed)
    return found


@pytest.fixture
async def google(google: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Simulator]:
    """All rungs, both platforms, two Live models and one for requests; short patience. What is held back stays so:
    when a probe comes is a matter of time."""

    async def nothing_comes_back(self: Breaker, *_: Any) -> bool:
        return False

    monkeypatch.setattr(Breaker, "wait_for_any", nothing_comes_back)
    monkeypatch.setattr(Breaker, "_claim_probes", nothing_comes_back)
    await asyncio.to_thread(load_sdk)
    settings.GOOGLE_API_KEY = "sim-key"
    settings.LIVE_TRANSPORTS = list(TRANSPORTS)
    settings.LIVE_MODELS = ["gemini-live-2.5-flash", "gemini-3.8-live"]
    settings.LIVE_STANDARD_MODELS = ["gemini-2.5-flash"]
    settings.LIVE_FIRST_OUTPUT_TIMEOUT = settings.LIVE_STALL_TIMEOUT = PATIENCE
    settings.LIVE_SETUP_TIMEOUT, settings.LIVE_CLIMB_TIMEOUT = SET_UP, 10 * SET_UP
    settings.LIVE_MAX_SESSIONS_PER_USER = 100
    google.pace.go_away_after, google.pace.go_away_time_left = 0.02, 1.5
    google.pace.drip_delay = 0.1
    google.pace.hold = 0.3
    yield google


def test_every_scenario_has_a_row() -> None:
    assert set(TABLE) == set(SCENARIOS)


@pytest.mark.parametrize("group", range(GROUPS))
async def test_scenarios(service: Service, verdicts: Verdicts, group: int) -> None:
    names = list(TABLE)[group::GROUPS]
    wrong = {name: await differences(service, verdicts, name, TABLE[name]) for name in names}
    assert {name: found for name, found in wrong.items() if found} == {}


async def differences(service: Service, verdicts: Verdicts, name: str, row: Row) -> list[str]:
    """What a scenario does otherwise than its row says."""
    google = service.google
    await service.runtime.breaker.reset(None)
    verdicts.told.clear()
    google.script(row.first)
    google.scenario = name
    google.chunk_delay = 0.03 if row.interrupt else 0.0
    before = len(google.connections)
    began = time.monotonic()
    page = await service.connect()
    try:
        await page.set_up(config=AUDIO if row.spoken else TEXT, tools=TOOLS)
        start = len(page.messages)
        first = await page.until(lambda message: {"transport", "error"} & message.get("proxy", {}).keys() != set())
        over = timezone.now()
        seen = [await exchange(page, row, start)]
        seconds = time.monotonic() - began
        if row.again:
            # All of them: the first may be left before anything was asked.
            await google.wait_for(
                lambda sim: not row.dies or not any(each.is_open for each in sim.connections[before:])
            )
            seen.append(await exchange(page, row, len(page.messages)))
        if "error" in first["proxy"]:
            seen = [" ".join(told([first]))]  # the question meets the same, with less to try
        else:
            over = timezone.now()
    finally:
        google.scenario = "normal"
    await page.close()
    while len(service.runtime.hub):
        await asyncio.sleep(0.005)
    await service.written()
    session = next(message["proxy"]["session"] for message in page.messages if "session" in message.get("proxy", {}))
    tried = await attempts(session, over, verdicts.told)
    answers = await rows(Message.objects.filter(session_id=session, role="model").order_by("position"))
    kept = ", ".join(f"{answer.status} {answer.transport}".strip() for answer in answers)
    differs = row.differs(tried, " / ".join(seen), kept)
    deadlines = row.waits * PATIENCE + row.set_ups * SET_UP
    if not deadlines * 0.9 <= seconds < deadlines + SLOW_MACHINE:
        differs.append(f"took {seconds:.1f} s")
    return differs


async def attempts(session: str, until: datetime, verdicts: list[tuple[str, str]]) -> str:
    """Each attempt with what the ladder made of it. What is tried later to get back up is left out: when that
    happens is a matter of time."""
    left = list(verdicts)
    lowest = 0
    found = []
    made = TransportAttempt.objects.filter(session_id=session, started_at__lte=until)
    for attempt in await rows(made.order_by("started_at")):
        name = NAMES[attempt.transport, attempt.platform, attempt.model]
        verdict = next((told for told in left if told[0] == name), None) if attempt.error_kind else None
        if verdict is not None:
            left.remove(verdict)
            assert verdict[1].startswith(attempt.error_kind)
        rank = TRANSPORTS.index(attempt.transport)
        if rank >= lowest:
            lowest = rank
            found.append(f"{name} {verdict[1]}" if verdict else name)
    counted = ((text, len(list(same))) for text, same in groupby(found))
    return ", ".join(f"{text} x{count}" if count > 1 else text for text, count in counted)


async def exchange(page: PageSocket, row: Row, start: int) -> str:
    """Ask once; what came from message `start` on, in order, without repetitions."""
    if row.spoken:
        await speak(page)
    else:
        await page.type("long" if row.interrupt else "hello")
    if row.interrupt:
        await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
        await page.type("hello")
    ends = 2 if row.interrupt else 1
    while ends:
        message = await page.until(is_end)
        if call := message.get("toolCall"):
            await answer_call(page, call["functionCalls"][0])
            continue
        ends -= 1
        if "error" in message.get("proxy", {}):
            break
    words = [word for word, _ in groupby(told(page.messages[start:]))]
    return " ".join(words).replace("text generationComplete turnComplete", "answer")


async def answer_call(page: PageSocket, call: dict[str, Any]) -> None:
    answer = {"id": call["id"], "name": call["name"], "response": {"output": "noon"}}
    await page.send({"toolResponse": {"functionResponses": [answer]}})


def is_end(message: dict[str, Any]) -> bool:
    content = message.get("serverContent", {})
    over = content.get("turnComplete") and content.get("interactionStatus") != "IN_PROGRESS"
    return bool(over) or "error" in message.get("proxy", {}) or "toolCall" in message


def told(messages: Iterable[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        notice = message.get("proxy", {})
        if "transport" in notice:
            yield f"{notice['transport']}:"
        if "error" in notice:
            yield f"error({', '.join(sorted({each['kind'] for each in notice['error']['tried']}))})"
        content = message.get("serverContent", {})
        for part in content.get("modelTurn", {}).get("parts", []):
            yield "thought" if part.get("thought") else "text" if "text" in part else "audio"
        for key in ("inputTranscription", "outputTranscription", "interrupted", "generationComplete", "turnComplete"):
            if content.get(key):
                yield key
        for key in ("turnCompleteReason", "interactionStatus"):
            if key in content:
                yield content[key]
        for key in ("toolCall", "toolCallCancellation", "goAway", "sessionResumptionUpdate"):
            if key in message:
                yield key


async def speak(page: PageSocket) -> None:
    sound = array("h", (int(8000 * math.sin(math.tau * 220 * at / 16_000)) for at in range(9_600))).tobytes()
    for pcm in (sound, bytes(32_000)):
        blob = {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(pcm).decode()}
        await page.send({"realtimeInput": {"audio": blob}})
