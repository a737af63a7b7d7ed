"""What is taken out of upstream's messages before a client's SDK sees them."""

from __future__ import annotations

from typing import Any

import pytest

from live_proxy.edge.requested import requested
from live_proxy.edge.to_client import ClientView
from live_proxy.edge.tool_ids import ToolIds
from live_proxy.edge.well_formed import well_formed

GOOD: list[dict[str, Any]] = [
    {},
    {"serverContent": {}},
    {"serverContent": {"modelTurn": {"parts": [{"text": "x"}]}, "turnComplete": True}, "usageMetadata": {}},
    {"toolCall": {"functionCalls": [{"name": "f"}]}, "future": 5},
    {"toolCallCancellation": {"ids": ["a"]}},
    {"serverContent": {"modelTurn": None, "turnComplete": None, "futureContent": [1]}},
]


@pytest.mark.parametrize("message", GOOD)
def test_a_good_message_is_itself(message: dict[str, Any]) -> None:
    assert well_formed(message) is message


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ({"serverContent": "x", "usageMetadata": 3, "toolCall": [], "future": 1}, {"future": 1}),
        ({"serverContent": {"modelTurn": [], "turnComplete": "yes", "interrupted": 1}}, {}),
        ({"serverContent": {"modelTurn": {"parts": "x"}}}, {}),
        (
            {"serverContent": {"modelTurn": {"parts": [5, {"text": "a"}, None]}}},
            {"serverContent": {"modelTurn": {"parts": [{"text": "a"}]}}},
        ),
        (
            {"serverContent": {"outputTranscription": [7], "generationComplete": True}},
            {"serverContent": {"generationComplete": True}},
        ),
        ({"toolCall": {"functionCalls": {"name": "f"}}}, {}),
        ({"toolCallCancellation": {"ids": ["a", 1]}}, {"toolCallCancellation": {"ids": ["a"]}}),
    ],
)
def test_the_wrong_type_of_a_known_name_goes(message: dict[str, Any], left: dict[str, Any]) -> None:
    assert well_formed(message) == left
    seen = ClientView(requested({"outputAudioTranscription": {}}), ToolIds(lambda: "id")).see(message)
    assert seen == (left or None)
