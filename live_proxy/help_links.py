"""Where the help about a kind of failure stands, and how a sentence leads there. Pure."""

from __future__ import annotations

from live_proxy.errors import ErrorKind
from live_proxy.protocol.reasons import MAX_REASON

HELP_PATH = "/help/"


def help_path(kind: ErrorKind | str) -> str:
    """The path of the section about a kind, on this service."""
    return f"{HELP_PATH}#{kind}"


def with_help(sentence: str, kind: ErrorKind | str, base: str = "", *, room: int = MAX_REASON) -> str:
    """The sentence and where to read on, within `room` bytes: sentences give way to the link, and so does `base`, the
    service's own address, where there is no room for it."""
    for link in dict.fromkeys((base + help_path(kind), help_path(kind))):
        for kept in _shorter(sentence):
            if len((told := f"{kept} See {link}").encode()) <= room:
                return told
    return sentence


def _shorter(sentence: str) -> list[str]:
    """The sentence itself, then without its last parts: advice and figures go before the reason does."""
    forms = [sentence]
    while ". " in forms[-1]:
        forms.append(forms[-1].rpartition(". ")[0] + ".")
    before, bracket, _ = forms[-1].rpartition(" (")
    return [*forms, f"{before}."] if bracket else forms
