"""The help pages, and that every failure leads to a section that is there."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from live_proxy.errors import ErrorKind
from live_proxy.help_links import help_path, with_help
from live_proxy.protocol.reasons import MAX_REASON
from live_proxy.views.help import PAGES

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
SENTENCE = (
    "No answer: the Live models are not available to this project (all 4 attempts failed). Try again in a moment."
)


class Page(HTMLParser):
    """The ids and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if identity := found.get("id"):
            assert identity not in self.ids, "an id stands twice"
            self.ids.add(identity)
        if tag == "a" and (link := found.get("href")):
            self.links.append(link)


def pages() -> dict[str, Page]:
    client = Client()
    found = {}
    for name in PAGES:
        address = f"/help/{name}/" if name else "/help/"
        response = client.get(address)
        assert response.status_code == 200
        assert "script-src 'self'" in response["Content-Security-Policy"]
        found[address] = Page(response.content.decode())
    return found


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_each_kind_has_a_section_that_says_the_three_things(kind: ErrorKind) -> None:
    found = re.search(rf"^## {kind}\n(.*?)(?=^## |\Z)", TEXT, re.S | re.M)
    assert found, f"docs/troubleshooting.md has no section {kind}"
    for lead in ("**What it means.**", "**What to do.**", "**How the ladder treats it.**"):
        assert lead in found[1]


def test_no_section_is_of_a_kind_that_is_gone() -> None:
    sections = set(re.findall(r"^## ([a-z_]+)$", TEXT, re.M))
    assert sections == {str(kind) for kind in ErrorKind}


def test_every_kind_can_be_led_to() -> None:
    ids = pages()["/help/"].ids
    assert {str(kind) for kind in ErrorKind} <= ids


def test_links_between_the_pages_lead_somewhere() -> None:
    found = pages()
    for address, page in found.items():
        for link in page.links:
            path, _, anchor = link.partition("#")
            if path.startswith(("http", "/static", "mailto")) or path == "/":
                continue
            target = found[path or address]
            assert not anchor or anchor in target.ids, f"{address} links to {link}"


def test_links_that_the_doctor_gives_lead_somewhere() -> None:
    found = pages()
    addresses = {"docs/troubleshooting.md": "/help/"} | {f"docs/{name}.md": f"/help/{name}/" for name in PAGES if name}
    doctor = Path(__file__).resolve().parents[1] / "doctor"
    named = set()
    for path in doctor.glob("*.py"):
        text = (
            path.read_text()
            .replace("{HELP}", "docs/troubleshooting.md")
            .replace("{GOOGLE_CLOUD}", "docs/google-cloud.md")
        )
        named |= set(re.findall(r"(docs/[\w-]+\.md)(#[\w-]+)?", text))
    assert len(named) > 5
    for file, anchor in named:
        assert not anchor or anchor[1:] in found[addresses[file]].ids, f"{file}{anchor}"


def test_a_page_that_is_not_there() -> None:
    assert Client().get("/help/adr/").status_code == 404
    assert Client().get("/help/..%2f..%2fREADME/").status_code == 404
    assert Client().post("/help/").status_code == 405


@pytest.mark.parametrize("base", ["", "https://g.example", "https://a-very-long-name.of-a-gateway.example.com:8443"])
@pytest.mark.parametrize("kind", list(ErrorKind))
def test_a_close_has_room_for_the_link(base: str, kind: ErrorKind) -> None:
    told = with_help(SENTENCE, kind, base)
    assert len(told.encode()) <= MAX_REASON
    assert told.endswith(help_path(kind))
    assert told.startswith("No answer: the Live models are not available to this project")


def test_a_short_sentence_keeps_all_its_words() -> None:
    told = with_help("No answer: it broke (1 attempt failed). Try again.", ErrorKind.NETWORK, "https://g.example")
    assert told == "No answer: it broke (1 attempt failed). Try again. See https://g.example/help/#network"
