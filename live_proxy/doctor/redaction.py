"""Takes secrets out of whatever is shown: those that are known, and those that can be told by their looks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "[redacted]"
SHORTEST = 6  # a shorter "secret" would blot out ordinary words
_LOOKS: tuple[re.Pattern[str], ...] = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
    re.compile(r"\bya29\.[\w.~+/=-]+"),
    re.compile(r"\bAIza[\w-]{10,}"),
    re.compile(r"\bAQ\.[\w-]{10,}"),
    re.compile(r"\bauth_tokens/[\w.-]+"),
    re.compile(r"\blp_[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b1//[\w-]{20,}"),  # refresh tokens
    re.compile(r"\bGOCSPX-[\w-]{10,}"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),  # JSON web tokens
    re.compile(r"(?<=[?&]key=)[^&\s\"']+"),
    re.compile(r"(?<=[?&]access_token=)[^&\s\"']+"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user and password of a URL
)


class Redactor:
    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """More secrets; the longest is taken out first, since one may contain another."""
        known = {*self._known, *(secret for secret in secrets if len(secret) >= SHORTEST)}
        self._known = sorted(known, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        for look in _LOOKS:
            text = look.sub(HIDDEN, text)
        # What came from elsewhere must not steer a terminal.
        return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)

    def value(self, value: Any) -> Any:
        """The same for every text within a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value
