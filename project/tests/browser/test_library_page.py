"""The sidebar as a library: find, rename, pin, delete and take back, download. And two people who share nothing."""

import json
import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from conversations.models import Conversation
from conversations.tests.factories import NOW, SECOND, charlie, conversation, message, session
from project.tests.browser.conftest import Complaints, Edge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talks(signed_in: Any) -> list[Conversation]:
    made = []
    for nth, title in enumerate(("Weather in Bergen", "Trains to Oslo", "Bread")):
        one = conversation(signed_in, title=title, updated_at=NOW + nth * SECOND)
        message(session(one), 1, text=f"Tell me about {title.lower()}, please.")
        message(session(one), 2, text=f"Here is **all** about {title.lower()}: umbrella number {nth}.")
        made.append(one)
    return made


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, talks: list[Conversation], complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")


def titles(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Your conversations").get_by_role("link").all_inner_texts()


def menu(page: Page, title: str, choice: str) -> None:
    item = page.get_by_role("navigation").get_by_role("listitem").filter(has_text=title)
    item.hover()
    item.get_by_role("button", name=f"More for {title}").click()
    page.get_by_role("menuitem", name=choice).click()


def test_renaming(page: Page) -> None:
    menu(page, "Bread", "Rename")
    field = page.get_by_role("textbox", name="Title")
    expect(field).to_be_focused()
    field.fill("Sourdough <b>")
    field.press("Enter")
    expect(page.get_by_role("link", name="Sourdough <b>")).to_be_visible()
    assert Conversation.objects.filter(title="Sourdough <b>").exists()
    menu(page, "Sourdough <b>", "Rename")
    field.fill("never")
    field.press("Escape")
    expect(page.get_by_role("link", name="Sourdough <b>")).to_be_focused()


@pytest.mark.parametrize("title", ["Sourdough", "Bread"])
def test_who_goes_on_writing_while_a_title_is_kept_is_left_there(page: Page, edge: Edge, title: str) -> None:
    page.reload()
    waiting: list[Route] = []
    page.route("**/api/conversations/*/", lambda route: waiting.append(route))
    menu(page, "Bread", "Rename")
    page.get_by_role("textbox", name="Title").fill(title)
    box = page.get_by_role("textbox", name="Message")
    box.click()
    expect(box).to_be_focused()
    edge.wait_until(lambda: len(waiting) == (title != "Bread"), "the new title on its way")
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("link", name=title)).to_be_visible()
    expect(box).to_be_focused()
    box.press_sequentially("a b")
    expect(box).to_have_value("a b")


def test_pinning(page: Page) -> None:
    menu(page, "Weather in Bergen", "Pin")
    expect(page.get_by_role("heading", name="Pinned")).to_be_visible()
    assert titles(page)[0] == "Weather in Bergen"
    page.reload()
    assert titles(page)[0] == "Weather in Bergen"
    menu(page, "Weather in Bergen", "Unpin")
    expect(page.get_by_role("heading", name="Pinned")).to_be_hidden()


def test_deleting_and_taking_it_back(page: Page) -> None:
    menu(page, "Bread", "Delete")
    expect(page.get_by_role("link", name="Bread")).to_be_hidden()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    assert Conversation.objects.get(title="Bread").deleted_at is not None
    undo.click()
    expect(page.get_by_role("link", name="Bread")).to_be_visible()
    expect(page.get_by_text("The conversation is back.")).to_be_visible()
    assert Conversation.objects.get(title="Bread").deleted_at is None


def test_what_is_taken_back_or_closed_leaves_the_focus_in_the_page(page: Page) -> None:
    menu(page, "Bread", "Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Bread")).to_be_focused()
    menu(page, "Bread", "Delete")
    page.locator("#undo").get_by_role("button", name="Close this").press("Enter")
    expect(page.locator("#undo")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_deleting_the_one_that_is_open(page: Page, live_server: Any, talks: list[Conversation]) -> None:
    page.goto(f"{live_server.url}/c/{talks[2].pk}/")
    expect(page.locator("article")).to_have_count(2)
    menu(page, "Bread", "Delete")
    expect(page).to_have_url(f"{live_server.url}/")
    expect(page.get_by_role("link", name="Bread")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Bread")).to_be_visible()


def test_two_deletions_are_taken_back_together(page: Page) -> None:
    menu(page, "Bread", "Delete")
    expect(page.get_by_text("The conversation was deleted.")).to_be_visible()
    menu(page, "Trains to Oslo", "Delete")
    expect(page.get_by_text("2 conversations were deleted.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Bread")).to_be_visible()
    expect(page.get_by_role("link", name="Trains to Oslo")).to_be_visible()


def test_the_menu_by_keyboard_alone(page: Page) -> None:
    button = page.get_by_role("button", name="More for Bread")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Pin")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_finding_a_message_and_going_there(page: Page, live_server: Any, talks: list[Conversation]) -> None:
    page.keyboard.press("Control+k")
    box = page.get_by_role("searchbox", name="Search conversations")
    expect(box).to_be_focused()
    box.fill("umbrella oslo")
    expect(page.get_by_text("1 conversation found")).to_be_visible()
    found = page.get_by_role("list", name="Found conversations").get_by_role("link")
    expect(found).to_contain_text("Trains to Oslo")
    assert found.locator("mark").all_inner_texts() == ["oslo", "umbrella"]
    found.click()
    expect(page).to_have_url(re.compile(rf"/c/{talks[1].pk}/#m-"))
    expect(page.locator("article.found")).to_contain_text("umbrella number 1")
    box = page.get_by_role("searchbox", name="Search conversations")
    box.fill("zebra")
    expect(page.get_by_text("Nothing found for “zebra”.")).to_be_visible()
    box.press("Escape")
    assert len(titles(page)) == 3


def test_what_is_found_in_the_open_conversation_is_shown_on_a_phone(
    page: Page, live_server: Any, talks: list[Conversation]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/c/{talks[1].pk}/")
    expect(page.locator("article")).to_have_count(2)
    found = page.get_by_role("list", name="Found conversations").get_by_role("link")
    for word, place in (("umbrella", "umbrella number 1"), ("please", "Tell me about")):
        page.get_by_role("button", name="Conversations").click()
        page.get_by_role("searchbox", name="Search conversations").fill(f"{word} oslo")
        expect(found.locator("mark").filter(has_text=word)).to_be_visible()
        found.click()
        expect(page.locator("article.found")).to_contain_text(place)
        expect(page.get_by_role("searchbox", name="Search conversations")).to_be_hidden()
        expect(page.locator("#stage")).to_have_js_property("inert", False)
        expect(page).to_have_url(re.compile(rf"/c/{talks[1].pk}/#m-"))


def test_a_search_that_fails_says_so(page: Page, complaints: Complaints) -> None:
    page.route("**/search/**", lambda route: route.fulfill(status=500))
    page.get_by_role("searchbox").fill("x")
    expect(page.get_by_text("The search did not work. Try again.")).to_be_visible()
    complaints.forgive("500")


def test_exports_are_reached_from_the_menu_and_the_settings(page: Page, talks: list[Conversation]) -> None:
    item = page.get_by_role("navigation").get_by_role("listitem").filter(has_text="Bread")
    item.hover()
    item.get_by_role("button").click()
    link = page.get_by_role("menuitem", name="Export as Markdown")
    assert (link.get_attribute("href") or "").endswith(f"/api/conversations/{talks[2].pk}/export/?format=markdown")
    with page.expect_download():
        link.click()
    expect(page.get_by_role("menu")).to_be_hidden()
    settings(page)
    expect(page.get_by_role("link", name="Download as JSON")).to_have_attribute("href", "/api/export/?format=json")


def settings(page: Page) -> None:
    page.locator(".account summary").click()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("button", name="Save")).to_be_enabled()


def test_settings_are_kept_and_go_along(page: Page, live_server: Any) -> None:
    sent: list[Any] = []
    page.route_web_socket(
        re.compile("/ws/live/"), lambda route: route.on_message(lambda frame: sent.append(json.loads(frame)))
    )
    settings(page)
    page.get_by_role("combobox", name="Voice").select_option("Kore")
    page.get_by_label("Language of spoken answers").select_option("de-DE")
    page.get_by_label("How Gemini should answer you").fill("Briefly.")
    page.get_by_label("Let answers use Google Search").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.reload()
    page.context.grant_permissions(["microphone"])
    page.get_by_role("button", name="Start voice").click()
    for _ in range(100):
        if sent:
            break
        page.wait_for_timeout(50)
    setup = sent[0]["setup"]
    assert setup["systemInstruction"] == {"parts": [{"text": "Briefly."}]}
    assert setup["tools"] == [{"googleSearch": {}}]
    speech = setup["generationConfig"]["speechConfig"]
    assert speech == {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}, "languageCode": "de-DE"}


def test_settings_show_what_is_kept_each_time_they_are_opened(
    page: Page, live_server: Any, context: BrowserContext
) -> None:
    settings(page)
    instruction = page.get_by_label("How Gemini should answer you")
    instruction.fill("never saved")
    page.get_by_label("Let answers use Google Search").check()
    page.keyboard.press("Escape")
    settings(page)
    expect(instruction).to_have_value("")
    expect(page.get_by_label("Let answers use Google Search")).not_to_be_checked()
    page.keyboard.press("Escape")
    other = context.new_page()
    other.goto(f"{live_server.url}/")
    settings(other)
    other.get_by_label("How Gemini should answer you").fill("Briefly.")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("dialog")).to_be_hidden()
    other.close()
    settings(page)
    expect(instruction).to_have_value("Briefly.")


def test_what_is_kept_is_not_shown_before_it_is_known(page: Page, edge: Edge) -> None:
    settings(page)
    page.get_by_role("combobox", name="Voice").select_option("Kore")
    page.keyboard.press("Escape")
    waiting: list[Route] = []
    page.route("**/preferences/", lambda route: waiting.append(route))
    page.locator(".account summary").click()
    page.get_by_role("button", name="Settings").click()
    voice = page.get_by_role("combobox", name="Voice")
    expect(voice).to_be_disabled()
    assert voice.locator("option").count() == 0
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    edge.wait_until(lambda: len(waiting) == 1, "the question")
    waiting[0].continue_()
    expect(voice).to_be_enabled()
    expect(voice).to_have_value("")


def test_all_data_is_deleted_by_who_types_their_name(page: Page, live_server: Any) -> None:
    settings(page)
    page.get_by_text("Delete all my conversations").click()
    button = page.get_by_role("button", name="Delete everything")
    field = page.get_by_label("To confirm, type your name")
    field.fill("alice")
    expect(button).to_be_enabled()
    page.keyboard.press("Escape")
    settings(page)
    expect(button).to_be_disabled()
    field.fill("bob")
    expect(button).to_be_disabled()
    field.fill("alice")
    button.click()
    expect(page.get_by_text("3 conversations were deleted.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert titles(page) == []


def test_the_dialog_gives_the_focus_back_and_closes_with_escape(page: Page) -> None:
    settings(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".account summary")).to_be_focused()


def test_two_people_never_see_each_others_things(
    page: Page, browser: Browser, live_server: Any, talks: list[Conversation]
) -> None:
    his = conversation(charlie(), title="Secret plans")
    message(session(his), 1, text="umbrella of mine")
    client = Client()
    client.force_login(charlie())
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    context = browser.new_context()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    other = context.new_page()
    other.goto(f"{live_server.url}/")
    expect(other.get_by_role("link", name="Secret plans")).to_be_visible()
    assert len(titles(other)) == 1
    other.get_by_role("searchbox").fill("umbrella")
    expect(other.get_by_text("1 conversation found")).to_be_visible()
    answer = other.goto(f"{live_server.url}/c/{talks[0].pk}/")
    assert answer is not None and answer.status == 404
    page.get_by_role("searchbox").fill("umbrella")
    expect(page.get_by_text("3 conversations found")).to_be_visible()
    expect(page.get_by_text("Secret plans")).to_be_hidden()
    context.close()


def test_what_is_being_renamed_is_left_alone(page: Page, edge: Edge, live_server: Any) -> None:
    page.goto(f"{live_server.url}/")
    page.get_by_role("textbox", name="Message").fill("hello")
    page.keyboard.press("Enter")
    connection = edge.wait_for_typed()
    connection.say("begun")
    menu(page, "Weather in Bergen", "Rename")
    field = page.get_by_role("textbox", name="Title")
    field.fill("Half a ti")
    connection.answer("done")
    expect(page.locator("article[data-role=model]").last).to_contain_text("done")
    expect(field).to_be_focused()
    expect(field).to_have_value("Half a ti")
    page.keyboard.press("Escape")
    expect(page.locator("#conversations").get_by_role("link", name="hello")).to_be_visible()


@pytest.mark.parametrize("planted", ["../../accounts/logout/%3Fx=", "nonsense", "%3Cb%3E"])
def test_an_address_cannot_offer_to_undo_something_else(page: Page, live_server: Any, planted: str) -> None:
    page.goto(f"{live_server.url}/?deleted={planted}")
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert "deleted" not in page.url
