"""Every way in which the page's socket can end: what it says, and whether it comes back."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)

COMES_BACK = {
    1006: "Connection lost. Reconnecting…",
    1011: "Something went wrong on the server. Reconnecting…",
    1012: "The server is restarting. Reconnecting…",
    1013: "The server is full right now. Trying again soon…",
}
STAYS_AWAY = {
    1009: ("That message is too long to be sent. Please shorten it.", "Reconnect"),
    4400: ("The server did not understand this page. Reload it to get the current version.", "Reload"),
    4401: ("You are signed out.", "Sign in"),
    4403: ("You are not allowed to do this.", "Try again"),
    4408: ("Your connection was too slow to keep up, so it was closed.", "Reconnect"),
    4409: ("This conversation goes on in another tab or device.", "Talk here"),
    4429: ("The limit of open sessions or messages is reached. Close another tab or wait a little.", "Try again"),
}


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")


@pytest.mark.parametrize("code", COMES_BACK)
def test_passing_codes_are_named_and_survived(page: Page, edge: Edge, code: int) -> None:
    page.clock.install()
    send(page, "hello")
    edge.wait_for_typed()
    page.evaluate("Math.random = () => 0.999; null")  # the longest wait, so that the words can be read
    # A browser reports 1006 by itself only; the played server cannot send it.
    edge.now.close(3006 if code == 1006 else code)
    expect(page.locator("#notice")).to_contain_text(COMES_BACK[code])
    expect(page.get_by_test_id("transport")).to_have_text("not connected")
    page.clock.fast_forward(2000)
    connection = edge.wait_for_connection(2)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")
    expect(page.locator("#notice")).to_be_hidden()
    assert connection.path == f"/ws/live/{edge.conversation}/"
    assert connection.typed == []


@pytest.mark.parametrize("code", STAYS_AWAY)
def test_final_codes_are_named_and_respected(page: Page, edge: Edge, code: int) -> None:
    page.clock.install()
    send(page, "hello")
    edge.wait_for_typed()
    edge.now.close(code)
    words, label = STAYS_AWAY[code]
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text(words)
    expect(notice.get_by_role("button", name=label)).to_be_visible()
    expect(page.get_by_test_id("transport")).to_have_text("not connected")
    page.clock.fast_forward(120_000)
    page.wait_for_timeout(100)
    assert len(edge.connections) == 1


def test_a_way_on_that_goes_away_leaves_the_focus_in_the_page(page: Page, edge: Edge) -> None:
    send(page, "x")
    edge.wait_for_typed().close(4429)
    page.get_by_role("alert").get_by_role("button", name="Try again").press("Enter")
    edge.wait_for_connection(2)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_an_unknown_conversation_is_named(page: Page, edge: Edge) -> None:
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    edge.now.close(4404)
    expect(page.get_by_role("alert")).to_contain_text("This conversation does not exist.")


def test_a_promised_conversation_that_never_came_to_be_starts_anew(page: Page, edge: Edge) -> None:
    edge.saves = False
    send(page, "first words")
    first = edge.wait_for_typed()
    edge.sets_up = False
    first.close(1012)
    second = edge.wait_for_connection(2)
    assert second.path == f"/ws/live/{edge.conversation}/"
    edge.sets_up = True
    second.close(4404)
    third = edge.wait_for_connection(3)
    edge.wait_for_typed()
    assert third.path == "/ws/live/"
    assert [text for _, text in third.typed] == ["first words"]


def test_an_unconfirmed_message_is_sent_again_once(page: Page, edge: Edge) -> None:
    edge.saves = False
    send(page, "is anybody there?")
    first = edge.wait_for_typed()
    first.close(1012)
    expect(page.locator("article[data-role=user]")).to_contain_text("Waiting to be sent")
    edge.saves = True
    second = edge.wait_for_connection(2)
    edge.wait_for_typed()
    page.wait_for_timeout(300)
    assert second.typed == first.typed
    second.answer("Yes.")
    expect(page.locator("article[data-role=user]")).to_have_count(1)
    expect(page.locator("article[data-role=model]")).to_have_count(1)
    expect(page.locator("article[data-role=model]")).to_contain_text("Yes.")
    expect(page.locator("article[data-role=user]")).not_to_contain_text("Waiting")


def test_an_answer_cut_off_by_the_connection_is_kept_as_interrupted(page: Page, edge: Edge) -> None:
    send(page, "a story")
    connection = edge.wait_for_typed()
    connection.say("Once upon a ti")
    expect(page.locator("article[data-role=model]")).to_contain_text("Once upon")
    connection.close(1011)
    expect(page.locator("article[data-role=model]")).to_have_attribute("data-status", "interrupted")


def test_a_lost_answer_can_be_asked_for_again(page: Page, edge: Edge) -> None:
    send(page, "a question")
    edge.wait_for_typed()
    expect(page.locator("article[data-role=user]")).to_have_attribute("data-status", "complete")
    edge.now.close(1012)
    lost = page.locator("article[data-role=model]")
    expect(lost).to_contain_text("The connection was lost before the answer came.")
    edge.wait_for_connection(2)
    lost.get_by_role("button", name="Try again").click()
    edge.wait_for_typed().answer("Here.")
    expect(page.locator("article[data-role=model]").last).to_contain_text("Here.")


def test_taken_over_follows_the_record_until_told_to_talk_here(page: Page, edge: Edge) -> None:
    row: dict[str, Any] = {
        "client_id": None,
        "role": "model",
        "modality": "text",
        "parts": [],
        "transport": "sdk",
        "model": "m",
    }
    more = {"status": "complete", "first_output_ms": 5, "usage": {}, "created_at": None, "completed_at": None}
    identity = {"id": "00000000-0000-4000-8000-000000000001", "position": 7}
    edge.rows = [{**row, **more, **identity, "text": "said elsewhere"}]
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    edge.now.close(4409)
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("This conversation goes on in another tab or device.")
    expect(page.get_by_role("log")).to_contain_text("said elsewhere")
    expect(page.locator("article", has_text="said elsewhere")).to_have_attribute("data-transport", "sdk")
    page.get_by_role("textbox", name="Message").press_sequentially("x")
    page.wait_for_timeout(200)
    assert len(edge.connections) == 1
    notice.get_by_role("button", name="Talk here").click()
    second = edge.wait_for_connection(2)
    assert second.path == f"/ws/live/{edge.conversation}/"
    expect(page.locator("#notice")).to_be_hidden()


def test_what_was_replaced_elsewhere_leaves_the_thread(page: Page, edge: Edge) -> None:
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    edge.now.close(4409)
    expect(page.get_by_role("alert")).to_contain_text("goes on in another tab")
    log = page.get_by_role("log")
    identity = {"id": "00000000-0000-4000-8000-000000000001", "position": 7, "client_id": None}
    more: dict[str, Any] = {
        "role": "user",
        "modality": "text",
        "parts": [],
        "transport": "",
        "model": "",
        "first_output_ms": None,
    }
    edge.rows = [{**identity, **more, "status": "complete", "text": "said instead"}]
    edge.replaced = 2
    expect(log).to_contain_text("said instead", timeout=8000)
    expect(log.get_by_role("article")).to_have_count(1)


def test_an_ended_sign_in_behind_a_refused_handshake_is_noticed(page: Page, edge: Edge, complaints: Complaints) -> None:
    edge.sets_up = False
    page.get_by_role("textbox", name="Message").press_sequentially("h")
    edge.wait_for_connection(1)
    page.context.clear_cookies()
    edge.now.close(1011)
    expect(page.get_by_role("alert")).to_contain_text("You are signed out.")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=%2F$|/accounts/login/\?next=/$"))
    complaints.forgive("401")


def test_a_coming_end_is_announced(page: Page, edge: Edge) -> None:
    send(page, "hello")
    edge.wait_for_typed().send({"goAway": {"timeLeft": "10s"}})
    expect(page.locator("#status")).to_contain_text("about to end")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (4403, "setup.tools: the tool googleSearch is not allowed for you; allowed: functions."),
        (4429, "A session may last at most 600 seconds for you."),
    ],
)
def test_which_limit_and_which_rule_is_said(page: Page, edge: Edge, code: int, reason: str) -> None:
    send(page, "hello")
    edge.wait_for_typed().route.close(code=code, reason=reason)
    expect(page.get_by_role("alert")).to_contain_text(reason)
    expect(page.get_by_role("alert").get_by_role("listitem")).not_to_have_count(0)


def test_another_model_in_the_middle_of_an_answer_serves_the_next_one(page: Page, edge: Edge) -> None:
    send(page, "hello")
    first = edge.wait_for_typed()
    first.say("half an ans")
    expect(page.locator("article[data-role=model]")).to_contain_text("half")
    page.get_by_role("combobox", name="Model").select_option("Gemini 2.5 Flash")
    first.say("wer")
    expect(page.locator("article[data-role=model]")).to_contain_text("half an answer")
    assert len(edge.connections) == 1
    first.end_turn()
    second = edge.wait_for_connection(2)
    assert second.path == f"/ws/live/{edge.conversation}/"
    expect(page.locator("article[data-role=model]")).to_have_attribute("data-status", "complete")
    edge.wait_until(lambda: bool(second.received), "the set-up")
    assert second.setup["model"] == "Gemini 2.5 Flash"


def test_who_leaves_while_something_waits_to_be_sent_is_asked(page: Page, edge: Edge) -> None:
    edge.saves = False
    send(page, "not confirmed")
    connection = edge.wait_for_typed()
    asked = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.close(run_before_unload=True)
    edge.wait_until(lambda: asked == ["beforeunload"], "the question")
    connection.notice(saved=connection.typed[0][0], message=str(uuid.uuid4()))
    expect(page.locator("article[data-role=user]")).to_have_attribute("data-status", "complete")


def test_every_text_of_the_modules_comes_out_of_the_catalogue(
    page: Page, live_server: Any, edge: Edge, complaints: Complaints
) -> None:
    """In a language in which every text stands in brackets, nothing that the modules write stands without them."""
    words = "window.django = {gettext: (text) => `«${text}»`, ngettext: (one, many) => `«${many}»`};"
    page.route("**/jsi18n/", lambda route: route.fulfill(content_type="text/javascript", body=words))
    page.goto(f"{live_server.url}/")
    page.get_by_role("textbox", name="Message").fill("hello")
    page.keyboard.press("Enter")
    connection = edge.wait_for_typed()
    connection.say({"text": "hm", "thought": True}, "x", {"executableCode": {"code": "1"}})
    connection.turn("11111111-1111-4111-8111-111111111111", "interrupted", first_output_ms=5)
    connection.end_turn()
    expect(page.locator("article")).to_have_count(2)
    connection.close(4429)
    expect(page.locator("#notice")).to_be_visible()
    plain = page.evaluate(
        """() => {
          const places = "article footer, article summary, #notice, #conversations h3, #status";
          const made = document.querySelectorAll(places);
          const texts = [...made].flatMap((one) => [...one.querySelectorAll("*"), one]).flatMap((one) =>
            [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()));
          const labels = [...document.querySelectorAll("article [aria-label], #conversations [aria-label]")].map(
            (one) => one.getAttribute("aria-label"));
          return [...texts, ...labels].filter((text) => text && !text.includes("«"));
        }"""
    )
    assert plain == ["websocket · gemini-live-2.5-flash · «5 ms»"] or plain == []
