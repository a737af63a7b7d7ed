"""A thread of two thousand messages, and how much script a first visit fetches."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from conversations.models import Message
from conversations.tests.factories import NOW, SECOND, conversation, session
from project.tests.browser.conftest import Complaints

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "Answer {nth} has **strong** words, `code`, and a list:\n\n- one\n- two\n\n> quoted\n\nAnd a second paragraph."


@pytest.fixture
def long_thread(signed_in: Any) -> Any:
    one = conversation(signed_in, title="Long")
    visit = session(one)
    Message.objects.bulk_create(
        Message(
            conversation=one,
            session=visit,
            position=nth,
            role="user" if nth % 2 else "model",
            text=f"Question {nth}?" if nth % 2 else ANSWER.format(nth=nth),
            status="complete",
            transport="" if nth % 2 else "websocket",
            model="" if nth % 2 else "gemini-live-2.5-flash",
            created_at=NOW + nth * SECOND,
        )
        for nth in range(1, 2001)
    )
    return one


def test_a_long_thread_opens_at_its_end_and_is_all_there(
    page: Page, live_server: Any, long_thread: Any, complaints: Complaints
) -> None:
    page.goto(f"{live_server.url}/c/{long_thread.pk}/")
    expect(page.locator("article")).to_have_count(2000, timeout=15_000)
    expect(page.locator("article").last).to_be_in_viewport()
    # Find-in-page sees what is not drawn yet.
    assert page.evaluate("window.find('Question 3?')")
    skipped = "getComputedStyle(document.querySelector('article')).contentVisibility"
    assert page.evaluate(skipped) == "auto"


def test_what_was_said_last_is_there_before_the_rest(
    page: Page, live_server: Any, long_thread: Any, complaints: Complaints
) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(re.compile(r"/messages/\?before=\d{1,4}&"), hold_the_first)
    page.goto(f"{live_server.url}/c/{long_thread.pk}/")
    last = page.locator("article").last
    expect(last).to_contain_text("Answer 2000 has strong words")
    expect(last).to_be_in_viewport()
    expect(page.locator("article")).to_have_count(40)
    held[0].continue_()
    expect(page.locator("article")).to_have_count(2000, timeout=15_000)
    expect(page.locator("article").first).to_contain_text("Question 1?")
    expect(last).to_be_in_viewport()
    positions = page.locator("article .text").evaluate_all(
        "(all) => all.map((one) => parseInt(/\\d+/.exec(one.textContent)[0]))"
    )
    assert positions == list(range(1, 2001))


def test_a_first_visit_fetches_little_script(page: Page, live_server: Any, signed_in: Any) -> None:
    """Compressed, as WhiteNoise serves it."""
    fetched: list[str] = []
    page.on("response", lambda response: fetched.append(response.url) if response.url.endswith(".js") else None)
    page.goto(f"{live_server.url}/")
    expect(page.get_by_role("button", name="Start voice")).to_be_enabled()
    folder = Path(settings.BASE_DIR) / "live_proxy/static"
    names = {re.sub(r"^.*/static/", "", url) for url in fetched}
    size = sum(len(gzip.compress((folder / name).read_bytes())) for name in names)
    assert len(names) > 40
    assert size < 150 * 1024, f"{size / 1024:.0f} KiB"
