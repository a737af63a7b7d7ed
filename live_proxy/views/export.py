"""A person's conversations as a file: one or all, JSON or Markdown. Read and sent piece by piece."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from conversations.selectors import (
    ConversationItem,
    MessageItem,
    conversation_of,
    conversations_from,
    messages_of,
)
from live_proxy.runtime import Runtime, current_runtime
from live_proxy.views.json_endpoint import json_error
from live_proxy.views.rows import conversation_json, instant, message_json

CONVERSATIONS_A_PIECE = 50
MESSAGES_A_PIECE = 200
SPEAKERS = {"user": "You", "model": "Gemini", "tool": "Tool"}
TYPES = {"json": ("application/json", "json"), "markdown": ("text/markdown; charset=utf-8", "md")}


async def export(request: HttpRequest, conversation_id: uuid.UUID | None = None) -> HttpResponseBase:
    """`?format=json` or `markdown`. Without an id all conversations of who asks."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    user = await request.auser()
    if not user.is_authenticated:
        return json_error(401, _("Please sign in."))
    wanted = request.GET.get("format", "json")
    if wanted not in TYPES:
        return json_error(400, _("“format” must be json or markdown."))
    runtime, user_id, only = current_runtime(), int(user.pk), None
    if conversation_id is not None:
        only = await runtime.database.run(conversation_of, conversation_id=conversation_id, user_id=user_id)
        if only is None:
            return json_error(404, _("There is no such conversation."))
    content_type, ending = TYPES[wanted]
    pieces = _as_json(runtime, user_id, only) if wanted == "json" else _as_markdown(runtime, user_id, only)
    response = StreamingHttpResponse(pieces, content_type=content_type)
    name = f"{_file_name(only)}-{timezone.now():%Y-%m-%d}.{ending}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _file_name(only: ConversationItem | None) -> str:
    if only is None:
        return "conversations"
    return re.sub(r"[^\w-]+", "-", only.title)[:60].strip("-") or "conversation"


async def _conversations(
    runtime: Runtime, user_id: int, only: ConversationItem | None
) -> AsyncIterator[ConversationItem]:
    if only is not None:
        yield only
        return
    after: uuid.UUID | None = None
    while rows := await runtime.database.run(
        conversations_from, user_id=user_id, after=after, limit=CONVERSATIONS_A_PIECE
    ):
        for row in rows:
            yield row
        after = rows[-1].id


async def _messages(runtime: Runtime, user_id: int, conversation: ConversationItem) -> AsyncIterator[MessageItem]:
    after, more = -1, True
    while more:
        rows, more = await runtime.database.run(
            messages_of,
            conversation_id=conversation.id,
            user_id=user_id,
            after_position=after,
            limit=MESSAGES_A_PIECE,
        )
        for row in rows:
            yield row
            after = row.position


async def _as_json(runtime: Runtime, user_id: int, only: ConversationItem | None) -> AsyncIterator[str]:
    yield f'{{"exported_at": {json.dumps(instant(timezone.now()))}, "conversations": ['
    first = True
    async for conversation in _conversations(runtime, user_id, only):
        head = json.dumps(conversation_json(conversation), ensure_ascii=False)
        yield f'{"" if first else ","}\n{head[:-1]}, "messages": ['
        first, separator = False, ""
        async for message in _messages(runtime, user_id, conversation):
            yield f"{separator}\n{json.dumps(message_json(message), ensure_ascii=False)}"
            separator = ","
        yield "\n]}"
    yield "\n]}\n"


async def _as_markdown(runtime: Runtime, user_id: int, only: ConversationItem | None) -> AsyncIterator[str]:
    async for conversation in _conversations(runtime, user_id, only):
        title = " ".join(conversation.title.split()) or str(conversation.id)
        yield f"# {_plain(title)}\n\n{_plain(conversation.family)}, {conversation.created_at:%Y-%m-%d %H:%M} UTC\n\n"
        async for message in _messages(runtime, user_id, conversation):
            yield _message_as_markdown(message)


def _message_as_markdown(message: MessageItem) -> str:
    """Everything that somebody said is quoted, so that no message can pass for another's heading."""
    told = [f"{message.created_at:%Y-%m-%d %H:%M:%S} UTC", message.transport, message.model]
    if message.status != "complete":
        told.append(message.status)
    if total := message.usage.get("total"):
        told.append(f"{total} tokens")
    parts: list[Any] = [part for part in message.parts if part]
    said = message.text if not parts else f"{message.text}\n\n```json\n{json.dumps(parts, ensure_ascii=False)}\n```"
    quoted = "\n".join(f"> {line}" for line in re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", said.strip()))
    return f"## {SPEAKERS.get(message.role, message.role)}\n\n{quoted}\n\n*{_plain(', '.join(filter(None, told)))}*\n\n"


def _plain(text: str) -> str:
    """`text` without what Markdown takes for markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)
