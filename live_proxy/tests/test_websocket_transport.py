"""What the direct WebSocket says on the wire, and to whom."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection

from live_proxy.addresses import Addresses
from live_proxy.candidates import Candidate
from live_proxy.catalogue import PLATFORMS, Platform
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.frames import Frame
from live_proxy.tests import upstreams
from live_proxy.tests.upstreams import (
    API_KEY,
    BEARER,
    SETUP_COMPLETE,
    GivenTokens,
    candidate_for,
    deadline,
    opened,
    set_up,
    setup_for,
    tcp_server,
    websocket_server,
    websocket_to,
)
from simulator import Simulator

VERTEX = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"
DEVELOPER = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
PUBLISHER = (
    "/v1/projects/demo-project/locations/us-central1/publishers/google/models/"
    "gemini-live-2.5-flash-native-audio:streamGenerateContent"
)


class Seen:
    """A server that sets up and keeps what it was sent."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.messages: list[str | bytes] = []

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        self.messages.append(await connection.recv())
        await connection.send(SETUP_COMPLETE)
        async for message in connection:
            self.messages.append(message)

    @property
    def head(self) -> str:
        request = self.connections[-1].request
        assert request is not None
        return f"GET {request.path}\n{request.headers}".lower()


@pytest_asyncio.fixture
async def seen() -> Seen:
    return Seen()


@pytest_asyncio.fixture
async def base(seen: Seen) -> AsyncIterator[str]:
    async with websocket_server(seen) as base:
        yield base


async def refusal(base: str, platform: Platform = "developer", *, tokens: Any = None, seconds: float = 20) -> Failure:
    with pytest.raises(Failure) as caught:
        await opened(base, platform, tokens=tokens, seconds=seconds)
    return caught.value


@pytest.mark.parametrize(
    ("platform", "endpoint", "path"),
    [("vertex", "bidi", VERTEX), ("vertex", "publisher", PUBLISHER), ("developer", "bidi", DEVELOPER)],
)
@pytest.mark.parametrize("prefix", ["", "/", "/behind/a/prefix", "/behind/a/prefix/"])
async def test_the_path_of_each_endpoint_under_a_base_url(
    seen: Seen, base: str, platform: Platform, endpoint: str, path: str, prefix: str
) -> None:
    candidate = candidate_for(platform, endpoint=endpoint)
    transport = websocket_to(base + prefix, candidate=candidate)
    await transport.open(setup_for(candidate), (), deadline())
    request = seen.connections[0].request
    assert request is not None and request.path == prefix.rstrip("/") + path
    await transport.close()


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_googles_own_hosts_without_a_base_url(location: str, host: str) -> None:
    candidate = Candidate("websocket", "vertex", location, upstreams.MODELS["vertex"], "bidi")
    assert Addresses("demo-project").socket_url(candidate) == f"wss://{host}{VERTEX}"
    developer = Addresses("demo-project").socket_url(candidate_for("developer"))
    assert developer == f"wss://generativelanguage.googleapis.com{DEVELOPER}"


def test_a_base_url_keeps_its_kind_of_transport() -> None:
    urls = [
        Addresses("", developer_base=base).socket_url(candidate_for("developer")).removesuffix(DEVELOPER)
        for base in ("http://a:1", "https://a/x/", "ws://a", "wss://a")
    ]
    assert urls == ["ws://a:1", "wss://a/x", "ws://a", "wss://a"]


async def test_vertex_gets_the_bearer_token_and_no_key(seen: Seen, base: str) -> None:
    transport = await opened(base, "vertex")
    assert f"authorization: bearer {BEARER}" in seen.head
    assert "x-goog-api-key" not in seen.head and "x-goog-user-project" not in seen.head and "?" not in seen.head
    await transport.close()


async def test_the_quota_project_is_billed_where_the_credential_names_one(seen: Seen, base: str) -> None:
    transport = await opened(base, "vertex", tokens=GivenTokens(quota_project="billed-here"))
    assert "x-goog-user-project: billed-here" in seen.head
    await transport.close()


async def test_the_developer_api_gets_the_key_as_a_header_and_no_token(seen: Seen, base: str) -> None:
    transport = await opened(base, "developer")
    assert f"x-goog-api-key: {API_KEY}" in seen.head
    assert "authorization" not in seen.head and "?" not in seen.head
    await transport.close()


async def test_compression_is_not_offered(seen: Seen, base: str) -> None:
    transport = await opened(base)
    assert "sec-websocket-extensions" not in seen.head
    await transport.close()


async def test_control_messages_go_as_text_and_frames_as_they_came(seen: Seen, base: str) -> None:
    transport = await opened(base)
    audio = b'{"realtimeInput": {"audio": {"data": "AAAA", "mimeType": "audio/pcm"}}}'
    for data in (audio.decode(), audio):
        await transport.send(Frame.from_client(data))
    await transport.close()
    setup, as_text, as_binary = seen.messages
    assert isinstance(setup, str) and list(json.loads(setup)) == ["setup"]
    assert (as_text, as_binary) == (audio.decode(), audio)


async def test_what_upstream_sends_arrives_byte_for_byte() -> None:
    sent: list[str | bytes] = [
        b'{ "serverContent" :\n {}}\n',
        b"<html>\xff\xfe",
        b"",
        '{"text": "\\ud83d"}',
        b"\0" * 10,
    ]

    async def says(connection: ServerConnection) -> None:
        await set_up(connection)
        for data in sent:
            await connection.send(data)
        await connection.wait_closed()

    async with websocket_server(says) as base:
        transport = await opened(base)
        frames = transport.receive()
        assert [(await anext(frames)).data for _ in sent] == sent
        await transport.close()


async def test_what_came_before_setup_was_complete_is_not_lost() -> None:
    early, joined = b'{"sessionResumptionUpdate": {}}', b'{"setupComplete": {}, "usageMetadata": {}}'

    async def says(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(early)
        await connection.send(joined)
        await connection.send(b'{"later": 1}')
        await connection.wait_closed()

    async with websocket_server(says) as base:
        transport = await opened(base)
        frames = transport.receive()
        assert [(await anext(frames)).data for _ in range(3)] == [early, joined, b'{"later": 1}']
        await transport.close()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "http_proxy", "all_proxy"])
async def test_a_proxy_of_the_environment_is_not_used(
    seen: Seen, base: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(100))

    async with tcp_server(proxy) as address:
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv(name, address)
        transport = await opened(base)
        await transport.close()
    assert seen.connections and not asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("platform", ["vertex", "developer"])
async def test_a_redirect_is_not_followed(seen: Seen, base: str, platform: Platform, status: int) -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} Moved\r\nLocation: {base}/\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    async with tcp_server(elsewhere) as first:
        failure = await refusal(first, platform)
    assert (failure.kind, failure.verdict.scope, failure.http_status) == (
        ErrorKind.HANDSHAKE,
        Scope.ENDPOINT,
        status,
    )
    assert not seen.connections


async def test_a_refused_token_is_renewed_and_dialled_with_once(tmp_path: Any) -> None:
    async with Simulator() as sim:
        sim.script(["unauthorized", "normal"])
        sim._tokens._tokens["second-token-0123456789"] = float("inf")
        tokens = GivenTokens("first-token-0123456789", "second-token-0123456789")
        transport = await opened(sim.base_url, "vertex", tokens=tokens)
        assert tokens.refused == ["first-token-0123456789"]
        assert [c.headers["authorization"] for c in sim.connections] == [
            "Bearer first-token-0123456789",
            "Bearer second-token-0123456789",
        ]
        await transport.close()


async def test_a_token_that_is_refused_twice_is_a_failure() -> None:
    async with Simulator() as sim:
        tokens = GivenTokens("first-token-0123456789", "second-token-0123456789", "third-token-0123456789")
        failure = await refusal(sim.base_url, "vertex", tokens=tokens)
        assert (failure.kind, failure.verdict.action) == (ErrorKind.UNAUTHENTICATED, Action.REAUTH)
        assert len(sim.connections) == 2


async def test_a_token_that_is_refused_by_a_close_is_renewed_as_well() -> None:
    asked: list[str] = []

    async def says(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(connection.request.headers["Authorization"])
        await connection.recv()
        if len(asked) == 1:
            await connection.close(1008, "Request had invalid authentication credentials. Expected OAuth 2 access")
        else:
            await connection.send(SETUP_COMPLETE)
            await connection.wait_closed()

    async with websocket_server(says) as base:
        transport = await opened(base, "vertex", tokens=GivenTokens("first-token-0123456789", "second-token-01234567"))
        assert asked == ["Bearer first-token-0123456789", "Bearer second-token-01234567"]
        await transport.close()


async def test_a_refused_key_is_not_dialled_with_again() -> None:
    async with Simulator() as sim:
        sim.scenario = "unauthorized"
        failure = await refusal(sim.base_url, "developer")
        assert (failure.kind, len(sim.connections)) == (ErrorKind.UNAUTHENTICATED, 1)


async def test_the_fixed_lines_are_logged_and_no_credential_is(
    base: str, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    with capture_logs() as logs:
        for platform in PLATFORMS:
            transport = await opened(base, platform)
            said.append(repr(transport))
            await transport.close()
    events = [entry["event"] for entry in logs]
    connected = "[Gemini Live Direct] ✅ WebSocket connected to Live API"
    assert events == ["[Gemini Live Direct] Access token obtained", connected, connected]
    text = f"{logs} {said} {caplog.text}"
    # The server of this test logs what it is sent; this side must not.
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "websockets.server")
    for secret in (API_KEY, BEARER):
        assert secret not in ours and secret not in str(logs) and secret not in f"{said}"
    assert text


async def test_no_credential_is_in_a_failure() -> None:
    async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()

    async with tcp_server(echoes) as base:
        for platform in PLATFORMS:
            failure = await refusal(base, platform)
            told = f"{failure!r} {failure} {failure.describe()} {vars(failure)}"
            assert failure.kind is ErrorKind.HANDSHAKE
            assert API_KEY not in told and BEARER not in told
