"""A thread of two thousand messages, and how much script a first visit fetches."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

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
