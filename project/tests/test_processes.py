"""The service as it is run: real processes, real databases, `kill -9`, a slow reader, two processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from project.tests.driving import AUDIO, FAMILY, PageSocket
from project.tests.processes import POSTGRES, Postgres, Redis, Stack

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(180)]

SERVERS = {"PostgreSQL": POSTGRES is not None, "Redis": shutil.which("redis-server") is not None}


def need(server: str) -> None:
    if not SERVERS[server]:
        if os.environ.get("CI"):
            pytest.fail(f"{server} is not installed, and this machine must have it")
        pytest.skip(f"{server} is not installed")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    need("PostgreSQL")
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    need("Redis")
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").database(f"kill_{uuid4().hex[:8]}")
    stack = Stack(tmp_path_factory.mktemp(request.param), database=database)
    yield stack
    stack.stop()


@pytest.fixture
def team(postgres: Postgres, redis: Redis, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path, database=postgres.database(f"team_{uuid4().hex[:8]}"), redis=redis.url)
    yield stack
    stack.stop()


async def open_page(address: str, cookie: str, conversation: str = "") -> PageSocket:
    return PageSocket(
        await connect(
            f"ws://{address}/ws/live/" + (f"{conversation}/" if conversation else ""),
            additional_headers={"Cookie": f"sessionid={cookie}", "Origin": f"http://{address}"},
            subprotocols=["live-proxy.v1"],  # type: ignore[list-item]
            proxy=None,
            max_size=None,
        )
    )


MESSAGES = (
    "from conversations.models import Message\n"
    "print(json.dumps(list(Message.objects.order_by('created_at','position')"
    ".values_list('role','text','status','client_id'))))"
)


async def test_kill_9_loses_nothing_that_was_confirmed(stack: Stack) -> None:
    """Ten times: a finished turn, a typed message that was confirmed, then SIGKILL in the middle of its answer."""
    cookie = stack.user("alice")
    confirmed: list[str] = []
    answered: list[str] = []
    for round_ in range(10):
        server, address = stack.serve()
        stack.scenario("normal")
        page = await open_page(address, cookie)
        await page.set_up()
        answered.append(await page.ask(f"first {round_}"))
        stack.scenario("normal")
        await page.type(f"second {round_}")
        await page.notice("saved")
        confirmed += [f"first {round_}", f"second {round_}"]
        server.kill()
    rows = stack.python(MESSAGES)
    texts = [text for role, text, _, _ in rows if role == "user"]
    finished = [text for role, text, status, _ in rows if role == "model" and status == "complete"]
    assert [text for text in confirmed if text not in texts] == []
    assert [text for text in answered if text not in finished] == []
    assert len(texts) == len(set(texts))
    swept = stack.python(
        "from datetime import timedelta\nfrom django.utils import timezone\n"
        "from conversations.services import sessions_sweep\nfrom conversations.models import *\n"
        "sessions_sweep(now=timezone.now()+timedelta(minutes=5), stale_after=timedelta(seconds=35))\n"
        "print(json.dumps([Session.objects.filter(ended_at=None).count(), "
        "TransportAttempt.objects.filter(outcome__in=['pending','connected']).count(), "
        "Message.objects.filter(status='pending').count()]))"
    )
    assert swept == [0, 0, 0]


async def test_a_slow_reader_costs_little_and_is_cut_off(stack: Stack) -> None:
    cookie = stack.user("bob")
    server, address = stack.serve()
    page = await open_page(address, cookie)
    await page.set_up(config=AUDIO)
    await page.ask("hello")
    before = server.rss()
    await page.close()
    stack.scenario("flood")
    page = await open_page(address, cookie)
    await page.set_up(config=AUDIO)
    page.connection.transport.pause_reading()
    await page.type("hello")
    flooding = flooded = False
    started, most = time.monotonic(), 0
    while time.monotonic() - started < 15 and not (flooded and not flooding):
        most = max(most, server.rss())
        # The names that were refused first have sent nothing.
        flooding = any(one["is_open"] for one in stack.connections() if one["scenario"] == "flood" and one["sent"])
        flooded = flooded or flooding
        await asyncio.sleep(0.1)
    took = time.monotonic() - started
    page.connection.transport.abort()
    stack.scenario("normal")
    assert flooded
    assert 5 < took <= 10, "a moment of slowness is forgiven"
    assert most - before <= 2 * 1024 * 1024
    assert server.stop() == 0


async def test_sigterm_lets_the_turn_end_and_exits_cleanly(stack: Stack) -> None:
    cookie = stack.user("charlie")
    server, address = stack.serve()
    page = await open_page(address, cookie)
    await page.set_up()
    await page.type("count to 20")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    server.popen.terminate()
    await page.turn_end()
    assert (await page.closed())[0] == 1012
    assert server.stop() == 0


async def test_two_processes_share_conversations_and_sign_ins(team: Stack) -> None:
    """What happens at one process is known at the other within two seconds, by Redis; by the table without it."""
    cookie = team.user("alice")
    _, one = team.serve()
    _, other = team.serve()
    page = await open_page(one, cookie)
    welcome = await page.set_up()
    await page.ask("hello")
    elsewhere = await open_page(other, cookie, welcome["conversation"])
    await elsewhere.set_up()
    started = time.monotonic()
    assert (await page.closed(timeout=5))[0] == 4409
    assert time.monotonic() - started < 2.5
    assert "hello" in await elsewhere.ask("history please")
    team.python(
        "from django.contrib.auth import get_user_model as g\n"
        "u=g().objects.get(username='alice'); u.is_active=False; u.save(); print('null')"
    )
    started = time.monotonic()
    assert (await elsewhere.closed(timeout=6))[0] == 4401
    assert time.monotonic() - started < 4


async def test_redis_may_die_under_open_sockets(postgres: Postgres, tmp_path: Path) -> None:
    need("Redis")
    redis = Redis(tmp_path)
    stack = Stack(tmp_path, database=postgres.database(f"redis_{uuid4().hex[:8]}"), redis=redis.url)
    try:
        cookies = [stack.user(f"user{number}") for number in range(2)]
        _, address = stack.serve()
        pages = [await open_page(address, cookie) for cookie in cookies for _ in range(4)]
        for page in pages:
            await page.set_up()
        redis.process.kill()
        assert all("hello" in answer for answer in await asyncio.gather(*(page.ask("hello") for page in pages)))
        late = await open_page(address, cookies[0])
        await late.set_up()
        assert "hello" in await late.ask("hello")
    finally:
        stack.stop()
        redis.stop()


async def test_daphne_serves_the_same_messages(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        cookie = stack.user("alice")
        _, address = stack.daphne()
        page = await open_page(address, cookie)
        welcome = await page.set_up(model=FAMILY)
        assert "hello" in await page.ask("hello")
        await page.connection.send("not json")
        assert (await page.closed())[0] == 4400
        again = await open_page(address, cookie, welcome["conversation"])
        await again.set_up()
        assert "hello" in await again.ask("history please")
        await again.close()
        with pytest.raises(ConnectionClosed):
            await again.receive()
    finally:
        stack.stop()


def test_the_record_and_the_library_do_the_same_on_postgresql(postgres: Postgres) -> None:
    """Search and locks are what each database does in its own way."""
    tests = [f"live_proxy/tests/test_{name}.py" for name in ("library", "rewind", "search_turns", "served")]
    names = ("erasing", "history_of_a_claim", "leases", "record_batches", "search", "migrations")
    tests += [f"conversations/tests/test_{name}.py" for name in names]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--reuse-db", "-p", "no:cacheprovider", "-p", "no:xdist", *tests],
        env={**os.environ, "DATABASE_URL": postgres.database("library")},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout[-5000:]
