"""The pages of docs/ that help with a failure, as this service's own: errors lead to them. No sign-in is needed."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = Path(__file__).resolve().parents[2] / "docs"
# Page → its title in the menu. "" is the page that errors lead to.
PAGES = {
    "": "Troubleshooting",
    "google-cloud": "Google Cloud",
    "settings": "Settings",
    "sdk": "Google's SDKs",
    "operations": "Operations",
}
_FILES = {page: f"{page or 'troubleshooting'}.md" for page in PAGES}
_ADDRESSES = {file: f"/help/{page}/" if page else "/help/" for page, file in _FILES.items()}
_ELSEWHERE = re.compile(r"[a-z]+:", re.I)


@require_safe
def help_page(request: HttpRequest, page: str = "") -> HttpResponse:
    if page not in PAGES:
        raise Http404
    path = DOCS / _FILES[page]
    try:
        body = _rendered(path, path.stat().st_mtime_ns)
    except OSError:
        raise Http404("docs/ is not installed beside the service") from None
    menu = [(_ADDRESSES[_FILES[name]], title, name == page) for name, title in PAGES.items()]
    return render(request, "live_proxy/help.html", {"body": body, "menu": menu, "title": PAGES[page]})


@lru_cache(maxsize=len(PAGES))
def _rendered(path: Path, changed: int) -> SafeString:
    """The page's HTML. `changed` only tells versions of the file apart."""
    # No HTML of the file's own gets through, so what comes out is the renderer's.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(path.read_text(encoding="utf-8"))
    taken: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(tokens[at + 1].content, taken))
        for link in token.children or []:
            if link.type == "link_open":
                _lead(link)
    html = markdown.renderer.render(tokens, markdown.options, {})
    # What scrolls must be reached by keyboard; text cannot hold a tag here, so only the renderer's own are meant.
    return SafeString(html.replace("<pre>", '<pre tabindex="0">'))


def _anchor(title: str, taken: dict[str, int]) -> str:
    """As code hosts make them, so that links work in both places."""
    plain = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()).strip().replace(" ", "-")
    count = taken[plain] = taken.get(plain, -1) + 1
    return f"{plain}-{count}" if count else plain


def _lead(link: Token) -> None:
    """Links between the files lead between the pages; those to what is not served lead nowhere."""
    target = str(link.attrGet("href") or "")
    file, mark, anchor = target.partition("#")
    if not file or _ELSEWHERE.match(target):
        return
    if address := _ADDRESSES.get(file.removeprefix("./")):
        link.attrSet("href", address + mark + anchor)
    else:
        del link.attrs["href"]
