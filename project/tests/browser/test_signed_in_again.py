"""A page that was open while its person signed in again in another tab."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect

from conversations.models import Conversation
from conversations.tests.factories import conversation, message, session
from project.tests.browser.conftest import Complaints

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a sentence of hers"


@pytest.fixture
def bread(signed_in: Any) -> Conversation:
    made = conversation(signed_in, title="Bread")
    message(session(made), 1, text="How long does it rise?")
    return made


def sign_in_again(page: Page, url: str, person: Any) -> None:
    """In another tab, since the first sign-in has ended."""
    person.set_password(PASSWORD)
    person.save()
    page.context.clear_cookies(name=django_settings.SESSION_COOKIE_NAME)
    tab = page.context.new_page()
    tab.goto(f"{url}/accounts/login/")
    tab.get_by_label("Username").fill(person.username)
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("textbox", name="Message")).to_be_visible()
    tab.close()


def test_what_is_changed_in_the_first_tab_is_taken(
    page: Page, live_server: Any, signed_in: Any, bread: Conversation, complaints: Complaints
) -> None:
    page.goto(f"{live_server.url}/")
    sign_in_again(page, live_server.url, signed_in)
    item = page.get_by_role("navigation").get_by_role("listitem").filter(has_text="Bread")
    item.hover()
    item.get_by_role("button", name="More for Bread").click()
    page.get_by_role("menuitem", name="Pin").click()
    expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
    bread.refresh_from_db()
    assert bread.pinned_at is not None
