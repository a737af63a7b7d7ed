"""Which of a client's own message ids the conversation holds, and whether each was answered. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


class Item(Protocol):
    """A message of the record, as far as this needs it. `said`: whether an answer that was cut off has more than
    thoughts."""

    @property
    def id(self) -> UUID: ...
    @property
    def client_id(self) -> str | None: ...
    @property
    def position(self) -> int: ...
    @property
    def role(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def said(self) -> bool: ...


@dataclass(slots=True)
class Asked:
    """A typed message on record. `open`: its turn is being served now."""

    message_id: UUID
    position: int
    answered: bool = False
    open: bool = False


@dataclass(slots=True)
class AskedBefore:
    """A message sent twice is recorded once; one whose answer never came may be served again."""

    known: dict[str, Asked] = field(default_factory=dict)

    @classmethod
    def of_record(cls, items: Iterable[Item]) -> AskedBefore:
        """From a conversation's messages, oldest first."""
        before, last = cls(), None
        for item in items:
            if item.role == "user":
                last = Asked(item.id, item.position)
                if item.client_id:
                    before.known[item.client_id] = last
            elif item.role == "model" and last is not None and _heard(item):
                last.answered = True
        return before

    def find(self, client_id: str | None) -> Asked | None:
        return self.known.get(client_id) if client_id is not None else None

    def ask(self, client_id: str | None, message_id: UUID, position: int) -> None:
        if client_id is not None:
            self.known[client_id] = Asked(message_id, position, open=True)

    def settle(self, *, answered: bool) -> None:
        """The open turns are over."""
        for asked in self.known.values():
            if asked.open:
                asked.open, asked.answered = False, answered


def _heard(item: Item) -> bool:
    """Whether anything of an answer reached somebody; thoughts alone do not count."""
    return item.status == "complete" or (item.status == "interrupted" and item.said)
