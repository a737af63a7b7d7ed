"""Server-sent events out of bytes, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.protocol.sse import EventReader, EventTooBig

STREAM = b'data: {"a": 1}\r\n\r\n: comment\nevent: x\ndata: one\ndata:two\n\ndata: last'
PAYLOADS = [b'{"a": 1}', b"one\ntwo"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_every_cut_gives_the_same_payloads(cuts: list[int]) -> None:
    reader, found, at = EventReader(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        found += reader.feed(STREAM[at:cut])
        at = cut
    assert found == PAYLOADS
    assert reader.end() == b"last"
    assert reader.end() is None


def test_an_event_without_end_is_refused() -> None:
    reader = EventReader(max_event=1000)
    with pytest.raises(EventTooBig):
        for _ in range(100):
            reader.feed(b"data: " + b"x" * 30 + b"\n")
    with pytest.raises(EventTooBig):
        EventReader(max_event=1000).feed(b"x" * 1001)
