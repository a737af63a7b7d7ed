"""Google's socket paths with everything that a program may send wrongly, over raw sockets."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from live_proxy import api_tokens
from live_proxy.models import ApiToken
from project.tests.driving import Service
from project.tests.programs import token_for

DEVELOPER = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SETUP = {"setup": {"model": "models/gemini-2.5-flash-live", "generationConfig": {"responseModalities": ["TEXT"]}}}


async def dial(service: Service, key: str = "", *, path: str = DEVELOPER, **headers: str) -> ClientConnection:
    query = f"?key={key}" if key else ""
    return await connect(f"ws://{service.address}{path}{query}", additional_headers=headers, proxy=None)


async def ending(connection: ClientConnection) -> tuple[int, str]:
    try:
        while True:
            await connection.recv()
    except ConnectionClosed:
        return connection.close_code or 1006, connection.close_reason or ""


async def set_up(service: Service, **options: Any) -> tuple[ClientConnection, ApiToken]:
    token, key = await token_for()
    connection = await dial(service, key, **options)
    await connection.send(json.dumps(SETUP))
    first = await connection.recv()
    assert isinstance(first, bytes)  # as Google sends it
    assert json.loads(first) == {"setupComplete": {}}
    return connection, token


@pytest.mark.parametrize(
    "path",
    [
        "//ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent",
        "/ws/google.ai.generativelanguage.v1alpha.GenerativeService/BidiGenerateContent",
        "/ws//google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained",
        "/ws/google.ai.generativelanguage.v1beta1.generativeservice.bidigeneratecontent",
    ],
)
async def test_every_spelling_of_the_path(service: Service, path: str) -> None:
    connection, _ = await set_up(service, path=path)
    await connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateMusic",
        "/ws/google.ai.generativelanguage.v2.GenerativeService.BidiGenerateContent",
        "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContentX",
        "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent/more",
        "/ws/google.cloud.aiplatform.v1.LlmBidiService",
    ],
)
async def test_a_path_that_almost_matches_is_not_found(service: Service, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await dial(service, "K", path=path)
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("not json", 1007, "not valid JSON"),
        (json.dumps(SETUP), 1007, "setup may be sent only once"),
        ('{"realtimeInput": {"mediaChunks": [{"mimeType": "text/plain", "data": "aGk="}]}}', 1007, "mimeType"),
        ('{"realtimeInput": {"mediaChunks": 5}}', 1007, "mediaChunks"),
        ('{"unheard": {}}', 1007, "exactly one of"),
        ('{"toolResponse": {"functionResponses": 5}}', 1007, "functionResponses"),
        ('{"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000", "data": "%%%%"}}}', 1007, "Base64"),
        ('{"clientContent": {"turns": [{"parts": [{"text": "' + "x" * 300_000 + '"}]}]}}', 1007, "KiB"),
    ],
)
async def test_what_is_wrong_ends_in_googles_codes(service: Service, message: str, code: int, words: str) -> None:
    connection, _ = await set_up(service)
    await connection.send(message)
    ended, reason = await ending(connection)
    assert ended == code and words in reason, reason


async def test_content_before_setup(service: Service) -> None:
    _, key = await token_for()
    connection = await dial(service, key)
    await connection.send('{"clientContent": {"turns": [], "turnComplete": true}}')
    assert await ending(connection) == (1007, "The first message must be setup.")


async def test_every_credential_that_does_not_hold(service: Service) -> None:
    at = timezone.now()
    _, expired = await token_for(expires_at=at - timedelta(seconds=1))
    _, foreign = await token_for(scopes=["generate"])
    revoked, gone = await token_for()
    await sync_to_async(api_tokens.revoke)(revoked, at)
    _, inactive = await token_for("bob")
    await get_user_model().objects.filter(username="bob").aupdate(is_active=False)
    for key, code, words in (
        ("", 1008, "unregistered callers"),
        ("K", 1007, "API key not valid"),
        (expired, 1007, "API key expired"),
        (foreign, 1008, "insufficient authentication scopes"),
        (gone, 1007, "API key not valid"),
        (inactive, 1007, "API key not valid"),
    ):
        ended, reason = await ending(await dial(service, key))
        assert ended == code and words in reason
    ended, _ = await ending(await dial(service, Cookie=f"sessionid={await service.cookie('alice')}"))
    assert ended == 1008  # a cookie opens nothing here


async def test_revoking_closes_what_the_token_had_opened(service: Service) -> None:
    connection, token = await set_up(service)
    await sync_to_async(api_tokens.revoke)(token, timezone.now())
    ended, reason = await ending(connection)
    assert ended == 1008 and reason


async def test_a_key_in_the_query_reaches_no_log(
    service: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    _, key = await token_for()
    connection = await dial(service, key)
    await connection.send(json.dumps(SETUP))
    await connection.recv()
    await connection.close()
    with pytest.raises(InvalidStatus):
        await dial(service, key, path="/ws/nowhere")
    out, err = capfd.readouterr()
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets.client")]
    assert key not in "\n".join(ours) + out + err
