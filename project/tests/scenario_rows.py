"""What can come of a scenario of the simulator when both platforms and all transports meet it: the shapes of the table.

Candidates, in the ladder's order: wA and wB are WebSockets to two Live models on Vertex AI, wD to the second of them on
the Developer API; sV and sD the SDK, rV and rD plain requests, each on both platforms.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

DIES = ("session_idle_close",)
TWO = "complete websocket, complete websocket"
NO_LIVE = "wA endpoint_not_found: skip endpoint, wD endpoint_not_found: skip endpoint, "


@dataclass(frozen=True, slots=True)
class Row:
    """`tried`: each attempt, with the kind and the verdict where it failed; `saw`: what the client got, in order;
    `kept`: the status and transport of each answer on record. `*` stands for anything where an order is a matter of
    chance."""

    tried: str
    saw: str
    kept: str
    waits: int = 0
    """Silences that have to last for the whole deadline."""
    set_ups: int = 0
    """The same for set-ups."""
    again: bool = False
    """A second question follows; with `dies` once the first connection is gone."""
    dies: bool = False
    first: tuple[str, ...] = ()
    """Scenarios of the first connections, before the row's own."""
    spoken: bool = False
    interrupt: bool = False
    """A second message interrupts the answer to the first."""

    def differs(self, tried: str, saw: str, kept: str) -> list[str]:
        """What was observed and is not as it should be."""
        observed = {"tried": tried, "saw": saw, "kept": kept}
        return [
            f"{name}: {found!r} instead of {getattr(self, name)!r}"
            for name, found in observed.items()
            if not fnmatchcase(found, getattr(self, name))
        ]


def every(failure: str, set_ups: int = 0) -> Row:
    """Each Live candidate fails once; a request is answered."""
    return Row(f"wA {failure}, wB {failure}, wD {failure}, sV", "sdk: answer", "complete sdk", set_ups=set_ups)


def retried(failure: str) -> Row:
    """Each Live candidate fails, and is tried again as long as the climb has retries."""
    return Row(f"wA {failure} x2, wB {failure} x2, wD {failure}, sV", "sdk: answer", "complete sdk")


def mended(failure: str) -> Row:
    """Each Live candidate is tried again with a mended set-up."""
    return Row(f"wA {failure} x2, wB {failure} x2, wD {failure} x2, sV", "sdk: answer", "complete sdk")


def hosts(failure: str) -> Row:
    """One failure speaks of all models of a host."""
    return Row(f"wA {failure}, wD {failure}, sV", "sdk: answer", "complete sdk")


def platforms(failure: str) -> Row:
    """One failure rules a platform out, on every transport."""
    return Row(f"wA {failure}, wD {failure}", f"error({kind(failure)})", "failed")


def platforms_dying(failure: str) -> Row:
    """The same, after set-ups that were complete."""
    return Row(f"wA {failure}, wD {failure}", f"websocket: error({kind(failure)})", "failed websocket")


def dying(failure: str) -> Row:
    """Live candidates are set up and lost, question and all, until the next rung answers."""
    return Row(f"wA {failure}, wB {failure}*, sV", "websocket: sdk: answer", "complete sdk")


def cut_off(tried: str, waits: int = 0) -> Row:
    """A part of the answer was heard: it is never served twice."""
    return Row(tried, "websocket: text interrupted turnComplete", "interrupted websocket", waits)


def request_cut_off(tried: str, waits: int = 0) -> Row:
    return Row(NO_LIVE + tried, "sdk: text interrupted turnComplete", "interrupted sdk", waits)


def requests(failure: str, *, opened: bool = False, set_ups: int = 0) -> Row:
    """No Live socket, and each request fails; `opened` where it fails at the question and not at a probe."""
    kinds = ", ".join(sorted({"endpoint_not_found", kind(failure)}))
    seen = ("sdk: rest: ", " rest") if opened else ("", "")
    tried = f"{NO_LIVE}sV {failure}, sD {failure}, rV {failure}, rD {failure}"
    return Row(tried, f"{seen[0]}error({kinds})", f"failed{seen[1]}", set_ups=set_ups)


def requests_retried(failure: str) -> Row:
    tried = f"{NO_LIVE}sV {failure} x2, sD {failure} x2, rV {failure}, rD {failure}"
    return Row(tried, f"error(endpoint_not_found, {kind(failure)})", "failed")


def request_platforms(failure: str) -> Row:
    kinds = ", ".join(sorted({"endpoint_not_found", kind(failure)}))
    return Row(f"{NO_LIVE}sV {failure}, sD {failure}", f"error({kinds})", "failed")


def renewed(tried: str, first: tuple[str, ...] = ()) -> Row:
    """The first connection ends between two turns; the second turn is served as if nothing had happened."""
    return Row(tried, "websocket: answer / websocket: answer", TWO, first=first, again=True, dies=True)


def kind(failure: str) -> str:
    return failure.partition(":")[0]


FINE = Row("wA", "websocket: answer", "complete websocket")
GIVEN_UP = Row("wA invalid_argument: give_up", "error(invalid_argument)", "failed")
GIVEN_UP_LATE = Row("wA invalid_argument: give_up*", "websocket: error(invalid_argument)", "failed websocket")


def everything(failures: str, saw: str, kept: str) -> Row:
    """Each candidate of each transport fails. `failures` for the WebSockets, then for the rest, in two parts."""
    above, below = failures.split(" then ")
    return Row(f"{above}, sV {below}, sD {below}, rV {below}, rD {below}", saw, kept)
