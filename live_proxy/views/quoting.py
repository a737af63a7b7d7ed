"""What somebody said, as a Markdown quote that it cannot leave. Pure.

Nothing here depends on reading Markdown as a viewer does: what is taken for code is fenced anew, by a fence that
does not occur in it; all the rest is text in which nothing is left that is raw HTML, a heading, a picture, or a
definition that would act on the whole document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*$)|~{3,})[ \t]*([\w+#.-]{0,30})")
# A tag begins with "<" and one of these. "]:" ends the label of a definition: of a link, a footnote, an abbreviation.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\]:|!\[")
_HARMLESS = {"<": "&lt;", "]:": r"]\:", "![": r"!\["}
# What may stand before a heading: quotes, points of a list, definitions, and spaces.
_HEADING = re.compile(r"[ \t>*+\-:~.)\d]*+(?=#)")
_UNDERLINE = re.compile(r"([ \t>]*+)(?:=++|-++)[ \t]*+$")
_PLAIN = str.maketrans({char: f"\\{char}" for char in r"\`*_{}[]#|~"} | {"<": "&lt;", "&": "&amp;"})


def quoted(text: str) -> Iterator[str]:
    """The lines of the quote, each with its end."""
    indent = fence = language = ""
    after_blank = True
    code: list[str] = []
    for line in text.splitlines():
        if fence:
            if _closes(line, fence):
                yield from _fenced(code, language)
                fence, code = "", []
                after_blank = True
            else:
                code.append(line.removeprefix(indent))
        elif found := _FENCE.match(line):
            indent, fence, language = found.groups()
        else:
            yield _line(_harmless(line, after_blank=after_blank))
            after_blank = not line.strip(" \t")
    if fence:
        yield from _fenced(code, language)


def plain(text: str) -> str:
    """`text` in one line, without what Markdown takes for markup."""
    return " ".join(text.split()).translate(_PLAIN)


def fenced(text: str, language: str) -> Iterator[str]:
    """`text` as code within the quote."""
    return _fenced(text.splitlines(), language)


def _closes(line: str, fence: str) -> bool:
    mark = line.strip(" \t")
    return len(mark) >= len(fence) and not mark.strip(fence[0])


def _fenced(lines: list[str], language: str) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f">\n> {fence}{language}\n"
    yield from map(_line, lines)
    yield f"> {fence}\n>\n"


def _line(text: str) -> str:
    return f"> {text}\n" if text else ">\n"


def _harmless(line: str, *, after_blank: bool) -> str:
    if (found := _UNDERLINE.match(line)) and not (after_blank and not found[1].strip()):
        # Below a line of text it would make a heading of that. Below an empty one it is a rule, or a text.
        return f"{found[1]}\\{line[found.end(1) :]}"
    line = _MARKUP.sub(lambda markup: _HARMLESS[markup[0]], line)
    if found := _HEADING.match(line):
        line = f"{line[: found.end()]}\\{line[found.end() :]}"
    return line
