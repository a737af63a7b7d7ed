"""The last thing that was said, kept for the case that upstream is lost before it answers."""

from __future__ import annotations

from collections import deque

from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame

MAX_BYTES = 2 * 1024 * 1024
MAX_SECONDS = 60.0
RECENT = 1.0
SOUND = '"audio"'
SOUND_BYTES = SOUND.encode()
HEAD = 40  # characters within which a frame of sound says what it is

START: JsonObject = {"realtimeInput": {"activityStart": {}}}
END: JsonObject = {"realtimeInput": {"activityEnd": {}}}
STREAM_END: JsonObject = {"realtimeInput": {"audioStreamEnd": True}}


class Spoken:
    """The newest sound frames since the last turn, at most a minute and 2 MiB of them. `marked`: the client says
    itself when somebody speaks."""

    def __init__(self, *, marked: bool) -> None:
        self._marked = marked
        self._frames: deque[tuple[float, Frame]] = deque()
        self._bytes = 0
        self._ended = False

    def __bool__(self) -> bool:
        return bool(self._frames)

    def add(self, frame: Frame, now: float) -> None:
        data = frame.data
        at = data.find(SOUND, 0, HEAD) if isinstance(data, str) else data.find(SOUND_BYTES, 0, HEAD)
        if at < 0:
            return  # a picture
        self._ended = False
        frames = self._frames
        frames.append((now, frame))
        self._bytes += len(data)
        while frames and (self._bytes > MAX_BYTES or now - frames[0][0] > MAX_SECONDS):
            self._bytes -= len(frames.popleft()[1].data)

    def clear(self) -> None:
        if self._frames:
            self._frames.clear()
            self._bytes = 0

    def end(self) -> None:
        """The client has said that no more sound comes."""
        self._ended = True

    def goes_on(self, now: float) -> bool:
        """Whether sound still comes, of which upstream and not the client says where speech ends."""
        coming = bool(self._frames) and now - self._frames[-1][0] < RECENT
        return coming and not self._ended and not self._marked

    def frames(self, *, ended: bool = True) -> list[Frame]:
        """What a new upstream must hear to answer: the sound, and that it has `ended`. Where it goes on, so will the
        client, which says itself when it ends or leaves that to upstream."""
        sound = [frame for _, frame in self._frames]
        if self._marked:
            return [Frame.of(START), *sound, *([Frame.of(END)] if ended else [])]
        return [*sound, *([Frame.of(STREAM_END)] if ended else [])]
