"""Access tokens from `gcloud`, and what happens around the two sources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from live_proxy import credentials
from live_proxy.credentials import TokenProvider
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.tests.loop_watch import other_tasks, until, watched_loop
from live_proxy.tests.stand_in_gcloud import EXITS_BEFORE_ITS_CHILD, HANGS, TOKEN, Gcloud, isolate

SOURCES = ("gcloud", "google-auth")
NO_TOKENS = {
    "nothing": "",
    "white space": " \n",
    "two tokens": f"{TOKEN}\n{TOKEN}\n",
    "two tokens on a line": f"{TOKEN} {TOKEN}",
    "a page": "<html><title>Sign in</title><body>ya29.not-a-token</body></html>",
    "a warning first": f"WARNING: your quota project differs\n{TOKEN}\n",
    "too short": "ya29.short",
    "too long": "a" * 5000,
    "NUL": f"{TOKEN}\0",
    "other alphabet": "ya29.ключ-который-не-ключ",
    "a header": f"{TOKEN}\r\nX-Injected: yes",
}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def gcloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gcloud:
    return isolate(monkeypatch, tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def provider(gcloud: Gcloud, clock: Clock) -> AsyncIterator[TokenProvider]:
    provider = TokenProvider(SOURCES, clock=clock)
    yield provider
    await provider.close()


async def failure_of(provider: TokenProvider, *, refused: str = "") -> Failure:
    with pytest.raises(Failure) as caught:
        await provider.token(refused=refused)
    failure = caught.value
    assert failure.kind is ErrorKind.CREDENTIALS
    assert (failure.verdict.action, failure.verdict.scope) == (Action.SKIP, Scope.PLATFORM)
    return failure


async def test_gcloud_is_asked_for_the_application_default_token(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.prints(f"{TOKEN}\n")
    token = await provider.token()
    assert (token.value, token.source, token.quota_project) == (TOKEN, "gcloud", "")
    assert gcloud.calls == ["auth application-default print-access-token"]


async def test_windows_line_ends_are_white_space(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.prints(f"{TOKEN}\r\n")
    assert (await provider.token()).value == TOKEN


@pytest.mark.parametrize("text", NO_TOKENS.values(), ids=NO_TOKENS)
async def test_anything_but_one_token_is_no_token(gcloud: Gcloud, text: str) -> None:
    gcloud.prints(text)
    provider = TokenProvider(("gcloud",))
    assert "gcloud: printed something other than one token" in (await failure_of(provider)).reason


async def test_output_without_end_is_not_collected(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does("exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    started = time.monotonic()
    assert "gcloud: printed something other" in (await failure_of(provider)).reason
    assert time.monotonic() - started < credentials.GCLOUD_TIMEOUT - 1


async def test_a_gcloud_that_fails_says_so_by_its_status_alone(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does(f"echo {TOKEN}; echo 'ERROR: secret-in-stderr' >&2; exit 3")
    failure = await failure_of(provider)
    assert "gcloud: exit status 3" in failure.reason
    assert TOKEN not in failure.reason and "stderr" not in failure.reason


async def test_without_gcloud_and_google_auth_both_reasons_are_told(provider: TokenProvider) -> None:
    reason = (await failure_of(provider)).reason
    assert "gcloud: not installed" in reason
    assert "google-auth: DefaultCredentialsError" in reason


async def test_a_gcloud_that_does_not_start_is_passed_over(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.path.write_text("#!/no/such/interpreter\n")
    gcloud.path.chmod(0o755)
    assert "gcloud: does not start (FileNotFoundError)" in (await failure_of(provider)).reason


@pytest.mark.parametrize("script", [HANGS, EXITS_BEFORE_ITS_CHILD], ids=["hangs", "exits before its child"])
async def test_a_gcloud_that_hangs_is_ended_with_its_children(
    provider: TokenProvider, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(credentials, "GCLOUD_TIMEOUT", 0.3)
    gcloud.does(script)
    started = time.monotonic()
    async with watched_loop() as ticks:
        failure = await failure_of(provider)
    assert "gcloud: no answer within" in failure.reason
    assert time.monotonic() - started < 5
    assert ticks.went_on
    await until(gcloud.child_is_gone)


async def test_the_two_sources_together_have_one_limit(
    provider: TokenProvider, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "TOTAL_TIMEOUT", 0.3)
    gcloud.does(HANGS)
    assert "no token within" in (await failure_of(provider)).reason
    await until(gcloud.child_is_gone)


async def test_closing_ends_a_gcloud_that_is_under_way(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does(HANGS)
    before = other_tasks()
    waiting = asyncio.create_task(provider.token())
    await until(Path(f"{gcloud.path}.child").exists)
    await provider.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert other_tasks() == before
    await until(gcloud.child_is_gone)


async def test_fifty_callers_start_one_gcloud(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does(f"sleep 0.2; echo {TOKEN}")
    async with watched_loop() as ticks:
        tokens = await asyncio.gather(*(provider.token() for _ in range(50)))
    assert {token.value for token in tokens} == {TOKEN}
    assert len(gcloud.calls) == 1
    assert ticks.went_on


async def test_a_caller_that_goes_away_does_not_end_the_others_fetch(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does(f"sleep 0.2; echo {TOKEN}")
    first, second = (asyncio.create_task(provider.token()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).value == TOKEN
    assert len(gcloud.calls) == 1


async def test_a_token_is_renewed_ahead_while_the_old_one_is_served(
    provider: TokenProvider, gcloud: Gcloud, clock: Clock
) -> None:
    gcloud.prints("first-token-0123456789")
    await provider.token()
    gcloud.prints("second-token-0123456789")
    clock.now += credentials.GCLOUD_RENEW_AFTER - 1
    await provider.token()
    assert len(gcloud.calls) == 1
    clock.now += 2
    old = await asyncio.gather(*(provider.token() for _ in range(20)))
    assert {token.value for token in old} == {"first-token-0123456789"}
    await until(lambda: len(gcloud.calls) == 2)
    async with asyncio.timeout(20):
        while (await provider.token()).value != "second-token-0123456789":
            await asyncio.sleep(0.005)
    assert len(gcloud.calls) == 2


async def test_a_renewal_that_fails_leaves_the_old_token_and_is_not_tried_with_every_call(
    provider: TokenProvider, gcloud: Gcloud, clock: Clock
) -> None:
    gcloud.prints(TOKEN)
    await provider.token()
    gcloud.does("exit 1")
    clock.now += credentials.GCLOUD_RENEW_AFTER + 1
    await provider.token()
    await until(lambda: len(gcloud.calls) == 2 and not other_tasks())
    for _ in range(5):
        assert (await provider.token()).value == TOKEN
    assert len(gcloud.calls) == 2
    clock.now += credentials.REMEMBER_FAILURE + 1
    await provider.token()
    await until(lambda: len(gcloud.calls) == 3 and not other_tasks())


async def test_a_token_past_its_end_is_not_served(provider: TokenProvider, gcloud: Gcloud, clock: Clock) -> None:
    gcloud.prints(TOKEN)
    await provider.token()
    gcloud.does("exit 1")
    clock.now += 3600
    await failure_of(provider)


async def test_a_refused_token_is_replaced_once_for_all_who_held_it(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.prints("first-token-0123456789")
    first = await provider.token()
    gcloud.prints("second-token-0123456789")
    renewed = await asyncio.gather(*(provider.token(refused=first.value) for _ in range(20)))
    assert {token.value for token in renewed} == {"second-token-0123456789"}
    assert (await provider.token(refused=first.value)).value == "second-token-0123456789"
    assert len(gcloud.calls) == 2


async def test_a_refused_token_that_cannot_be_replaced_is_not_served_again(
    provider: TokenProvider, gcloud: Gcloud, clock: Clock
) -> None:
    gcloud.prints(TOKEN)
    await provider.token()
    gcloud.does("exit 1")
    await failure_of(provider, refused=TOKEN)
    await failure_of(provider)
    await failure_of(provider, refused=TOKEN)  # one that held it as well
    assert len(gcloud.calls) == 2
    clock.now += credentials.REMEMBER_FAILURE + 1
    gcloud.prints("second-token-0123456789")
    assert (await provider.token()).value == "second-token-0123456789"


async def test_a_failure_is_remembered_for_a_minute(provider: TokenProvider, gcloud: Gcloud, clock: Clock) -> None:
    gcloud.does("exit 1")
    first = await failure_of(provider)
    clock.now += credentials.REMEMBER_FAILURE - 1
    second = await failure_of(provider)
    assert len(gcloud.calls) == 1
    assert second.reason == first.reason
    gcloud.prints(TOKEN)
    clock.now += 2
    assert (await provider.token()).value == TOKEN


async def test_each_caller_gets_a_failure_of_its_own(provider: TokenProvider, gcloud: Gcloud) -> None:
    gcloud.does("exit 1")
    results = await asyncio.gather(*(provider.token() for _ in range(10)), return_exceptions=True)
    results += await asyncio.gather(*(provider.token() for _ in range(10)), return_exceptions=True)
    # One exception raised again and again collects the frames of all who raised it.
    assert len({id(failure) for failure in results}) == 20
    assert all(isinstance(failure, Failure) for failure in results)
