"""Whose credential has lapsed is found and closed, however slow the database is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from live_proxy import hub
from live_proxy.close_codes import CloseCode
from live_proxy.config import live_config
from live_proxy.database import Database
from live_proxy.hub import Seat
from live_proxy.runtime import Runtime

LIMIT = 10.0


class Clock:
    """Time passes while the database is asked, and then only."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def run(self, function: Callable[..., Any], *args: Any, timeout: float = LIMIT) -> Any:
        """In place of a `Database`'s."""
        began = self.now
        done = function(*args)
        if self.now - began > timeout:
            raise TimeoutError
        return done


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hub, "monotonic", clock)
    return clock


@pytest.mark.parametrize("query", [0.0, 0.02, 0.3, 4.0])
async def test_every_seat_is_checked_where_all_together_take_too_long(clock: Clock, query: float) -> None:
    runtime = Runtime(live_config())
    runtime.hub._max = runtime.hub._max_per_user = 100
    runtime.database = cast("Database", clock)
    closed: list[tuple[int, int]] = []

    def seat(number: int) -> Seat:
        def valid() -> bool:
            clock.now += query
            return number % 3 != 0

        return Seat(1, "web", valid, lambda code, reason: closed.append((number, code)), f"login-{number}")

    seats = [seat(number) for number in range(100)]
    for each in seats:
        runtime.hub.take(each)
    await runtime._check_credentials()
    assert closed == [(number, CloseCode.SIGNED_OUT) for number in range(0, 100, 3)]
    for each in seats:
        runtime.hub.leave(each)


async def test_those_that_were_found_are_closed_before_the_rest_is_asked_for(clock: Clock) -> None:
    """Also where the database goes away in between."""
    runtime = Runtime(live_config())
    runtime.database = cast("Database", clock)
    closed: list[int] = []

    def slow() -> bool:
        clock.now += 2
        return False

    def stuck() -> bool:
        clock.now += 2 * LIMIT
        return False

    first, second = (
        Seat(1, "web", valid, lambda code, reason: closed.append(code), "login") for valid in (slow, stuck)
    )
    for each in (first, second):
        runtime.hub.take(each)
    with pytest.raises(TimeoutError):
        await runtime._check_credentials()
    assert closed == [CloseCode.SIGNED_OUT]
    for each in (first, second):
        runtime.hub.leave(each)
