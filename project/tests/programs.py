"""Programs that speak to the service as Google's SDKs do: their tokens, and the Python SDK over plain sockets."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import google.auth.credentials
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone
from google import genai
from google.genai import types

from conversations.models import Message
from conversations.services import conversation_rewind
from live_proxy import api_tokens
from live_proxy.models import ApiToken

BOTH = ("live", "generate")


async def token_for(
    username: str = "alice", *, scopes: Sequence[str] = BOTH, expires_at: datetime.datetime | None = None
) -> tuple[ApiToken, str]:
    def issue() -> tuple[ApiToken, str]:
        user = get_user_model().objects.get(username=username)
        return api_tokens.issue(user, "a program", scopes=scopes, expires_at=expires_at)

    return await sync_to_async(issue)()


async def go_back_to(position: int) -> UUID:
    """What the page does where its owner asks something else in place of a message. Returns the conversation."""
    message = await Message.objects.select_related("conversation").aget(position=position)
    await sync_to_async(conversation_rewind)(
        conversation_id=message.conversation_id,
        user_id=message.conversation.owner_id,
        message_id=message.pk,
        now=timezone.now(),
    )
    return message.conversation_id


class Bearer(google.auth.credentials.Credentials):
    """An access token that needs no renewal."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.token = key

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: object) -> None:
        raise AssertionError("not needed")


def python_client(address: str, key: str, mode: str, **options: Any) -> genai.Client:
    """The Python SDK in one of its modes: `developer`, `ephemeral`, `express`, `vertex`. It forces TLS upon Live
    sockets, so these go around that one line of it; TLS has a test of its own."""
    http = types.HttpOptions(base_url=f"http://{address}", **options)
    match mode:
        case "developer":
            client = genai.Client(api_key=key, http_options=http)
        case "ephemeral":
            http.api_version = "v1alpha"
            client = genai.Client(api_key=f"auth_tokens/{key}", http_options=http)
        case "express":
            client = genai.Client(vertexai=True, api_key=key, http_options=http)
        case _:
            client = genai.Client(
                vertexai=True, project="any", location="us-central1", credentials=Bearer(key), http_options=http
            )
    client._api_client._websocket_base_url = lambda *a, **k: f"ws://{address}"  # type: ignore[method-assign]
    client._api_client._websocket_ssl_ctx = {}
    return client


async def turn(session: Any) -> tuple[str, bytes, list[Any]]:
    """The words, the sound and the messages of one turn."""
    text, sound, messages = "", b"", []
    async for message in session.receive():
        messages.append(message)
        content = message.server_content
        for part in (content.model_turn.parts or []) if content and content.model_turn else []:
            text += part.text or "" if not part.thought else ""
            sound += part.inline_data.data if part.inline_data else b""
    return text, sound, messages


def typed(text: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=text)])
