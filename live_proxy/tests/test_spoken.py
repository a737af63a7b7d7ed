"""What is kept of the last thing that was said."""

from __future__ import annotations

from live_proxy.protocol.frames import Frame
from live_proxy.session.spoken import MAX_BYTES, MAX_SECONDS, RECENT, Spoken


def sound(length: int) -> Frame:
    return Frame.from_client('{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"' + "A" * length + '"}}}')


def test_the_oldest_make_place() -> None:
    spoken = Spoken(marked=False)
    for second in range(4):
        spoken.add(sound(MAX_BYTES // 3), float(second))
    assert len(spoken.frames()) == 2 + 1
    spoken.add(sound(4), 3.0 + MAX_SECONDS)
    assert len(spoken.frames()) == 2 + 1, "what is a minute old is gone"


def test_one_piece_that_is_more_than_is_kept_is_not_kept() -> None:
    spoken = Spoken(marked=False)
    spoken.add(sound(MAX_BYTES), 0.0)
    assert not spoken
    spoken.add(sound(4), 1.0)
    assert spoken


def test_it_goes_on_until_the_client_ends_it_or_falls_silent() -> None:
    spoken = Spoken(marked=False)
    assert not spoken.goes_on(0.0)
    spoken.add(sound(4), 0.0)
    assert spoken.goes_on(0.0)
    assert not spoken.goes_on(RECENT)
    spoken.end()
    assert not spoken.goes_on(0.0)
    spoken.add(sound(4), 0.5)
    assert spoken.goes_on(RECENT)


def test_where_the_client_marks_speech_its_marks_count() -> None:
    spoken = Spoken(marked=True)
    spoken.add(sound(4), 0.0)
    assert not spoken.goes_on(0.0)
