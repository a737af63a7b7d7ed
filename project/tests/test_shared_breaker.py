"""Two server processes and one Redis: what one finds dead, the other does not try; and the HTTP way in, for real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from project.tests.driving import FAMILY
from project.tests.processes import Redis, Stack
from project.tests.test_processes import need, open_page

pytestmark = [pytest.mark.service, pytest.mark.slow, pytest.mark.timeout(120)]
ALL = "websocket,sdk,rest"


@pytest.fixture
def team(tmp_path: Path) -> Iterator[tuple[Stack, Redis]]:
    need("Redis")
    redis = Redis(tmp_path)
    stack = Stack(tmp_path, redis=redis.url, scenario="no_live_access", transports=ALL)
    yield stack, redis
    stack.stop()
    redis.stop()


async def test_the_second_process_skips_what_the_first_found_dead(team: tuple[Stack, Redis]) -> None:
    stack, redis = team
    cookie = stack.user("alice")
    (_, one), (_, two) = stack.serve(), stack.serve()
    first = await open_page(one, cookie)
    await first.set_up()
    assert "hello" in await first.ask("hello")
    await asyncio.sleep(1.5)  # a snapshot is at most a second old
    knocked = len(stack.connections())
    second = await open_page(two, cookie)
    await second.set_up()
    assert await second.notice("transport") == "sdk"
    assert "hello" in await second.ask("hello")
    assert len(stack.connections()) == knocked
    redis.process.kill()
    third = await open_page(two, cookie)
    await third.set_up()
    assert "hello" in await third.ask("hello"), "without Redis each process goes on with what it knows"
    assert len(stack.connections()) == knocked
    for page in (first, second, third):
        await page.close()


async def test_a_message_over_http_and_the_death_of_the_process(team: tuple[Stack, Redis]) -> None:
    """What was confirmed is there after `kill -9`, and the same id asks again."""
    stack, _ = team
    cookie = stack.user("alice")
    server, address = stack.serve()
    stack.scenario("http_stall")
    conversation, body = uuid4(), {"id": str(uuid4()), "text": "one two three four five", "family": FAMILY}
    token = "c" * 32
    url = f"http://{address}/api/conversations/{conversation}/messages/"
    async with httpx.AsyncClient(
        trust_env=False,
        timeout=20,
        cookies={"sessionid": cookie, "csrftoken": token},
        headers={"Origin": f"http://{address}", "X-CSRFToken": token},
    ) as client:
        with pytest.raises(httpx.HTTPError):
            async with client.stream("POST", url, json=body) as response:
                async for line in response.aiter_lines():
                    if "modelTurn" in line:
                        server.popen.kill()
        stack.scenario("no_live_access")
        _, address = stack.serve()
        url = f"http://{address}/api/conversations/{conversation}/messages/"
        client.headers["Origin"] = f"http://{address}"
        again = await client.post(url, json=body)
        found = (await client.get(url)).json()["messages"]
    last = [json.loads(line[6:]) for line in again.text.split("\n\n") if line.startswith("data: ")][-1]
    assert "turnComplete" in last.get("serverContent", {}) or last["proxy"]["saved"] == body["id"]
    assert [message["text"] for message in found if message["role"] == "user"] == [body["text"]]
