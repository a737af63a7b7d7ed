"""What SQLite finds, with FTS5. Of the owner's own words only: whose they are stands in the index."""

from django.db import connection

from conversations.search_turns import Turn
from conversations.search_words import Asked, spellings

# The index leads: CROSS JOIN keeps the order.
_INDEX = "conversations_search s CROSS JOIN conversations_search_row r ON r.id = s.rowid CROSS JOIN "
_FOUND = """
    SELECT conversation, max(position) AS position, max(at) AS latest FROM (
        SELECT c.id AS conversation, m.position, m.created_at AS at FROM {messages}
        JOIN conversations_conversation c ON c.id = m.conversation_id
        WHERE c.owner_id = %s AND c.deleted_at IS NULL AND m.replaced_at IS NULL
        AND m.status <> 'pending' AND m.role IN ('user', 'model') AND {messages_have}
        UNION ALL
        SELECT c.id, NULL, c.updated_at FROM {titles}
        WHERE c.owner_id = %s AND c.deleted_at IS NULL AND {titles_have}
    ) GROUP BY conversation ORDER BY latest DESC, conversation LIMIT %s"""


def newest(turn: Turn, *, user_id: int, what: Asked, limit: int) -> list[tuple[str, int | None]]:
    """Conversations, each with the position of its newest message that has the words, if not only the title has."""
    messages, titles = "conversations_message m", "conversations_conversation c"
    having, values = [], []
    if what.words:
        messages = f"{_INDEX}{messages} ON r.kind = 'm' AND m.id = r.ref"
        titles = f"{_INDEX}{titles} ON r.kind = 'c' AND c.id = r.ref"
        having.append("s.conversations_search MATCH %s")
        values.append(_match(user_id, what))
    for part in what.inside:
        having.append("{text} LIKE %s")
        values.append(f"%{part}%")  # no part of a word means anything to LIKE
    has = " AND ".join(having)
    sql = _FOUND.format(
        messages=messages,
        messages_have=has.format(text="m.text"),
        titles=titles,
        titles_have=has.format(text="c.title"),
    )
    turn.go_on()
    with connection.cursor() as cursor:
        cursor.execute(sql, [user_id, *values, user_id, *values, limit])
        return [(conversation, position) for conversation, position, _ in cursor.fetchall()]


def _match(user_id: int, what: Asked) -> str:
    words = [[f'"{spelling}"' for spelling in spellings(word)] for word in what.words]
    if what.begun:
        words[-1] = [f"{spelling} *" for spelling in words[-1]]
    return f'owner : "u{user_id}" AND text : (' + " AND ".join(f"({' OR '.join(ways)})" for ways in words) + ")"
