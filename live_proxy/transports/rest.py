"""Plain REST: `streamGenerateContent` as server-sent events. With an API key it needs nothing of Google Cloud."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx

from live_proxy.credentials import Token
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.transports.generate import GenerateTransport
from live_proxy.transports.http_client import events, http_client, httpx_failures, json_answer, refusal
from live_proxy.transports.tier import Tier


class RestTier(Tier):
    name = "rest"

    def __init__(self, *args: Any, **shared: Any) -> None:
        super().__init__(*args, **shared)
        self._client: httpx.AsyncClient | None = None

    async def connect(self) -> None:
        self._client = http_client()

    async def count_tokens(self, body: JsonObject, token: Token | None) -> JsonObject:
        return await self._whole("countTokens", body, token)

    async def generate(self, body: JsonObject, token: Token | None) -> JsonObject:
        return await self._whole("generateContent", body, token)

    async def _whole(self, method: str, body: JsonObject, token: Token | None) -> JsonObject:
        assert self._client is not None
        url = self._addresses.http_url(self._candidate, method)
        with httpx_failures():
            async with self._client.stream("POST", url, headers=self._headers(token), content=encode(body)) as response:
                if response.status_code != 200:
                    raise await refusal(response)
                return await json_answer(response)

    async def stream(self, body: JsonObject, token: Token | None) -> AsyncGenerator[JsonObject]:
        assert self._client is not None
        url = self._addresses.http_url(self._candidate, "streamGenerateContent") + "?alt=sse"
        with httpx_failures():
            async with self._client.stream("POST", url, headers=self._headers(token), content=encode(body)) as response:
                if response.status_code != 200:
                    raise await refusal(response)
                async for payload in events(response):
                    yield payload

    async def disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _headers(self, token: Token | None) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if token is None:
            return headers | {"x-goog-api-key": self._api_key}
        headers["Authorization"] = f"Bearer {token.value}"
        if token.quota_project:
            headers["x-goog-user-project"] = token.quota_project
        return headers


class RestTransport(GenerateTransport):
    tier_class = RestTier
