"""Coming back to a conversation: what went on meanwhile, and what was left unsaid."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from conversations.models import Message, Session
from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_reading import record
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def watched(edge: Edge, complaints: Complaints) -> None:
    """Every test here has the played socket and fails on complaints of the browser."""


def test_an_answer_that_is_still_given_grows_as_it_does_on_record(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "a story?"), ("model", ""), status="pending", transport="", model="")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    status, log, answer = page.locator("#status"), page.get_by_role("log"), page.locator("article").last
    expect(status).to_have_text("This answer is still being given.")
    expect(answer).to_have_class("awaited")
    expect(log).to_have_attribute("aria-busy", "true")
    Message.objects.filter(position=2).update(text="Once upon", transport="websocket")
    expect(answer).to_contain_text("Once upon")
    page.get_by_role("textbox", name="Message").press_sequentially("hm")
    assert edge.connections == [], "one of this page's own would cut it off"
    Message.objects.filter(position=2).update(text="Once upon a time.", status="complete")
    expect(answer).to_contain_text("Once upon a time.")
    expect(answer).to_have_attribute("data-status", "complete")
    expect(log).to_have_attribute("aria-busy", "false")
    expect(status).to_have_text("Connects when you start typing.")
    page.get_by_role("textbox", name="Message").press_sequentially("m")
    edge.wait_for_connection(1)


def test_what_was_said_elsewhere_since_is_read_with_the_first_connection(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "Hello"), ("model", "Hi"))
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    articles = page.get_by_role("log").get_by_role("article")
    expect(articles).to_have_count(2)
    session = Session.objects.get()
    said = {"conversation": talk, "session": session, "created_at": timezone.now(), "status": "complete"}
    Message.objects.create(position=3, role="user", text="from the phone", **said)
    Message.objects.create(position=4, role="model", text="to the phone", transport="rest", **said)
    page.get_by_role("textbox", name="Message").press_sequentially("x")
    edge.wait_for_connection(1)
    expect(articles).to_have_count(4)
    expect(articles.last).to_contain_text("to the phone")


def test_what_is_written_outlives_the_page(
    page: Page, live_server: Any, signed_in: Any, edge: Edge, django_user_model: Any
) -> None:
    talk = record(signed_in, ("user", "Hello"), ("model", "Hi"))
    other = record(signed_in, ("user", "Else"), title="Dogs")
    box = page.get_by_role("textbox", name="Message")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    box.fill("half a thought")
    page.get_by_role("link", name="Dogs").click()
    expect(page.get_by_role("heading", name="Dogs")).to_be_visible()
    expect(box).to_have_value("")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    expect(box).to_have_value("half a thought")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.wait_for_timeout(100)
    assert len(edge.connections) == 1, "what the page puts there is no intent to talk"
    page.get_by_role("button", name="Send").click()
    edge.wait_for_typed().answer("A whole one.")
    page.reload()
    expect(page.get_by_role("heading", name="Cats")).to_be_visible()
    expect(box).to_have_value("")
    box.fill("a secret")
    bob = django_user_model(username="bob")
    bob.set_unusable_password()
    bob.save()
    other.owner = talk.owner = bob
    talk.save()
    client = Client()
    client.force_login(bob)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    expect(page.get_by_role("heading", name="Cats")).to_be_visible()
    expect(box).to_have_value("")


def test_an_old_conversation_far_down_the_list_keeps_its_title(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    old = record(signed_in, ("user", "Hello"), ("model", "Hi"), title="Of old", days_ago=90)
    for number in range(51):
        record(signed_in, title=f"Talk {number}")
    page.goto(f"{live_server.url}/c/{old.pk}/")
    expect(page.locator("nav li")).to_have_count(50)
    send(page, "thanks")
    edge.wait_for_typed().answer("You are welcome.")
    expect(page.locator("nav [aria-current=page]")).to_have_text("Of old")
    expect(page.get_by_role("heading", name="Of old")).to_be_visible()
    expect(page).to_have_title("Of old · Live Proxy")


def test_a_message_cuts_off_an_answer_that_is_still_given(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "a story?"), ("model", "Once"), status="pending")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    expect(page.locator("#status")).to_have_text("This answer is still being given.")
    Message.objects.filter(position=2).update(status="interrupted")  # as the service does for whoever takes over
    send(page, "something else")
    edge.wait_for_typed().answer("Else.")
    answers = page.locator("article[data-role=model]")
    expect(answers).to_have_count(2)
    expect(answers.first).to_have_attribute("data-status", "interrupted")
    expect(answers.last).to_contain_text("Else.")
    expect(page.locator(".awaited")).to_have_count(0)
