"""Full-text search over the titles and messages of one person, with what the database has for it: FTS5 on SQLite,
a GIN index on PostgreSQL. The indexes are made by migration 0003 and keep themselves.

A query is words, never syntax: all must occur, the last one may be the beginning of a word.
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

LONGEST_QUERY = 200
MOST_WORDS = 12
BEFORE, AFTER = 60, 120

_WORD = re.compile(r"\w+")

_SQLITE = """
    WITH hits AS (
        SELECT r.kind, r.ref FROM conversations_search s JOIN conversations_search_row r ON r.id = s.rowid
        WHERE s.conversations_search MATCH %s
    ), found AS (
        SELECT c.id AS conversation, m.id AS message, m.position, m.text, m.created_at AS at
        FROM hits h JOIN conversations_message m ON h.kind = 'm' AND m.id = h.ref
        JOIN conversations_conversation c ON c.id = m.conversation_id
        WHERE c.owner_id = %s AND c.deleted_at IS NULL AND m.replaced_at IS NULL
        UNION ALL
        SELECT c.id, NULL, NULL, c.title, c.updated_at
        FROM hits h JOIN conversations_conversation c ON h.kind = 'c' AND c.id = h.ref
        WHERE c.owner_id = %s AND c.deleted_at IS NULL
    )"""

_POSTGRESQL = """
    WITH asked AS (SELECT to_tsquery('simple', %s) AS query), found AS (
        SELECT c.id AS conversation, m.id AS message, m.position, m.text, m.created_at AS at
        FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id, asked
        WHERE c.owner_id = %s AND c.deleted_at IS NULL AND m.replaced_at IS NULL
        AND m.status <> 'pending' AND m.role IN ('user', 'model')
        AND to_tsvector('simple', left(m.text, 100000)) @@ asked.query
        UNION ALL
        SELECT c.id, NULL, NULL, c.title, c.updated_at
        FROM conversations_conversation c, asked
        WHERE c.owner_id = %s AND c.deleted_at IS NULL AND to_tsvector('simple', c.title) @@ asked.query
    )"""

# Of each conversation its newest message, or its title where that alone has the words.
_BEST = """
    SELECT conversation, message, position, text FROM (
        SELECT found.*, max(at) OVER (PARTITION BY conversation) AS latest, row_number() OVER (
            PARTITION BY conversation ORDER BY CASE WHEN message IS NULL THEN 1 ELSE 0 END, position DESC
        ) AS place FROM found
    ) AS ranked WHERE place = 1 ORDER BY latest DESC, conversation LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a snippet; `match` where it is one of the words that were looked for."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """`message` and `position` are None where only the title has the words."""

    conversation: UUID
    message: UUID | None
    position: int | None
    snippet: list[Piece]


def search(*, user_id: int, query: str, limit: int) -> list[Hit]:
    """The conversations of that user that have all words of `query`, the newest first. One query."""
    words = _WORD.findall(query[:LONGEST_QUERY])[:MOST_WORDS]
    if not words:
        return []
    with connection.cursor() as cursor:
        asked = (_for_sqlite if connection.vendor == "sqlite" else _for_postgresql)(words)
        source = _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL
        cursor.execute(source + _BEST, [asked, user_id, user_id, limit])
        rows = cursor.fetchall()
    return [
        Hit(_uuid(conversation), _uuid(message) if message else None, position, snippet(text, words))
        for conversation, message, position, text in rows
    ]


def snippet(text: str, words: list[str]) -> list[Piece]:
    """About 180 characters around the first of `words` in `text`. Pure."""
    wanted = re.compile("|".join(rf"\b{re.escape(word)}" for word in words), re.IGNORECASE)
    first = wanted.search(text)
    start = max(0, (first.start() if first else 0) - BEFORE)
    part = text[start : start + BEFORE + AFTER]
    pieces = [Piece("…", False)] if start else []
    at = 0
    for match in wanted.finditer(part):
        if match.start() > at:
            pieces.append(Piece(part[at : match.start()], False))
        pieces.append(Piece(match[0], True))
        at = match.end()
    if at < len(part):
        pieces.append(Piece(part[at:], False))
    return [*pieces, Piece("…", False)] if start + BEFORE + AFTER < len(text) else pieces


def _for_sqlite(words: list[str]) -> str:
    return " ".join(f'"{word}"' for word in words) + "*"


def _for_postgresql(words: list[str]) -> str:
    return " & ".join(f"'{word}'" for word in words) + ":*"


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
