"""Signing in, reading what is on record, and how the page looks and sounds on different devices."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from conversations.models import Conversation, Message, Session
from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"
ANSWER = (
    "## Answer\n\n| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n\n```python\n" + "x = 1  # " + "long " * 60 + "\n```\n"
)


@pytest.fixture(autouse=True)
def watched(edge: Edge, complaints: Complaints) -> None:
    """Every test here has the played socket and fails on complaints of the browser."""


def record(owner: Any, *said: tuple[str, str], title: str = "Cats", days_ago: int = 0, **more: Any) -> Conversation:
    at = timezone.now() - timedelta(days=days_ago)
    talk = Conversation.objects.create(owner=owner, title=title, created_at=at, updated_at=at)
    session = Session.objects.create(
        conversation=talk, user=owner, client="web", process="p", heartbeat_at=at, started_at=at
    )
    served = {"transport": "rest", "model": "gemini-2.5-flash", "status": "complete", "first_output_ms": 1500, **more}
    for position, (role, text) in enumerate(said, 1):
        Message.objects.create(
            conversation=talk,
            session=session,
            position=position,
            role=role,
            text=text,
            created_at=at,
            **(served if role == "model" else {"status": "complete"}),
        )
    return talk


def test_signing_in_and_out_by_hand(page: Page, live_server: Any, django_user_model: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_user_model.objects.create_user("alice", password=PASSWORD)
    page.goto(f"{live_server.url}/")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/$"))
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello alice")).to_be_visible()
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_old_conversation_is_read_without_a_connection(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "Hello <i>"), ("model", "**Hi**"), ("user", "More"), ("model", "cut o"))
    Message.objects.filter(position=4).update(status="interrupted")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    articles = page.get_by_role("log").get_by_role("article")
    expect(articles).to_have_count(4)
    expect(articles.nth(0)).to_have_text("Hello <i>")
    expect(articles.nth(1).locator("strong")).to_have_text("Hi")
    for name, value in {
        "role": "model",
        "transport": "rest",
        "model": "gemini-2.5-flash",
        "status": "complete",
    }.items():
        expect(articles.nth(1)).to_have_attribute(f"data-{name}", value)
    expect(articles.nth(1)).to_contain_text("rest · gemini-2.5-flash · 1.5 s")
    expect(articles.nth(3)).to_contain_text("Interrupted")
    expect(page.get_by_role("heading", name="Cats")).to_be_visible()
    expect(page.locator("nav [aria-current=page]")).to_have_text("Cats")
    page.wait_for_timeout(200)
    assert edge.connections == []
    send(page, "and now?")
    assert edge.wait_for_connection(1).path == f"/ws/live/{talk.pk}/"
    edge.wait_for_typed().answer("Now this.")
    expect(articles).to_have_count(6)
    expect(articles.last).to_contain_text("Now this.")


def test_a_turn_on_record_without_an_answer_can_be_asked_again(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "anybody?"), ("model", ""), status="failed")
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    expect(page.locator("article").last).to_contain_text("No answer was given.")
    page.get_by_role("button", name="Try again").click()
    assert edge.wait_for_typed().typed[0][1] == "anybody?"


def test_a_failed_question_whose_picture_nobody_kept_is_not_asked_without_it(
    page: Page, live_server: Any, signed_in: Any, edge: Edge
) -> None:
    talk = record(signed_in, ("user", "what is this?"), ("model", ""), status="failed")
    shown = [{"inlineData": {"mimeType": "image/jpeg", "bytes": 51_200}}]
    Message.objects.filter(position=1).update(parts=shown, client_id=str(uuid.uuid4()))
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("are not kept")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("what is this?")
    edge.wait_for_connection(1)
    assert edge.now.typed == []


def test_a_long_conversation_comes_whole_and_ends_at_its_end(page: Page, live_server: Any, signed_in: Any) -> None:
    said = [("model" if number % 2 else "user", f"message {number} " * 20) for number in range(450)]
    talk = record(signed_in, *said)
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    articles = page.get_by_role("log").locator("article")
    expect(articles).to_have_count(450)
    expect(articles.last).to_be_in_viewport()
    texts = articles.evaluate_all("all => all.map((one) => Number(/message (\\d+)/.exec(one.textContent)[1]))")
    assert texts == list(range(450))


def test_a_record_that_cannot_be_read_says_so_and_can_be_asked_again(
    page: Page, live_server: Any, signed_in: Any, complaints: Complaints
) -> None:
    talk = record(signed_in, ("user", "Hello"))
    page.route("**/messages/**", lambda route: route.fulfill(status=500, body="x"))
    page.goto(f"{live_server.url}/c/{talk.pk}/")
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/messages/**")
    page.get_by_role("button", name="Load again").click()
    expect(page.get_by_role("log")).to_contain_text("Hello")
    expect(page.locator("#notice")).to_be_hidden()
    complaints.forgive("500")


def test_conversations_are_listed_by_date(page: Page, live_server: Any, signed_in: Any) -> None:
    for days, title in [(0, "fresh"), (1, "stale"), (5, "old"), (20, "older"), (90, "oldest")]:
        record(signed_in, title=title, days_ago=days)
    record(signed_in, title="", days_ago=91)
    page.goto(f"{live_server.url}/")
    navigation = page.get_by_role("navigation", name="Your conversations")
    expect(navigation.get_by_role("heading", level=3)).to_have_text(
        ["Today", "Yesterday", "Previous 7 days", "Previous 30 days", "Older"]
    )
    expect(navigation.get_by_role("link")).to_have_text(
        ["fresh", "stale", "old", "older", "oldest", "New conversation"]
    )
    navigation.get_by_role("link", name="older").click()
    expect(page.get_by_role("heading", name="older", level=1)).to_be_visible()
    page.get_by_role("link", name="New chat").click()
    expect(page.get_by_role("heading", name="New conversation", level=1)).to_be_visible()


def test_the_button_of_a_menu_closes_it_too(page: Page, live_server: Any, signed_in: Any) -> None:
    record(signed_in)
    page.goto(f"{live_server.url}/")
    page.get_by_role("link", name="Cats").hover()
    button, menu = page.get_by_role("button", name="More for Cats"), page.get_by_role("menu", name="Conversation")
    for _ in range(2):
        button.click()
        expect(menu).to_be_visible()
        button.click()
        expect(menu).to_be_hidden()
    button.press("Enter")
    expect(menu).to_be_visible()


def test_more_conversations_are_fetched_on_demand(page: Page, live_server: Any, signed_in: Any) -> None:
    for number in range(60):
        record(signed_in, title=f"talk {number}", days_ago=number)
    page.goto(f"{live_server.url}/")
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(links).to_have_count(60)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_landmarks_and_names(page: Page, live_server: Any, signed_in: Any) -> None:
    page.goto(f"{live_server.url}/")
    for role, name in [
        ("main", None),
        ("complementary", "Conversations"),
        ("navigation", "Your conversations"),
        ("log", "Conversation"),
        ("textbox", "Message"),
        ("combobox", "Model"),
        ("button", "Send"),
        ("group", "Theme"),
        ("link", "New chat"),
    ]:
        expect(page.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]
    nameless = """all => all.filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim()
      || one.labels?.length)).map((one) => one.outerHTML)"""
    assert page.locator("button, a, input:not([type=hidden]), select, textarea").evaluate_all(nameless) == []
    ids = page.locator("[id]").evaluate_all("all => all.map((one) => one.id)")
    assert len(ids) == len(set(ids))


def test_the_skip_link_comes_first(page: Page, live_server: Any, signed_in: Any, edge: Edge) -> None:
    page.goto(f"{live_server.url}/c/{record(signed_in, ('user', 'x')).pk}/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the message box")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_themes(page: Page, live_server: Any, signed_in: Any) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/")
    assert background(page) == "rgb(22, 23, 27)"
    page.get_by_role("radio", name="Light").check(force=True)
    assert background(page) == "rgb(255, 255, 255)"
    page.reload()
    assert background(page) == "rgb(255, 255, 255)"
    expect(page.get_by_role("radio", name="Light")).to_be_checked()
    page.get_by_role("radio", name="System").check(force=True)
    page.emulate_media(color_scheme="light")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("Dark")
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    assert background(page) == "rgb(22, 23, 27)"
    page.goto(f"{live_server.url}/accounts/password/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


CONTRAST = """all => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92
    : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const back = (one) => { for (let at = one; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor); if (colour[3] > 250) return colour; }
    return [255, 255, 255]; };
  const own = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  return all.filter((one) => own(one) && one.checkVisibility() && !one.closest('.visually-hidden, :disabled'))
    .map((one) => { const [a, b] = [light(rgb(getComputedStyle(one).color)), light(back(one))];
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.className || one.tagName,
        one.textContent.slice(0, 30)]; })
    .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(page: Page, live_server: Any, signed_in: Any, edge: Edge, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{live_server.url}/")
    assert page.locator("body *").evaluate_all(CONTRAST) == []
    send(page, "question")
    connection = edge.wait_for_typed()
    connection.answer(ANSWER, "> quoted\n\n`code` and [link](https://example.com)")
    tried = {"transport": "sdk", "platform": "vertex", "location": "global", "model": "m", "kind": "quota", "code": 429}
    connection.notice(error={"kind": "no_candidate", "message": "No answer.", "tried": [tried], "retryable": True})
    page.get_by_text("What was tried").click()
    page.wait_for_timeout(300)
    assert page.locator("body *").evaluate_all(CONTRAST) == []
    connection.close(4409)
    page.wait_for_timeout(300)
    assert page.locator("body *").evaluate_all(CONTRAST) == []
    page.goto(f"{live_server.url}/accounts/password/")
    assert page.locator("body *").evaluate_all(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_scrolls_sideways_or_is_too_small_to_touch(
    page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    page.goto(f"{live_server.url}/")
    send(page, "W" * 200)
    connection = edge.wait_for_typed()
    connection.answer(ANSWER, "x" * 300)
    connection.notice(
        error={"kind": "no_candidate", "message": "y" * 200, "tried": [{"model": "m" * 200}], "retryable": True}
    )
    page.get_by_text("What was tried").click()
    connection.close(4429)
    expect(page.get_by_role("alert")).to_be_visible()
    for selector in ("html", "body", ".stage", "#scroller", ".dock", ".bar"):
        wide = page.locator(selector).evaluate("one => one.scrollWidth - one.clientWidth")
        assert wide <= 0, selector
    assert page.locator(".stage").evaluate("one => one.getBoundingClientRect().right") <= width
    if width < 768:
        small = """all => all.filter((one) => one.checkVisibility()).map((one) => [one.getBoundingClientRect(), one])
          .filter(([box]) => box.width < 44 || box.height < 44).map(([box, one]) => `${one.outerHTML} ${box.height}`)"""
        assert page.locator(".stage button, .stage select").evaluate_all(small) == []
    for address in ("/accounts/password/", "/nowhere/"):
        page.goto(f"{live_server.url}{address}")
        assert page.locator("html").evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    complaints.forgive("/nowhere/")


def test_the_list_is_a_drawer_on_a_phone(page: Page, live_server: Any, signed_in: Any) -> None:
    record(signed_in, title="Cats")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/")
    toggle = page.get_by_role("button", name="Conversations")
    link = page.get_by_role("link", name="Cats")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(link).to_be_hidden()
    toggle.click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(toggle).to_be_focused()
    toggle.click()
    link.click()
    expect(page.get_by_role("heading", name="Cats", level=1)).to_be_visible()


def test_the_list_can_be_put_away_on_a_desk(page: Page, live_server: Any, signed_in: Any) -> None:
    record(signed_in, title="Cats")
    page.goto(f"{live_server.url}/")
    page.get_by_role("button", name="Close the list").click()
    expect(page.get_by_role("link", name="Cats")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("link", name="Cats")).to_be_hidden()
    page.get_by_role("button", name="Conversations").click()
    expect(page.get_by_role("link", name="Cats")).to_be_visible()
