"""When upstream's silence is a failure. Pure: the caller brings the time, in monotonic seconds."""

from __future__ import annotations

from live_proxy.errors import ErrorKind


class Silence:
    """Armed by the end of a person's input or by the first output, never while a person may still be talking."""

    def __init__(self, *, first_output: float, stall: float) -> None:
        self._first_output = first_output
        self._stall = stall
        self._kind = ErrorKind.NO_OUTPUT
        self._due: float | None = None

    def input_ended(self, now: float) -> None:
        self._kind, self._due = ErrorKind.NO_OUTPUT, now + self._first_output

    def still_thinking(self, now: float) -> None:
        """A thought, or a promise that more will come: wait as long again."""
        if self._due is not None:
            self._due = now + (self._first_output if self._kind is ErrorKind.NO_OUTPUT else self._stall)

    def output(self, now: float) -> None:
        self._kind, self._due = ErrorKind.STALL, now + self._stall

    def off(self) -> None:
        """The turn is over, or it is the client's turn to act."""
        self._due = None

    def broken(self, now: float) -> ErrorKind | None:
        """What the silence has become by `now`, once."""
        if self._due is None or now < self._due:
            return None
        self._due = None
        return self._kind
