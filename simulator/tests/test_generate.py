"""The HTTP tiers over real requests: framing, refusals in Google's words, scenarios, and Google's own SDK."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors, types

from simulator import Simulator

pytestmark = pytest.mark.asyncio
KEY = {"x-goog-api-key": "sim-key"}
MODEL = "/v1beta/models/gemini-2.5-flash"
STREAM = MODEL + ":streamGenerateContent?alt=sse"
HELLO: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
ANSWER = "Hello! This is the Gemini Live simulator, not Google. You said: “hello”."
SCENARIOS = {
    "rest_only": 200,
    "nothing_works": 503,
    "http_unavailable": 503,
    "http_quota": 429,
    "http_not_found": 404,
    "http_unauthorized": 401,
    "http_permission_denied": 403,
    "http_no_such_page": 404,
    "http_bad_key": 400,
    "http_location": 400,
    "http_invalid_argument": 400,
    "http_server_error": 500,
    "http_bad_gateway": 502,
    "http_timed_out": 504,
    "http_redirect": 302,
    "http_quota_without_delay": 429,
}
BODIES = {
    "http_empty": '"finishReason": "STOP"',
    "http_blocked": '"blockReason": "PROHIBITED_CONTENT"',
    "http_safety_stop": '"finishReason": "SAFETY"',
    "http_max_tokens": '"finishReason": "MAX_TOKENS"',
    "http_recitation": '"finishReason": "RECITATION"',
    "http_unknown_fields": '"futureField"',
    "http_wrong_types": '{"candidates": 5',
    "http_malformed_call": "MALFORMED_FUNCTION_CALL",
    "http_thoughts": '"thought": true',
    "http_error_mid_stream": '"status": "UNAVAILABLE"',
    "http_bad_json": 'data: {"candidates": [\r\n\r\n',
}


async def post(sim: Simulator, path: str, body: Any = HELLO, headers: dict[str, str] = KEY) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, base_url=sim.base_url) as client:
        return await client.post(path, json=body, headers=headers)


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.text.endswith("\r\n\r\n")
    return [json.loads(event.removeprefix("data: ")) for event in response.text.split("\r\n\r\n")[:-1]]


def words(chunks: list[dict[str, Any]]) -> str:
    return "".join(part.get("text", "") for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"])


async def test_events_arrays_and_whole_answers_say_the_same(sim: Simulator) -> None:
    streamed = await post(sim, STREAM)
    chunks = events(streamed)
    assert streamed.headers["content-type"] == "text/event-stream"
    assert words(chunks) == ANSWER
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None] * (len(chunks) - 1) + ["STOP"]
    assert words((await post(sim, MODEL + ":streamGenerateContent")).json()) == ANSWER
    assert words([(await post(sim, MODEL + ":generateContent")).json()]) == ANSWER
    counted = (await post(sim, MODEL + ":countTokens")).json()
    assert counted["totalTokens"] == chunks[-1]["usageMetadata"]["promptTokenCount"]
    assert {record.method for record in sim.requests} == {"streamGenerateContent", "generateContent", "countTokens"}


REFUSED: dict[str, tuple[Any, str]] = {
    "unknown top": ({**HELLO, "setup": {}}, 'Unknown name "setup"'),
    "unknown inside": (
        {"contents": [{"role": "user", "parts": [{"texts": "x"}]}]},
        "Unknown name \"texts\" at 'contents[0].parts[0]'",
    ),
    "no contents": ({}, "contents is not specified"),
    "role": ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "Please use a valid role: user, model."),
    "no parts": ({"contents": [{"role": "user", "parts": []}]}, "contents.parts must not be empty"),
    "two in a part": (
        {"contents": [{"role": "user", "parts": [{"text": "x", "inlineData": {"mimeType": "a/b", "data": ""}}]}]},
        "required oneof field 'data'",
    ),
    "base64": (
        {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "###"}}]}]},
        "Base64 decoding failed",
    ),
    "audio out": ({**HELLO, "generationConfig": {"responseModalities": ["AUDIO"]}}, "response modalities (AUDIO)"),
    "call alone": (
        {"contents": [*HELLO["contents"], {"role": "model", "parts": [{"functionCall": {"name": "f"}}]}]},
        "number of function response parts is equal",
    ),
    "response alone": (
        {"contents": [*HELLO["contents"], {"role": "user", "parts": [{"functionResponse": {"name": "f"}}]}]},
        "immediately after a function call turn",
    ),
    "labels": ({**HELLO, "labels": {}}, 'Unknown name "labels"'),
    "behavior": (
        {**HELLO, "tools": [{"functionDeclarations": [{"name": "f", "behavior": "LATER"}]}]},
        "Invalid value at 'tools[0].function_declarations[0].behavior'",
    ),
}


@pytest.mark.parametrize("case", [name for name in REFUSED if name != "response alone"])
async def test_what_google_refuses(sim: Simulator, case: str) -> None:
    body, reason = REFUSED[case]
    response = await post(sim, STREAM, body)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert reason in error["message"]


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({}, 403, "unregistered callers"),
        ({"x-goog-api-key": "wrong"}, 400, "API key not valid"),
        ({"Authorization": "Bearer wrong"}, 401, "invalid authentication credentials"),
    ],
)
async def test_credentials(sim: Simulator, headers: dict[str, str], status: int, reason: str) -> None:
    response = await post(sim, STREAM, headers=headers)
    assert response.status_code == status
    assert reason in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/no-such-model:generateContent",
        "/v1beta/models/gemini-3.8-live:generateContent",
        "/v1beta/models/gemini-2.5-flash:predict",
        "/v2/models/gemini-2.5-flash:generateContent",
    ],
)
async def test_what_is_not_there(sim: Simulator, path: str) -> None:
    assert (await post(sim, path)).status_code == 404


@pytest.mark.parametrize("name", SCENARIOS)
async def test_scenarios_that_refuse(sim: Simulator, name: str) -> None:
    sim.scenario = name
    assert (await post(sim, STREAM)).status_code == SCENARIOS[name]
    if name == "rest_only":
        assert (await post(sim, STREAM, headers=KEY | {"x-goog-api-client": "google-genai-sdk/3"})).status_code == 503


@pytest.mark.parametrize("name", BODIES)
async def test_scenarios_of_odd_answers(sim: Simulator, name: str) -> None:
    sim.scenario = name
    assert BODIES[name] in (await post(sim, STREAM)).text


async def test_a_cut_stream(sim: Simulator) -> None:
    sim.scenario = "http_cut_mid_stream"
    with pytest.raises(httpx.HTTPError):
        await post(sim, STREAM)


@pytest.mark.parametrize("name", ["http_hang", "http_stall"])
async def test_a_client_that_leaves_is_noticed(sim: Simulator, name: str) -> None:
    sim.scenario = name
    asking = asyncio.create_task(post(sim, STREAM))
    await sim.wait_for(lambda sim: bool(sim.requests) and (name == "http_hang" or len(sim.requests[0].sent) == 2))
    asking.cancel()
    await sim.wait_for(lambda sim: sim.requests[0].cancelled)


async def test_googles_own_sdk(sim: Simulator, tmp_path: Any) -> None:
    from google.oauth2 import service_account

    info = sim.create_service_account(tmp_path / "key.json")
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)
    options = types.HttpOptions(base_url=sim.base_url, retry_options=types.HttpRetryOptions(attempts=1))
    clients = [
        genai.Client(vertexai=False, api_key="sim-key", http_options=options),
        genai.Client(
            vertexai=True, project="demo-project", location="us-central1", credentials=credentials, http_options=options
        ),
    ]
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", description="d")])
    for client in clients:
        stream = await client.aio.models.generate_content_stream(model="gemini-2.5-flash", contents="hello")
        assert "".join([chunk.text or "" async for chunk in stream]) == ANSWER
        whole = await client.aio.models.generate_content(model="gemini-2.5-flash", contents="hello")
        assert whole.text == ANSWER
        assert (await client.aio.models.count_tokens(model="gemini-2.5-flash", contents="hello")).total_tokens
        called = await client.aio.models.generate_content(
            model="gemini-2.5-flash", contents="call get_weather", config=types.GenerateContentConfig(tools=[tool])
        )
        assert called.function_calls is not None
        assert [call.name for call in called.function_calls] == ["get_weather"]
        with pytest.raises(errors.ClientError) as missing:
            await client.aio.models.generate_content(model="no-such-model", contents="hello")
        assert missing.value.code == 404
        await client.aio.aclose()
        client.close()
    assert all(record.sdk for record in sim.requests)
