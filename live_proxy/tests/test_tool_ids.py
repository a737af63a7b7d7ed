"""Ids of tool calls, made up where upstream gave none, and never told to an upstream that does not know them."""

from __future__ import annotations

from itertools import count
from typing import Any

from live_proxy.edge.tool_ids import MAX_KNOWN, ToolIds


def ids() -> ToolIds:
    numbers = count()
    return ToolIds(lambda: f"made-{next(numbers)}")


def test_a_call_without_an_id_gets_one_that_upstream_never_sees() -> None:
    tools = ids()
    named = tools.named([{"name": "f"}, {"name": "g", "id": "theirs"}])
    assert [call["id"] for call in named] == ["made-0", "theirs"]
    answers: list[dict[str, Any]] = [
        {"id": "made-0", "name": "f", "response": {}},
        {"id": "theirs", "name": "g"},
        {"id": 5},
        {},
    ]
    assert tools.for_upstream(answers) == [{"name": "f", "response": {}}, {"id": "theirs", "name": "g"}, {"id": 5}, {}]


def test_nobody_waits_for_the_answer_to_a_call_that_was_taken_back() -> None:
    tools = ids()
    tools.cancel(["a", "b"])
    assert not tools.awaited([{"id": "a"}])
    assert not tools.awaited([{"id": "a"}, {"id": "b"}])
    assert tools.awaited([{"id": "a"}, {"id": "c"}])
    assert tools.awaited([{"name": "no id"}])
    assert tools.awaited([{"id": ["odd"]}])


def test_what_is_remembered_is_bounded() -> None:
    tools = ids()
    tools.cancel(str(number) for number in range(MAX_KNOWN + 1))
    assert tools.awaited([{"id": "0"}])
    assert not tools.awaited([{"id": "1"}])
