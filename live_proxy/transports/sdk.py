"""Google's own SDK, `google-genai`, streaming: its request building and its reading of answers, our credentials,
our HTTP client, none of its retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from functools import cache
from typing import Any

import httpx

from live_proxy.addresses import HTTP_VERSIONS
from live_proxy.credentials import Token
from live_proxy.errors import ErrorKind, Failure
from live_proxy.protocol.codec import JsonObject, decode, encode
from live_proxy.transports.generate import GenerateTransport
from live_proxy.transports.http_client import http_client, httpx_failures
from live_proxy.transports.tier import Tier
from live_proxy.transports.websocket import tls_context
from live_proxy.verdicts import SKIP_TRANSPORT, local_failure, request_failure

NOT_OF_THE_ANSWER = {"sdk_http_response", "parsed", "automatic_function_calling_history"}


@cache
def load_sdk() -> Any:
    """The SDK's modules. Blocking: its first import takes about two seconds, so a thread does it."""
    import google.auth.credentials
    from google import genai
    from google.genai import errors, types

    class Given(google.auth.credentials.Credentials):
        """A token that somebody else keeps fresh."""

        def refresh(self, request: object) -> None:
            raise google.auth.exceptions.RefreshError("renewed elsewhere")  # type: ignore[no-untyped-call]

    class Sdk:
        Client, Errors, Types, Credentials = genai.Client, errors, types, Given

    return Sdk


class SdkTier(Tier):
    name = "sdk"

    def __init__(self, *args: Any, **shared: Any) -> None:
        super().__init__(*args, **shared)
        self._http: httpx.AsyncClient | None = None
        self._client: Any = None
        self._credentials: Any = None

    async def connect(self) -> None:
        self._http = http_client()
        self._client = await asyncio.to_thread(self._make_client, self._http)

    def _make_client(self, http: httpx.AsyncClient) -> Any:
        sdk = load_sdk()
        options = sdk.Types.HttpOptions(
            base_url=self._addresses.http_base(self._candidate),
            api_version=HTTP_VERSIONS[self._candidate.platform],
            retry_options=sdk.Types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            client_args={"verify": tls_context(), "trust_env": False},
        )
        if self._candidate.platform == "developer":
            return sdk.Client(vertexai=False, api_key=self._api_key, http_options=options)
        self._credentials = sdk.Credentials()
        return sdk.Client(
            vertexai=True,
            project=self._addresses.project,
            location=self._candidate.location,
            credentials=self._credentials,
            http_options=options,
        )

    async def count_tokens(self, body: JsonObject, token: Token | None) -> JsonObject:
        sdk = load_sdk()
        if body.keys() != {"contents"}:
            raise _unknown_field()
        contents, _ = _typed(sdk, body)
        return await self._call(self._client.aio.models.count_tokens(model=self.model, contents=contents), token)

    async def generate(self, body: JsonObject, token: Token | None) -> JsonObject:
        contents, config = _typed(load_sdk(), body)
        call = self._client.aio.models.generate_content(model=self.model, contents=contents, config=config)
        return await self._call(call, token)

    async def _call(self, call: Awaitable[Any], token: Token | None) -> JsonObject:
        sdk = load_sdk()
        self._use(token)
        with httpx_failures():
            try:
                return _plain(await call)
            except sdk.Errors.APIError as error:
                raise _refused(error) from None
            except ValueError as error:  # an answer that is no JSON, or a field that the platform lacks
                raise local_failure(ErrorKind.BAD_MESSAGE, type(error).__name__) from None

    async def stream(self, body: JsonObject, token: Token | None) -> AsyncGenerator[JsonObject]:
        sdk = load_sdk()
        self._use(token)
        contents, config = _typed(sdk, body)
        with httpx_failures():
            try:
                stream = await self._client.aio.models.generate_content_stream(
                    model=self.model, contents=contents, config=config
                )
                async with aclosing(stream):
                    async for chunk in stream:
                        yield _plain(chunk)
            except sdk.Errors.APIError as error:
                raise _refused(error) from None
            except ValueError as error:  # an event that is no JSON; the text quotes it
                raise local_failure(ErrorKind.BAD_MESSAGE, type(error).__name__) from None

    async def disconnect(self) -> None:
        http, self._http, client, self._client = self._http, None, self._client, None
        if client is not None:
            client.close()
        if http is not None:
            await http.aclose()

    def _use(self, token: Token | None) -> None:
        if token is not None:
            self._credentials.token = token.value


def _typed(sdk: Any, body: JsonObject) -> tuple[list[Any], Any]:
    """Contents and configuration in the SDK's types."""
    try:
        contents = [sdk.Types.Content.model_validate_json(encode(each)) for each in body["contents"]]
        return contents, sdk.Types.GenerateContentConfig.model_validate_json(encode(_config(body)))
    except (ValueError, TypeError, KeyError):
        # What the SDK's types do not know, plain REST may take. The error quotes the payload: it stays here.
        raise _unknown_field() from None


def _unknown_field() -> Failure:
    return Failure(SKIP_TRANSPORT, ErrorKind.INVALID_ARGUMENT, reason="the SDK does not know a field of the request")


def _plain(answer: Any) -> JsonObject:
    return decode(answer.model_dump_json(by_alias=True, exclude_none=True, exclude=NOT_OF_THE_ANSWER))


def _config(body: JsonObject) -> JsonObject:
    """The SDK's one flat config from the parts of a request."""
    flat = {key: value for key, value in body.items() if key not in ("contents", "generationConfig")}
    flat |= body.get("generationConfig", {})
    flat["automaticFunctionCalling"] = {"disable": True}
    return flat


def _refused(error: Any) -> Failure:
    """The SDK's error as ours: its number, and Google's own words where it kept them."""
    status = error.code if isinstance(error.code, int) and 100 <= error.code <= 599 else 500
    return request_failure(status, encode({"details": error.details}).decode())


class SdkTransport(GenerateTransport):
    tier_class = SdkTier
