"""What people do with their own conversations: find, rename, pin, delete, and take a deletion back."""

import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.cleaning import clean_text
from conversations.search import search
from conversations.search_turns import GaveWay, SearchStopped, TooMany
from conversations.search_words import LONGEST_QUERY
from conversations.selectors import conversation_of, conversations_by_id
from conversations.services import (
    Deleted,
    TooManyPins,
    conversation_change,
    conversation_delete,
    conversation_restore,
    conversations_delete,
    deletion_remember,
    visits_erase,
)
from live_proxy.commands import tell
from live_proxy.models import ControlCommand
from live_proxy.preferences import forget_preferences
from live_proxy.views.json_endpoint import (
    Refused,
    json_body,
    json_endpoint,
    no_conversation,
    user_id_of,
    whole_number,
)
from live_proxy.views.rows import conversation_json

LONGEST_TITLE = 200
RESULTS = 30
MOST_RESULTS = 50


@json_endpoint("PATCH", "DELETE")
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """PATCH `{"title": str, "pinned": bool}`, one or both, → the row. DELETE → nothing; see `restore`."""
    if request.method == "DELETE":
        if not _deleted(partial(conversation_delete, conversation_id=conversation_id), request):
            raise no_conversation()
        return HttpResponse(status=204)
    title, pinned = _change(request)
    try:
        known = conversation_change(
            conversation_id=conversation_id,
            user_id=user_id_of(request),
            now=timezone.now(),
            title=title,
            pinned=pinned,
        )
    except TooManyPins:
        raise Refused(_("No more conversations can be pinned. Unpin one first."), 409) from None
    return _row(request, conversation_id, known=known)


def _change(request: HttpRequest) -> tuple[str | None, bool | None]:
    body = json_body(request)
    title, pinned = body.get("title"), body.get("pinned")
    if not body or set(body) - {"title", "pinned"}:
        raise Refused(_("The body must hold “title” or “pinned”, and nothing else."))
    if "pinned" in body and not isinstance(pinned, bool):
        raise Refused(_("“pinned” must be true or false."))
    if "title" not in body:
        return None, pinned
    if not isinstance(title, str) or not 0 < len(title := clean_text(title).strip()) <= LONGEST_TITLE:
        raise Refused(_("“title” must be a text of 1 to %(longest)d characters.") % {"longest": LONGEST_TITLE})
    return title, pinned


@json_endpoint("POST")
def restore(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Takes a deletion back, within some minutes. → the row."""
    known = conversation_restore(conversation_id=conversation_id, user_id=user_id_of(request), now=timezone.now())
    return _row(request, conversation_id, known=known)


def _row(request: HttpRequest, conversation_id: uuid.UUID, *, known: bool) -> HttpResponse:
    row = conversation_of(conversation_id=conversation_id, user_id=user_id_of(request)) if known else None
    if row is None:
        raise no_conversation()
    return JsonResponse(conversation_json(row))


def delete_all(request: HttpRequest) -> HttpResponse:
    """`{"confirm": <the username>}` → `{"deleted": <how many>}` conversations. With them go the preferences, and the
    visits in which nothing was said."""
    if json_body(request).get("confirm") != request.user.get_username():
        raise Refused(_("“confirm” must be your name."))
    with transaction.atomic():
        deletion_remember(user_id=user_id_of(request), now=timezone.now())
        deleted = _deleted(conversations_delete, request)
        forget_preferences(user_id_of(request))
    visits_erase(user_id=user_id_of(request))
    return JsonResponse({"deleted": deleted})


def _deleted(delete: Callable[..., Deleted], request: HttpRequest) -> int:
    """Deletes, and has those told who were serving what is gone. Returns how many conversations."""
    with transaction.atomic():
        deleted = delete(user_id=user_id_of(request), now=timezone.now())
        tell(ControlCommand.Kind.CONVERSATION_GONE, *deleted.sessions)
    return deleted.conversations


@json_endpoint("GET")
def search_conversations(request: HttpRequest) -> HttpResponse:
    """`?q=` words, all of which must occur; `?limit=`. One result for each conversation, the newest first."""
    query = clean_text(request.GET.get("q", ""))
    if len(query) > LONGEST_QUERY:
        raise Refused(_("“q” may have at most %(longest)d characters.") % {"longest": LONGEST_QUERY})
    limit = whole_number(request, "limit", RESULTS, 1, MOST_RESULTS)
    try:
        hits = search(user_id=user_id_of(request), query=query, limit=limit)
    except SearchStopped as stopped:
        raise Refused(_why_stopped(stopped), 503) from None
    rows = conversations_by_id(user_id=user_id_of(request), ids={hit.conversation for hit in hits})
    return JsonResponse(
        {
            "results": [
                {
                    "conversation": conversation_json(rows[hit.conversation]),
                    "message": hit.message,
                    "position": hit.position,
                    "snippet": [asdict(piece) for piece in hit.snippet],
                }
                for hit in hits
                if hit.conversation in rows
            ]
        }
    )


def _why_stopped(stopped: SearchStopped) -> str:
    match stopped:
        case GaveWay():
            return _("A newer search of yours has taken its place.")
        case TooMany():
            return _("Too many people are searching. Try again in a moment.")
        case _:
            return _("The search took too long. Try longer or rarer words.")
