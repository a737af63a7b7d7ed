from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from google.auth import crypt, jwt
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from websockets.exceptions import InvalidStatus

from simulator.oauth import GRANT_TYPE, SCOPE
from simulator.server import Simulator
from simulator.service_account import write_service_account
from simulator.tests.driving import (
    DEVELOPER_PATH,
    VERTEX_MODEL,
    VERTEX_PATH,
    closing,
    dial,
    open_session,
)


async def token_of(sim: Simulator, tmp_path: Path) -> str:
    info = sim.create_service_account(tmp_path / "key.json")
    answer = await ask_token(sim, assertion(info))
    token: str = answer[1]["access_token"]
    return token


def assertion(info: dict[str, Any], **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": info["client_email"],
        "aud": info["token_uri"],
        "iat": now,
        "exp": now + 3600,
        "scope": SCOPE,
        **changed,
    }
    signer = crypt.RSASigner.from_service_account_info(info)
    signed: bytes = jwt.encode(signer, claims)
    return signed.decode()


async def ask_token(sim: Simulator, signed: str, grant_type: str = GRANT_TYPE) -> tuple[int, dict[str, Any]]:
    form = {"grant_type": grant_type, "assertion": signed}
    async with aiohttp.ClientSession() as session, session.post(sim.token_uri, data=form) as response:
        assert response.headers["x-simulator"] == "live-proxy simulator"
        return response.status, await response.json()


async def refused_with(sim: Simulator, path: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as refused:
        async with dial(sim, path, headers):
            pass
    return refused.value.response.status_code, json.loads(refused.value.response.body or b"{}")


@pytest.mark.asyncio
async def test_google_auth_gets_a_token(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    sim.create_service_account(path)
    assert path.stat().st_mode & 0o077 == 0
    credentials = service_account.Credentials.from_service_account_file(str(path), scopes=[SCOPE])
    await asyncio.to_thread(credentials.refresh, Request())
    async with dial(sim, VERTEX_PATH, {"Authorization": f"Bearer {credentials.token}"}) as ws:
        await open_session(ws, VERTEX_MODEL)
    assert sim.tokens_issued == 1
    assert sim.connections[0].credential == "bearer"


@pytest.mark.asyncio
async def test_assertions_that_are_refused(sim: Simulator, tmp_path: Path) -> None:
    info = sim.create_service_account(tmp_path / "key.json")
    other = write_service_account(tmp_path / "other.json", sim.token_uri)
    old = int(time.time()) - 7200
    cases = [
        (assertion(other), "invalid_grant", "Invalid JWT Signature."),
        (assertion(info)[:-8] + "AAAAAAAA", "invalid_grant", "Invalid JWT Signature."),
        (assertion(info, aud="https://example.com/token"), "invalid_grant", "Invalid JWT: Failed audience check."),
        (assertion(info, iat=old, exp=old + 3600), "invalid_grant", "Invalid JWT: Token must be a short-lived"),
        (assertion(info, exp=int(time.time()) + 9000), "invalid_grant", "Invalid JWT: Token must be a short-lived"),
        (assertion(info, scope="openid"), "invalid_scope", "Invalid OAuth scope"),
        (assertion(info, iss="nobody@example.com"), "invalid_grant", "Invalid grant: account not found"),
        ("a.b.c", "invalid_grant", "Invalid JWT: Failed to parse JWT."),
        ("", "invalid_grant", "Invalid JWT: Failed to parse JWT."),
    ]
    for signed, error, description in cases:
        status, body = await ask_token(sim, signed)
        assert (status, body["error"]) == (400, error)
        assert body["error_description"].startswith(description)
    status, body = await ask_token(sim, assertion(info), grant_type="password")
    assert (status, body["error"]) == (400, "unsupported_grant_type")
    assert sim.tokens_issued == 0


@pytest.mark.asyncio
async def test_tokens_at_the_vertex_handshake(sim: Simulator, tmp_path: Path) -> None:
    for headers in ({}, {"Authorization": "Bearer ya29.unknown"}, {"x-goog-api-key": "wrong"}):
        status, body = await refused_with(sim, VERTEX_PATH, headers)
        assert status == 401
        assert body["error"]["status"] == "UNAUTHENTICATED"
    token = await token_of(sim, tmp_path)
    bearer = {"Authorization": f"Bearer {token}"}
    async with dial(sim, VERTEX_PATH, bearer) as ws:
        assert (await open_session(ws, VERTEX_MODEL))["setupComplete"]["sessionId"]
    async with dial(sim, f"{VERTEX_PATH}?access_token={token}", {}) as ws:
        await open_session(ws, VERTEX_MODEL)
    sim.revoke_tokens()
    assert (await refused_with(sim, VERTEX_PATH, bearer))[0] == 401
    assert sim.connections[-1].refused is not None
    sim.token_lifetime = 0
    expired = await token_of(sim, tmp_path)
    assert (await refused_with(sim, VERTEX_PATH, {"Authorization": f"Bearer {expired}"}))[0] == 401


@pytest.mark.asyncio
async def test_express_key(sim: Simulator) -> None:
    async with dial(sim, VERTEX_PATH) as ws:
        await open_session(ws, "publishers/google/models/gemini-3.8-live")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "headers", "kind", "code", "reason"),
    [
        (DEVELOPER_PATH, {"x-goog-api-key": "bad"}, "api_key_header", 1007, "API key not valid. Please pass a valid"),
        (f"{DEVELOPER_PATH}?key=bad", {}, "api_key_query", 1007, "API key not valid. Please pass a valid API key."),
        (DEVELOPER_PATH, {}, "none", 1008, "Method doesn't allow unregistered callers (callers without established"),
        (DEVELOPER_PATH + "Constrained?access_token=x", {}, "token_query", 1007, "Missing or malformed auth token"),
    ],
)
async def test_developer_refusals(
    sim: Simulator, path: str, headers: dict[str, str], kind: str, code: int, reason: str
) -> None:
    async with dial(sim, path, headers) as ws:
        got = await closing(ws)
    assert got[0] == code
    assert got[1].startswith(reason)
    assert len(got[1].encode()) <= 123
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].credential == kind
    assert sim.connections[0].refused is not None


@pytest.mark.asyncio
async def test_developer_credentials_that_work(sim: Simulator) -> None:
    constrained = DEVELOPER_PATH.replace("v1beta", "v1alpha") + "Constrained"
    for path, headers in (
        (DEVELOPER_PATH, {"x-goog-api-key": "sim-1"}),
        (f"{DEVELOPER_PATH}?key=sim-1", {}),
        (constrained, {"Authorization": "Token auth_tokens/sim-1"}),
        (f"/{constrained}?access_token=auth_tokens/sim-1", {}),
    ):
        async with dial(sim, path, headers) as ws:
            await open_session(ws)
    sim.api_keys = {"only-this"}
    async with dial(sim) as ws:
        assert (await closing(ws))[0] == 1007


def test_a_real_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "real.json"
    path.write_text('{"type": "service_account", "private_key_id": "abc"}')
    with pytest.raises(FileExistsError):
        write_service_account(path, "http://127.0.0.1/token")
    assert "abc" in path.read_text()
