"""The HTTP tiers: one request in, an answer in chunks out, broken where its scenario says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from simulator.credentials import NO_CREDENTIAL, Credential, find_credential, judge
from simulator.endpoints import Endpoint
from simulator.generate_answers import Chunk, blocked, chunks, empty, joined, with_unknown_fields
from simulator.generate_paths import GeneratePath
from simulator.generate_rules import Asked, RequestRefused, check_model, developer_models, read_request
from simulator.handshake import refusal_response
from simulator.oauth import TokenIssuer
from simulator.pace import Pace
from simulator.refusals import Close, HttpRefusal
from simulator.scenarios import Scenario
from simulator.setup_rules import World

FAULT_AFTER_CHUNKS = 2
MAX_BODY = 32 * 2**20
SDK = "google-genai-sdk"
BAD_KEY_DETAIL = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
}


@dataclass(eq=False)
class Request:
    """What is known of one request, for tests to look at. Headers and credentials are not in it."""

    path: str
    platform: str
    model: str
    method: str
    credential: str
    scenario: str
    sdk: bool
    body: dict[str, Any] = field(default_factory=dict)
    status: int = 0
    sent: list[float] = field(default_factory=list)
    cancelled: bool = False
    """The client left before the answer was whole."""


class GenerateTier:
    """`note` takes the record of each request; `changed` announces that one grew."""

    def __init__(
        self, tokens: TokenIssuer, pace: Pace, *, note: Callable[[Request], None], changed: Callable[[], None]
    ) -> None:
        self._tokens = tokens
        self._pace = pace
        self._note = note
        self._changed = changed

    async def serve(
        self,
        request: web.Request,
        path: GeneratePath,
        scenario: Scenario,
        world: World,
        api_keys: Collection[str] | None,
    ) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        credential = find_credential(headers, request.query)
        agent = request.headers.get("x-goog-api-client", "") + request.headers.get("user-agent", "")
        record = Request(
            request.path, path.endpoint.platform, path.model, path.method, credential.kind, scenario.name, SDK in agent
        )
        self._note(record)
        self._changed()
        try:
            return await self._serve(request, path, credential, scenario, world, api_keys, record)
        except RequestRefused as refused:
            return self._refuse(request, path, record, refused.refusal)
        except ConnectionError:
            record.cancelled = True
            return web.Response(status=503)  # to nobody
        finally:
            self._changed()

    async def list_models(
        self,
        request: web.Request,
        endpoint: Endpoint,
        scenario: Scenario,
        world: World,
        api_keys: Collection[str] | None,
    ) -> web.StreamResponse:
        """The Developer API's list of models: names, and which methods each has."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            if isinstance(scenario.http, HttpRefusal):
                raise RequestRefused(scenario.http)
            _check_credential(judge(find_credential(headers, request.query), endpoint, self._tokens, api_keys))
        except RequestRefused as refused:
            return refusal_response(refused.refusal)
        return web.json_response({"models": developer_models(world)})

    async def _serve(
        self,
        request: web.Request,
        path: GeneratePath,
        credential: Credential,
        scenario: Scenario,
        world: World,
        api_keys: Collection[str] | None,
        record: Request,
    ) -> web.StreamResponse:
        raw = await _body(request)  # before anything waits: an unread body hides that the client left
        if scenario.http == "hang":
            await self._pause(request, self._pace.setup_deadline)
        if isinstance(scenario.http, HttpRefusal):
            raise RequestRefused(scenario.http)
        if scenario.http == "not_for_sdk" and record.sdk:
            raise RequestRefused(HttpRefusal(503, "The service is currently unavailable."))
        _check_credential(judge(credential, path.endpoint, self._tokens, api_keys))
        check_model(path, world)
        asked = read_request(raw, path)
        record.body = json.loads(raw)
        record.status = 200
        if path.method == "countTokens":
            details = [{"modality": "TEXT", "tokenCount": asked.prompt_tokens}]
            return web.json_response({"totalTokens": asked.prompt_tokens, "promptTokensDetails": details})
        answer = _answer(asked, path, scenario)
        if path.method == "generateContent":
            return web.json_response(joined(answer))
        return await self._stream(request, answer, scenario, record, sse=request.query.get("alt") == "sse")

    async def _stream(
        self, request: web.Request, answer: list[Chunk], scenario: Scenario, record: Request, *, sse: bool
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream" if sse else "application/json; charset=UTF-8"}
        )
        await response.prepare(request)
        if not sse:
            await response.write(b"[")
        for at, chunk in enumerate(answer):
            if at == FAULT_AFTER_CHUNKS and scenario.http_mid_stream is not None:
                if scenario.http_mid_stream == "cut":
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if scenario.http_mid_stream == "silence":
                    await self._pause(request, self._pace.setup_deadline)
                    return response
                await response.write(_framed(scenario.http_mid_stream, at, sse=sse))
                if b'"error"' in scenario.http_mid_stream:
                    return response
            delay = self._pace.drip_delay if scenario.http_slow_drip else self._pace.chunk_delay
            if delay and at:
                await self._pause(request, delay)
            await response.write(_framed(json.dumps(chunk, ensure_ascii=False).encode(), at, sse=sse))
            record.sent.append(time.monotonic())
            self._changed()
        if not sse:
            await response.write(b"]")
        await response.write_eof()
        return response

    def _refuse(
        self, request: web.Request, path: GeneratePath, record: Request, refusal: HttpRefusal
    ) -> web.StreamResponse:
        record.status = refusal.status
        as_list = path.method == "streamGenerateContent" and request.query.get("alt") != "sse"
        return refusal_response(refusal, as_list=as_list)

    async def _pause(self, request: web.Request, seconds: float) -> None:
        """Raises `ConnectionResetError` as soon as the client leaves."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if request.transport is None or request.transport.is_closing():
                raise ConnectionResetError
            await asyncio.sleep(min(left, 0.05))


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(2**16):
        body += piece
        if len(body) > MAX_BODY:
            raise RequestRefused(HttpRefusal(400, "Request payload size exceeds the limit: 33554432 bytes."))
    return bytes(body)


def _answer(asked: Asked, path: GeneratePath, scenario: Scenario) -> list[Chunk]:
    match scenario.http_turn:
        case "normal":
            pass
        case "empty":
            return [empty(asked, path)]
        case "blocked":
            return [blocked(asked, path)]
        case "malformed_call":
            return [empty(asked, path, "MALFORMED_FUNCTION_CALL")]
    answer = list(chunks(asked, path, thoughts=scenario.thoughts))
    if scenario.http_turn != "normal":
        answer = [*answer[:FAULT_AFTER_CHUNKS], empty(asked, path, scenario.http_turn)]
    return [with_unknown_fields(chunk) for chunk in answer] if scenario.unknown_fields else answer


def _check_credential(judged: HttpRefusal | Close | None) -> None:
    """What a socket says by closing, a request says by status: 400 for a bad key, 403 for none."""
    if isinstance(judged, HttpRefusal):
        raise RequestRefused(judged)
    if judged is NO_CREDENTIAL:
        raise RequestRefused(HttpRefusal(403, NO_CREDENTIAL.reason))
    if judged is not None:
        raise RequestRefused(HttpRefusal(400, "API key not valid. Please pass a valid API key.", (BAD_KEY_DETAIL,)))


def _framed(data: bytes, at: int, *, sse: bool) -> bytes:
    if sse:
        return b"data: " + data + b"\r\n\r\n"
    return (b",\r\n" if at else b"") + data
