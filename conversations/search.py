"""Full-text search over the titles and messages of one person, with what the database has for it: FTS5 on SQLite,
a GIN index on PostgreSQL. The indexes are made by migration 0003 and keep themselves.

Places are ranked first, in `search_sqlite` or `search_postgresql`; only the few that are answered are read.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Substr

from conversations import search_postgresql, search_sqlite
from conversations.models import Conversation, Message
from conversations.search_turns import turn_of
from conversations.search_words import LONGEST_TEXT, Asked, Piece, asked, snippet


@dataclass(frozen=True, slots=True)
class Hit:
    """`message` and `position` are None where only the title has the words."""

    conversation: UUID
    message: UUID | None
    position: int | None
    snippet: list[Piece]


def search(*, user_id: int, query: str, limit: int) -> list[Hit]:
    """The conversations of that user that have all words of `query`, the newest first. Raises `SearchStopped`."""
    what = asked(query)
    if not what.words and not what.inside:
        return []
    index: Any = search_sqlite if connection.vendor == "sqlite" else search_postgresql
    with turn_of(user_id) as turn:
        found = {
            UUID(str(conversation)): position
            for conversation, position in index.newest(turn, user_id=user_id, what=what, limit=limit)
        }
        return _read(found, what)


def _read(found: dict[UUID, int | None], what: Asked) -> list[Hit]:
    """The hits at these positions, in this order. What was deleted meanwhile is left out."""
    hits: dict[UUID, Hit] = {}
    titles = [conversation for conversation, position in found.items() if position is None]
    for conversation, title in Conversation.objects.filter(pk__in=titles).values_list("pk", "title"):
        hits[conversation] = Hit(conversation, None, None, snippet(title, what))
    places = [Q(conversation=conversation, position=at) for conversation, at in found.items() if at is not None]
    if places:
        messages = Message.objects.filter(reduce(or_, places)).order_by()
        beginning = Substr("text", 1, LONGEST_TEXT)
        for conversation, message, at, text in messages.values_list("conversation_id", "pk", "position", beginning):
            hits[conversation] = Hit(conversation, message, at, snippet(text, what))
    return [hits[conversation] for conversation in found if conversation in hits]
