"""The ids of tool calls between a client, which needs one for each, and an upstream that may give none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from live_proxy.protocol.codec import JsonObject

MAX_KNOWN = 1_000


class ToolIds:
    """One per session. `new_id` makes the id of a call that came without."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._made: dict[str, None] = {}
        self._cancelled: dict[str, None] = {}

    def named(self, calls: Sequence[Any]) -> list[Any]:
        """The calls of one message, each with an id."""
        return [call if call.get("id") else {**call, "id": self._make()} for call in calls]

    def cancel(self, ids: Iterable[str]) -> None:
        """Upstream took these calls back: nobody waits for their answers."""
        for call_id in ids:
            _keep(self._cancelled, call_id)

    def for_upstream(self, answers: Sequence[JsonObject]) -> list[JsonObject]:
        """Answers as upstream knows the calls: an id that it did not give would be one that it does not know."""
        return [
            {key: value for key, value in answer.items() if key != "id"} if self._is_made(answer) else answer
            for answer in answers
        ]

    def awaited(self, answers: Sequence[JsonObject]) -> bool:
        """Whether upstream still waits for one of these."""
        return not answers or any(self._known(answer) not in self._cancelled for answer in answers)

    def _make(self) -> str:
        made = self._new_id()
        _keep(self._made, made)
        return made

    def _is_made(self, answer: JsonObject) -> bool:
        return self._known(answer) in self._made

    @staticmethod
    def _known(answer: JsonObject) -> str:
        call_id = answer.get("id")
        return call_id if isinstance(call_id, str) else ""


def _keep(known: dict[str, None], call_id: str) -> None:
    known[call_id] = None
    if len(known) > MAX_KNOWN:
        del known[next(iter(known))]
