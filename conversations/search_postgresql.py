"""What PostgreSQL finds, with a GIN index in which each text also has the name of its conversation as a word.

So the question names the conversations of the owner, some at a time and the last used ones first, and what others wrote
costs nothing. Nothing is left to the planner, whose guesses about such an index are off by orders of magnitude.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import connection

from conversations.models import Conversation
from conversations.search_turns import Turn
from conversations.search_words import Asked

AT_A_TIME = 100  # conversations: the index looks each of them up, and asks of each text which it is

_IN_MESSAGES = """
    WITH hits AS MATERIALIZED (
        SELECT conversation_id, position, created_at FROM conversations_message
        WHERE status <> 'pending' AND role IN ('user', 'model') AND replaced_at IS NULL
        AND conversation_id = ANY(%s) AND {has}
    )
    SELECT conversation_id, max(position), max(created_at) FROM hits GROUP BY conversation_id"""
_IN_TITLES = """
    SELECT id, NULL, updated_at FROM conversations_conversation WHERE owner_id = %s AND deleted_at IS NULL AND {has}"""
_INDEXED = "conversations_search_vector({whose}::text, {text}) @@ (to_tsquery('simple', %s) && %s::tsquery)"


def newest(turn: Turn, *, user_id: int, what: Asked, limit: int) -> list[tuple[UUID, int | None]]:
    """Conversations, each with the position of its newest message that has the words, if not only the title has."""
    mine = Conversation.objects.filter(owner_id=user_id, deleted_at__isnull=True).order_by("-updated_at", "pk")
    last_used: dict[UUID, datetime] = dict(mine.values_list("pk", "updated_at"))
    found: dict[UUID, tuple[datetime, int | None]] = {}
    with connection.cursor() as cursor:

        def look(sql: str, among: Any, names: Iterable[Any], **columns: str) -> None:
            turn.go_on()
            has, values = _having(words, what, names, **columns)
            cursor.execute(sql.format(has=has), [among, *values])
            for conversation, position, at in cursor.fetchall():
                found[conversation] = max(at, found[conversation][0]) if conversation in found else at, position

        words = _normalised(cursor, what)
        look(_IN_TITLES, user_id, [user_id], whose="owner_id", text="title")
        for some in batched(last_used, AT_A_TIME):
            latest = sorted((at for at, _ in found.values()), reverse=True)[:limit]
            if len(latest) == limit and latest[-1] >= last_used[some[0]]:
                break
            look(_IN_MESSAGES, list(some), some, whose="conversation_id", text="text")
    best = sorted(found, key=lambda one: (-found[one][0].timestamp(), one))[:limit]
    return [(conversation, found[conversation][1]) for conversation in best]


def _normalised(cursor: Any, what: Asked) -> str:
    """The words as the index has them, for `to_tsquery`."""
    cursor.execute("SELECT conversations_search_words(%s)", [" ".join(what.words)])
    return " & ".join(f"'{word}'" for word in cursor.fetchone()[0].split()) + (":*" if what.begun else "")


def _having(words: str, what: Asked, names: Iterable[Any], *, whose: str, text: str) -> tuple[str, list[str]]:
    having, values = [], []
    if words:
        having.append(_INDEXED.format(whose=whose, text=text))
        values += [words, " | ".join(f"'~{name}'" for name in names)]
    for part in what.inside:
        having.append(f"{text} ILIKE %s")
        values.append(f"%{part}%")  # no part of a word means anything to LIKE
    return " AND ".join(having), values
