"""What is on record as the text of a file: JSON with all of it, or Markdown to read. Blocking, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from conversations.everything import Row, conversations_of_person, how_it_was_carried, messages_on_record
from conversations.selectors import ConversationItem
from live_proxy.preferences import everything_kept
from live_proxy.views.quoting import fenced, plain, quoted
from live_proxy.views.rows import conversation_json, instant

SPEAKERS = {"user": "You", "model": "Gemini", "tool": "Tool"}


def as_json(user_id: int, only: ConversationItem | None) -> Iterator[str]:
    """One conversation, or all that there is of a person. A message with `replaced_at` was replaced then, and is no
    part of the thread any more. `visits` are those in which nothing was said."""
    yield f'{{"exported_at": {_json(timezone.now())}'
    if only is None:
        yield f',\n"preferences": {_json(everything_kept(user_id))}'
    yield ',\n"conversations": ['
    first = True
    for conversation in [only] if only else conversations_of_person(user_id):
        yield f"{'' if first else ','}\n{_json(conversation_json(conversation))[:-1]}"
        yield from _rows("messages", messages_on_record(conversation.id, user_id, replaced=True))
        yield from _carried(user_id, conversation.id)
        yield "}"
        first = False
    yield "\n]"
    if only is None:
        yield ',\n"visits": {"conversation": null'
        yield from _carried(user_id, None)
        yield "}"
    yield "}\n"


def _carried(user_id: int, conversation_id: UUID | None) -> Iterator[str]:
    for name, pieces in how_it_was_carried(user_id, conversation_id):
        yield from _rows(name, pieces)


def _rows(name: str, pieces: Iterator[list[Row]]) -> Iterator[str]:
    yield f', "{name}": ['
    separator = ""
    for rows in pieces:
        for row in rows:
            yield f"{separator}\n{_json(row)}"
            separator = ","
    yield "\n]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain_value)


def _plain_value(value: object) -> str | None:
    return instant(value) if isinstance(value, datetime) else str(value)


def as_markdown(user_id: int, only: ConversationItem | None) -> Iterator[str]:
    """The threads as they are now."""
    for conversation in [only] if only else conversations_of_person(user_id):
        yield f"# {plain(conversation.title) or conversation.id}\n\n"
        yield _told(conversation.family, f"{conversation.created_at:%Y-%m-%d %H:%M} UTC")
        for rows in messages_on_record(conversation.id, user_id, replaced=False):
            for row in rows:
                yield from _message(row)


def _message(row: Row) -> Iterator[str]:
    """Everything that somebody said is quoted, so that no message can pass for another."""
    yield f"## {SPEAKERS.get(row['role'], plain(row['role']))}\n\n"
    yield from quoted(row["text"].strip("\r\n"))
    if parts := [part for part in row["parts"] if part]:
        yield from fenced(json.dumps(parts, ensure_ascii=False, indent=1), "json")
    total = row["usage"].get("total")
    yield "\n" + _told(
        f"{row['created_at']:%Y-%m-%d %H:%M:%S} UTC",
        row["transport"],
        row["model"],
        row["status"] if row["status"] != "complete" else "",
        f"{total} tokens" if total else "",
    )


def _told(*facts: str) -> str:
    return f"*{plain(', '.join(filter(None, facts)))}*\n\n"
