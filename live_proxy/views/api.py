"""The record as JSON, for the page: somebody else's conversation is answered exactly like an unknown one."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from conversations.selectors import ConversationItem, MessageItem, conversation_of, conversations_of, messages_of
from live_proxy.views.json_endpoint import Refused, json_endpoint, no_conversation, user_id_of

CONVERSATIONS_PER_PAGE = 50
MESSAGES_PER_PAGE = 200
LARGEST_POSITION = 2**31 - 1


def _instant(value: datetime | None) -> str | None:
    # Microseconds stay: `next` is compared with the rows again, and a "+" would have to be escaped in a URL.
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _before(request: HttpRequest) -> datetime | None:
    text = request.GET.get("before")
    if text is None:
        return None
    try:
        value = parse_datetime(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise Refused(_("“before” must be a date and time with its offset, such as 2026-01-31T12:00:00Z."))
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Refused(_("“before” is out of range.")) from None


def _whole_number(request: HttpRequest, name: str, default: int, smallest: int, largest: int) -> int:
    text = request.GET.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and smallest <= int(text) <= largest):
        raise Refused(
            _("“%(name)s” must be a whole number from %(smallest)d to %(largest)d.")
            % {"name": name, "smallest": smallest, "largest": largest}
        )
    return int(text)


def _conversation(row: ConversationItem) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "title": row.title,
        "family": row.family,
        "created_at": _instant(row.created_at),
        "updated_at": _instant(row.updated_at),
    }


def _message(row: MessageItem) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "client_id": row.client_id,
        "position": row.position,
        "role": row.role,
        "modality": row.modality,
        "text": row.text,
        "parts": row.parts,
        "transport": row.transport,
        "model": row.model,
        "status": row.status,
        "first_output_ms": row.first_output_ms,
        "usage": row.usage,
        "created_at": _instant(row.created_at),
        "completed_at": _instant(row.completed_at),
    }


def _page[T](rows: list[T], limit: int) -> tuple[list[T], bool]:
    """Selectors are asked for one row more than a page holds: it says whether there is a next page."""
    return rows[:limit], len(rows) > limit


def first_conversations(user_id: int, *, before: datetime | None = None, limit: int = CONVERSATIONS_PER_PAGE) -> Any:
    rows, more = _page(conversations_of(user_id=user_id, limit=limit + 1, before=before), limit)
    return {
        "conversations": [_conversation(row) for row in rows],
        "next": _instant(rows[-1].updated_at) if more else None,
    }


@json_endpoint("GET")
def conversations(request: HttpRequest) -> HttpResponse:
    limit = _whole_number(request, "limit", CONVERSATIONS_PER_PAGE, 1, CONVERSATIONS_PER_PAGE)
    return JsonResponse(first_conversations(user_id_of(request), before=_before(request), limit=limit))


@json_endpoint("GET")
def messages(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    after = _whole_number(request, "after", -1, 0, LARGEST_POSITION)
    limit = _whole_number(request, "limit", MESSAGES_PER_PAGE, 1, MESSAGES_PER_PAGE)
    conversation = conversation_of(conversation_id=conversation_id, user_id=user_id_of(request))
    if conversation is None:
        raise no_conversation()
    found = messages_of(
        conversation_id=conversation_id, user_id=user_id_of(request), after_position=after, limit=limit + 1
    )
    rows, more = _page(found, limit)
    return JsonResponse(
        {
            "conversation": _conversation(conversation),
            "messages": [_message(row) for row in rows],
            "next": rows[-1].position if more else None,
        }
    )
