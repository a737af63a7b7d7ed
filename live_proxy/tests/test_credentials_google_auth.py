"""Access tokens from `google-auth`, with a real service-account key and the simulator's token endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import google.oauth2.service_account
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from structlog.testing import capture_logs

from live_proxy import credentials
from live_proxy.credentials import TokenProvider
from live_proxy.errors import ErrorKind, Failure, Scope
from live_proxy.tests.loop_watch import other_tasks, until, watched_loop
from live_proxy.tests.stand_in_gcloud import TOKEN, Gcloud, isolate, make_key, share_one_key
from live_proxy.tests.upstreams import Answer, tcp_server
from simulator import Simulator


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def key_file(tmp_path: Path, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    share_one_key(monkeypatch)
    path = tmp_path / "key.json"
    sim.create_service_account(path)
    return path


@pytest.fixture
def gcloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key_file: Path) -> Gcloud:
    return isolate(monkeypatch, tmp_path, key_file=key_file)


@pytest_asyncio.fixture
async def provider(gcloud: Gcloud) -> AsyncIterator[TokenProvider]:
    provider = TokenProvider(("gcloud", "google-auth"))
    yield provider
    await provider.close()


def edit(key_file: Path, **fields: Any) -> None:
    key_file.write_text(json.dumps(json.loads(key_file.read_text()) | fields))


async def failure_of(provider: TokenProvider) -> Failure:
    """The failure, which comes in time."""
    started = time.monotonic()
    with pytest.raises(Failure) as caught:
        await provider.token()
    assert caught.value.kind is ErrorKind.CREDENTIALS
    assert caught.value.verdict.scope is Scope.PLATFORM
    assert time.monotonic() - started < credentials.TOTAL_TIMEOUT + 5
    return caught.value


@contextlib.asynccontextmanager
async def token_endpoint(key_file: Path, answer: Answer) -> AsyncIterator[None]:
    """The key's token endpoint, answered by `answer`."""
    async with tcp_server(answer) as base:
        edit(key_file, token_uri=f"{base}/token")
        yield


def replies(status: str, body: str) -> Answer:
    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.decode().splitlines() if line.lower().startswith("content-length")
        )
        await reader.readexactly(length)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()

    return reply


async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_key_file_gives_a_token_that_ends_when_the_server_says(provider: TokenProvider, sim: Simulator) -> None:
    now = time.monotonic()
    token = await provider.token()
    assert token.source == "google-auth"
    assert sim.tokens_issued == 1
    assert token.expires_at - now == pytest.approx(3589, abs=10)
    assert token.expires_at - token.renew_at == pytest.approx(credentials.RENEW_BEFORE_EXPIRY - 10, abs=1)


async def test_nothing_of_the_library_runs_on_the_event_loop(
    provider: TokenProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    default = google.auth.default

    def found(**options: Any) -> Any:
        threads.append(threading.get_ident())
        return default(**options)

    monkeypatch.setattr(google.auth, "default", found)
    refresh = google.oauth2.service_account.Credentials.refresh

    def watched(self: Any, request: Any) -> None:
        threads.append(threading.get_ident())
        refresh(self, request)

    monkeypatch.setattr(google.oauth2.service_account.Credentials, "refresh", watched)
    await provider.token()
    assert len(threads) == 2
    assert threading.get_ident() not in threads


async def test_gcloud_comes_first(provider: TokenProvider, gcloud: Gcloud, sim: Simulator) -> None:
    gcloud.prints(TOKEN)
    assert (await provider.token()).source == "gcloud"
    assert sim.tokens_issued == 0


@pytest.mark.parametrize("script", ["exit 1", "echo Sign in first", "sleep 300"], ids=["fails", "chatters", "hangs"])
async def test_google_auth_helps_where_gcloud_does_not(
    provider: TokenProvider, gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(credentials, "GCLOUD_TIMEOUT", 0.3)
    gcloud.does(script)
    assert (await provider.token()).source == "google-auth"


async def test_fifty_callers_make_one_request(provider: TokenProvider, sim: Simulator) -> None:
    tokens = await asyncio.gather(*(provider.token() for _ in range(50)))
    assert len({token.value for token in tokens}) == 1
    assert sim.tokens_issued == 1


async def test_a_short_lived_token_is_renewed_in_the_background(provider: TokenProvider, sim: Simulator) -> None:
    sim.token_lifetime = 120  # within the margin from the start
    first = await provider.token()
    assert (await provider.token()).value == first.value
    await sim.wait_for(lambda sim: sim.tokens_issued == 2)
    await until(lambda: not provider._refresh or provider._refresh.done())
    assert (await provider.token()).value != first.value


async def test_a_refused_token_is_replaced(provider: TokenProvider, sim: Simulator) -> None:
    first = await provider.token()
    assert (await provider.token(refused=first.value)).value != first.value
    assert sim.tokens_issued == 2


async def test_the_quota_project_goes_along(provider: TokenProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "billed-here")
    assert (await provider.token()).quota_project == "billed-here"


async def test_a_missing_key_file_is_named(provider: TokenProvider, key_file: Path) -> None:
    key_file.unlink()
    reason = (await failure_of(provider)).reason
    assert "DefaultCredentialsError" in reason and "key.json was not found" in reason


BAD_FILES = {
    "empty": "",
    "not JSON": "{private_key: canary}",
    "a list": "[]",
    "a string": '"service_account"',
    "null": "null",
    "no type": "{}",
    "another type": '{"type": "canary_account"}',
    "no key": '{"type": "service_account", "client_email": "a@b.c", "token_uri": "http://127.0.0.1:1/"}',
    "a key that is none": '{"type": "service_account", "client_email": "a@b.c", "token_uri": "http://127.0.0.1:1/", '
    '"private_key": "-----BEGIN PRIVATE KEY-----canary"}',
    "a number for a key": '{"type": "service_account", "client_email": "a@b.c", "token_uri": "http://127.0.0.1:1/", '
    '"private_key": 5}',
    "bytes": "\0\1\2",
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
async def test_a_bad_key_file_is_a_failure_of_the_credentials(
    provider: TokenProvider, key_file: Path, content: str
) -> None:
    key_file.write_text(content)
    assert "google-auth: " in (await failure_of(provider)).reason


async def test_a_mended_key_file_is_read_again(provider: TokenProvider, key_file: Path, sim: Simulator) -> None:
    good = key_file.read_text()
    key_file.write_text("{}")
    now = [0.0]
    provider._clock = lambda: now[0]
    await failure_of(provider)
    key_file.write_text(good)
    now[0] += credentials.REMEMBER_FAILURE + 1
    assert (await provider.token()).source == "google-auth"


async def test_a_key_that_the_server_does_not_know_is_told(
    provider: TokenProvider, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsa, "generate_private_key", make_key)
    async with Simulator() as other:
        stranger = other.create_service_account(key_file.with_name("other.json"))
    edit(key_file, private_key=stranger["private_key"])
    assert "invalid_grant: Invalid JWT Signature." in (await failure_of(provider)).reason


async def test_an_endpoint_that_is_not_there_is_told(provider: TokenProvider, key_file: Path) -> None:
    edit(key_file, token_uri="http://127.0.0.1:1/token")
    assert "TransportError" in (await failure_of(provider)).reason


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Error", '{"error": "internal_failure"}'),
        ("200 OK", "<html>Sign in</html>"),
        ("200 OK", '{"expires_in": 3600}'),
        ("200 OK", "[]"),
        ("200 OK", '{"access_token": "", "expires_in": 3600}'),
        ("200 OK", '{"access_token": "ya29.canary", "expires_in": "soon"}'),
        ("200 OK", '{"access_token": 5, "expires_in": 3600}'),
        ("200 OK", '{"access_token": "ya29.canary\\r\\nX-Injected: yes", "expires_in": 3600}'),
    ],
)
async def test_an_endpoint_that_answers_badly_is_a_failure(
    provider: TokenProvider, key_file: Path, monkeypatch: pytest.MonkeyPatch, status: str, body: str
) -> None:
    monkeypatch.setattr(credentials, "TOTAL_TIMEOUT", 1.0)
    async with token_endpoint(key_file, replies(status, body)):
        failure = await failure_of(provider)
    assert "ya29.canary" not in str(failure)


async def test_an_endpoint_that_hangs_costs_its_limit_and_no_more(
    provider: TokenProvider, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "HTTP_TIMEOUT", 0.3)
    async with token_endpoint(key_file, never_answers):
        async with watched_loop() as ticks:
            assert "TransportError" in (await failure_of(provider)).reason
        assert ticks.went_on


async def test_the_limit_holds_where_the_library_does_not_keep_its_own(
    provider: TokenProvider, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "TOTAL_TIMEOUT", 0.3)
    monkeypatch.setattr(credentials, "HTTP_TIMEOUT", 1.0)
    async with token_endpoint(key_file, never_answers):
        assert "no token within" in (await failure_of(provider)).reason
        assert "token-refresh" not in {task.get_name() for task in other_tasks()}


async def test_no_secret_reaches_a_log_a_repr_or_a_failure(
    provider: TokenProvider, key_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = json.loads(key_file.read_text())["private_key"]
    said: list[str] = []
    with capture_logs() as logs:
        token = await provider.token()
        said += [repr(token), str(token), repr(provider), f"{vars(provider)}"]
        edit(key_file, private_key=key[:600])
        provider._google = None
        provider._token = None
        said.append(str(await failure_of(provider)))
    said += [str(logs), caplog.text]
    for secret in (token.value, key, key[40:100], key.splitlines()[3]):
        assert secret not in "\n".join(said)
