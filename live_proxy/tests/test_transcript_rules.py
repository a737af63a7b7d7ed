"""What holds of the transcript in any order of events."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from live_proxy.tests.strategies import quickly
from live_proxy.tests.transcribing import (
    END,
    INTERRUPTED,
    LOWER,
    SERVING,
    SOUND,
    Script,
    call,
    content,
    heard,
    spoken,
    text,
    usage,
)

SAYINGS = st.sampled_from(
    [
        text("a"),
        text("hm", thought=True),
        text(""),
        SOUND,
        spoken("b"),
        heard("c"),
        INTERRUPTED,
        END,
        {**END, **usage(3)},
        content(interrupted=True, turnComplete=True),
        content(generationComplete=True),
        content(turnComplete=True, turnCompleteReason="BLOCKLIST"),
        content(turnComplete=True, interactionStatus="IN_PROGRESS"),
        content(groundingMetadata={"x": 1}),
        call("f"),
        usage(1),
        {},
    ]
)


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.script = Script(next_position=7)
        self.transcript = self.script.transcript
        self.handed_over: set[int] = set()

    @rule(words=st.sampled_from(["one", "two"]))
    def types(self, words: str) -> None:
        self.script.typed(words)

    @rule(role=st.sampled_from(["user", "model"]))
    def seeds(self, role: str) -> None:
        self.transcript.seeded(role, "earlier", [], self.script.now())

    @rule()
    def answers_a_tool(self) -> None:
        self.script.tool_answered({"id": "f"})

    @rule()
    def stops_talking(self) -> None:
        self.transcript.awaits_answer(self.script.now())

    @rule(message=SAYINGS)
    def upstream_says(self, message: dict[str, Any]) -> None:
        self.script.says(message)

    @rule()
    def upstream_is_lost(self) -> None:
        while len(self.transcript.turns) > 1:
            self.transcript.close_turn("interrupted", self.script.now())
        self.transcript.upstream_changed()
        self.script.serving = LOWER if self.script.serving is SERVING else SERVING
        self.transcript.served_by(self.script.serving)

    @rule(status=st.sampled_from(["interrupted", "failed", "complete"]))
    def the_session_closes_a_turn(self, status: Any) -> None:
        self.transcript.close_turn(status, self.script.now())

    @rule()
    def a_tick_saves(self) -> None:
        written = self.script.write()
        assert [draft.position for draft in written] == sorted(draft.position for draft in written)
        assert self.transcript.take_dirty() == []

    @invariant()
    def pending_answers_belong_to_open_turns(self) -> None:
        self.script.write()
        pending = {d.id for d in self.script.drafts.values() if d.role == "model" and d.status == "pending"}
        of_turns = [turn.model.id for turn in self.transcript.turns if turn.model is not None]
        assert len(set(of_turns)) == len(of_turns)
        assert pending == set(of_turns)

    @invariant()
    def positions_never_collide(self) -> None:
        assert self.script.record is not None
        positions = [turn.position for turn in self.transcript.turns]
        assert positions == sorted(set(positions))
        assert all(draft.position >= 7 for draft in self.script.drafts.values())
        past = [item.position for item in self.transcript.past]
        assert past == sorted(set(past))

    @invariant()
    def history_holds_nothing_of_the_open_turns(self) -> None:
        if (turn := self.transcript.turn) is not None:
            assert all(item.position < turn.position for item in self.transcript.history())

    def teardown(self) -> None:
        while self.transcript.turns:
            self.transcript.close_turn("failed", self.script.now())
        self.script.write()
        assert all(draft.status != "pending" for draft in self.script.drafts.values())
        # A conversation that went wrong still takes the next turn.
        self.transcript.upstream_changed()
        self.script.typed("and now")
        self.script.says(text("an answer"), END)
        assert [row[2:] for row in self.script.record[-2:]] == [("and now", "complete"), ("an answer", "complete")]
        assert not self.transcript.turns


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = quickly(60)
