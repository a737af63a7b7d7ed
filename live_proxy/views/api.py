"""The record as JSON, for the page: somebody else's conversation is answered exactly like an unknown one."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from conversations.selectors import (
    conversation_of,
    conversations_of,
    messages_before,
    messages_of,
    messages_replaced,
    pinned_of,
)
from live_proxy.views.json_endpoint import Refused, json_endpoint, no_conversation, user_id_of, whole_number
from live_proxy.views.library import delete_all
from live_proxy.views.rows import conversation_json, instant, message_json

CONVERSATIONS_PER_PAGE = 50
MESSAGES_PER_PAGE = 200
LARGEST_POSITION = 2**31 - 1


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


def _page[T](rows: list[T], limit: int) -> tuple[list[T], bool]:
    """Selectors are asked for one row more than a page holds: it says whether there is a next page."""
    return rows[:limit], len(rows) > limit


def first_conversations(user_id: int, *, before: datetime | None = None, limit: int = CONVERSATIONS_PER_PAGE) -> Any:
    rows, more = _page(conversations_of(user_id=user_id, limit=limit + 1, before=before), limit)
    page = {
        "conversations": [conversation_json(row) for row in rows],
        "next": instant(rows[-1].updated_at) if more else None,
    }
    if before is None:
        page["pinned"] = [conversation_json(row) for row in pinned_of(user_id=user_id)]
    return page


@json_endpoint("GET", "DELETE")
def conversations(request: HttpRequest) -> HttpResponse:
    """DELETE with `{"confirm": <the username>}` deletes them all: `{"deleted": <how many>}`."""
    if request.method == "DELETE":
        return delete_all(request)
    limit = whole_number(request, "limit", CONVERSATIONS_PER_PAGE, 1, CONVERSATIONS_PER_PAGE)
    return JsonResponse(first_conversations(user_id_of(request), before=_before(request), limit=limit))


@json_endpoint("GET")
def messages(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """`?after=` a position, or `?before=` one; `?limit=`. Long messages make a page shorter than that; `next` says
    after which position to go on, `previous` before which. `replaced` counts the messages that are no part of the
    thread any more: where it has grown, some that were read before may be among them."""
    after = whole_number(request, "after", -1, 0, LARGEST_POSITION)
    before = whole_number(request, "before", -1, 0, LARGEST_POSITION)
    limit = whole_number(request, "limit", MESSAGES_PER_PAGE, 1, MESSAGES_PER_PAGE)
    user_id = user_id_of(request)
    conversation = conversation_of(conversation_id=conversation_id, user_id=user_id)
    if conversation is None:
        raise no_conversation()
    if after >= 0 and before >= 0:
        raise Refused(_("“after” and “before” do not go together."))
    if before >= 0:
        rows, more = messages_before(
            conversation_id=conversation_id, user_id=user_id, before_position=before, limit=limit
        )
    else:
        rows, more = messages_of(conversation_id=conversation_id, user_id=user_id, after_position=after, limit=limit)
    return JsonResponse(
        {
            "conversation": conversation_json(conversation),
            "messages": [message_json(row) for row in rows],
            "replaced": messages_replaced(conversation_id=conversation_id),
            "next": rows[-1].position if more and before < 0 else None,
            "previous": rows[0].position if more and before >= 0 else None,
        }
    )
