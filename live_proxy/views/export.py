"""A person's conversations as a file: one or all, JSON or Markdown. Read and sent piece by piece."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator

import structlog
from django.core.signals import request_finished
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from conversations.selectors import ConversationItem, conversation_of
from live_proxy.exports import Busy, Download, Lost
from live_proxy.runtime import current_runtime
from live_proxy.views.export_texts import as_json, as_markdown
from live_proxy.views.json_endpoint import json_error

log = structlog.get_logger(__name__)

TYPES = {"json": ("application/json", "json", as_json), "markdown": ("text/markdown; charset=utf-8", "md", as_markdown)}
SENT_AT_ONCE = 64 * 1024


class BrokenOff(Exception):
    """The server ends the transfer without its last byte, so that no reader takes the file for a whole one."""


async def export(request: HttpRequest, conversation_id: uuid.UUID | None = None) -> HttpResponseBase:
    """`?format=json` or `markdown`. Without an id all that there is of who asks."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET"])
    try:
        return await _export(request, conversation_id)
    except Busy as busy:
        if busy.own:
            return json_error(429, _("You have a download under way already. Wait until it has ended."))
        return json_error(429, _("Many people download their conversations just now; try again in a minute."))
    except (DatabaseError, InterfaceError, TimeoutError):
        return json_error(503, _("The service cannot reach its database; try again."))


async def _export(request: HttpRequest, conversation_id: uuid.UUID | None) -> HttpResponseBase:
    user = await request.auser()
    if not user.is_authenticated:
        return json_error(401, _("Please sign in."))
    wanted = request.GET.get("format", "json")
    if wanted not in TYPES:
        return json_error(400, _("“format” must be json or markdown."))
    exports, user_id, only = current_runtime().exports, int(user.pk), None
    if conversation_id is not None:
        only = await exports.database.run(conversation_of, conversation_id=conversation_id, user_id=user_id)
        if only is None:
            return json_error(404, _("There is no such conversation."))
    content_type, ending, texts = TYPES[wanted]
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type)
    else:
        download = exports.begin(user_id, texts(user_id, only))
        try:
            # Before the head is sent: what goes wrong at once can be said.
            first = await download.read()
        except BaseException:
            download.end()
            raise
        response = StreamingHttpResponse(_Transfer(download, first), content_type=content_type)
    name = f"{_file_name(only)}-{timezone.now():%Y-%m-%d}.{ending}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    return response


def _file_name(only: ConversationItem | None) -> str:
    if only is None:
        return "conversations"
    return re.sub(r"[^\w-]+", "-", only.title)[:60].strip("-") or "conversation"


class _Transfer:
    """The content of the response. Django closes it when the response is over, whether or not it was read."""

    def __init__(self, download: Download, first: bytes | None) -> None:
        self._download = download
        self._first = first

    def close(self) -> None:
        self._download.end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        piece = self._first
        try:
            while piece is not None:
                for start in range(0, len(piece), SENT_AT_ONCE):
                    yield piece[start : start + SENT_AT_ONCE]
                piece = await self._download.read()
        except (DatabaseError, InterfaceError, TimeoutError, Lost) as error:
            log.warning("a download was broken off", error=type(error).__name__)
            # Django leaves this out where a response raises: the request's own connection would never be given back.
            await request_finished.asend(sender=type(self))
            raise BrokenOff from None
        finally:
            self.close()
