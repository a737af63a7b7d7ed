"""What a search looks for, and where that stands in a text. Pure. The indexes of migration 0003 cut texts by the same
rules; what is found by which words is a table in the tests, for both databases.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_QUERY = 200
LONGEST_TEXT = 100_000
MOST_WORDS = 12
SHORTEST_BEGINNING = 2
BEFORE, AFTER = 60, 120

# Writing that puts no spaces between words: Thai, Lao, Burmese, Khmer, Chinese, Japanese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]"
)
# One syllable of Korean says as much as two letters.
_SYLLABLE = re.compile("[\uac00-\ud7a3]")
_ACCENTS = "\u0300-\u036f"
# Latin letters without their accents, one for one.
_PLAIN = {
    code: plain
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if (plain := unicodedata.normalize("NFD", chr(code))[0]).isascii()
}
# Letters of India that Unicode always takes apart, though people and programs store them whole.
_WHOLE = {
    apart: chr(code)
    for code in (*range(0x958, 0x960), 0x9DC, 0x9DD, 0x9DF, 0xA33, 0xA36, *range(0xA59, 0xA5F), 0xB5C, 0xB5D)
    if len(apart := unicodedata.normalize("NFD", chr(code))) == 2
}


@dataclass(frozen=True, slots=True)
class Asked:
    """All of it must occur: `words`, of which the last may be the beginning of one where `begun`, and `inside`, what is
    written without spaces, anywhere."""

    words: list[str]
    begun: bool
    inside: list[str]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a snippet; `match` where it is one of the words that were looked for."""

    text: str
    match: bool


def asked(query: str) -> Asked:
    """What somebody who typed `query` looks for. Nothing in it is syntax."""
    text = unicodedata.normalize("NFC", query[:LONGEST_QUERY])
    parts = "".join(one if _of_word(one) else " " for one in text).split()
    parts = [part for part in parts if any(unicodedata.category(one)[0] != "M" for one in part)][:MOST_WORDS]
    words = [part for part in parts if not _UNSPACED.search(part)]
    last = words[-1] if words else ""
    begun = words[-1:] == parts[-1:] and (len(last) >= SHORTEST_BEGINNING or bool(_SYLLABLE.search(last)))
    return Asked(words, begun, [part for part in parts if _UNSPACED.search(part)])


def spellings(word: str) -> list[str]:
    """The ways in which `word` may be stored, for an index that compares as it is stored."""
    whole = word
    for apart, one in _WHOLE.items():
        whole = whole.replace(apart, one)
    return [word] if whole == word else [word, whole]


def snippet(text: str, what: Asked) -> list[Piece]:
    """About 180 characters around the first of what was asked in `text`."""
    found = _places(text, what)
    start = max(0, (found[0][0] if found else 0) - BEFORE)
    end = start + BEFORE + AFTER
    pieces = [Piece("…", False)] if start else []
    at = start
    for low, high in found:
        if low >= end:
            break
        if low > at:
            pieces.append(Piece(text[at:low], False))
        pieces.append(Piece(text[low : min(high, end)], True))
        at = high
    if at < min(end, len(text)):
        pieces.append(Piece(text[at:end], False))
    return [*pieces, Piece("…", False)] if end < len(text) else pieces


def _places(text: str, what: Asked) -> list[tuple[int, int]]:
    """Where in `text` something of it stands, from the first place on and no further than a snippet reaches."""
    whole = what.words[:-1] if what.begun else what.words
    ways = [_pattern(word) + r"(?!\w)" for word in whole] + [_pattern(word) for word in what.words[len(whole) :]]
    if what.inside:
        ways.insert(0, f"(?P<inside>{'|'.join(map(_pattern, what.inside))})")
    found: list[tuple[int, int]] = []
    if not ways:
        return found
    for match in re.finditer("|".join(ways), text.translate(_PLAIN), re.IGNORECASE):
        low, high = match.span()
        if found and low >= found[0][0] + BEFORE + AFTER:
            break
        # A word begins where no letter, digit or mark is before it; `\b` knows no marks.
        if what.inside and match["inside"] or not low or not _of_word(text[low - 1]):
            found.append((low, high))
    return found


def _pattern(word: str) -> str:
    ways = [re.sub("([A-Za-z])", rf"\1[{_ACCENTS}]*", one.translate(_PLAIN)) for one in spellings(word)]
    return f"(?:{'|'.join(ways)})"


def _of_word(one: str) -> bool:
    category = unicodedata.category(one)
    return category[0] in "LNM" or category == "Co"
