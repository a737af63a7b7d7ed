"""A network that is away or dead: what is said of it, what is asked again, and what stays as it was."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> Iterator[None]:
    page.goto(f"{live_server.url}/")
    yield
    complaints.forgive("ERR_INTERNET_DISCONNECTED")  # whatever the browser itself asks for just then


def test_a_network_that_was_away_for_a_moment_leaves_who_serves_and_what_is_lost(page: Page, edge: Edge) -> None:
    send(page, "hello")
    edge.wait_for_typed().serves("sdk", "audio_out", reason="unavailable", **{"from": "websocket"})
    expect(page.get_by_test_id("transport")).to_have_text("sdk")
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.get_by_test_id("transport")).to_have_text("sdk")
    expect(page.get_by_test_id("transport")).to_have_attribute("data-tone", "less")
    expect(page.locator("#status")).to_contain_text("without spoken answers")


def test_an_answer_of_which_nothing_comes_any_more_shows_that_the_connection_is_dead(page: Page, edge: Edge) -> None:
    page.clock.install()
    send(page, "a story")
    connection = edge.wait_for_typed()
    answer = page.locator("article[data-role=model]")
    expect(page.locator("article[data-role=user]")).to_have_attribute("data-status", "complete")
    page.clock.fast_forward(50_000)
    connection.say("Once upon")
    expect(answer).to_contain_text("Once upon")
    page.clock.fast_forward(50_000)
    connection.say(" a time")
    expect(answer).to_contain_text("Once upon a time")
    assert len(edge.connections) == 1
    page.clock.fast_forward(61_000)
    expect(answer).to_have_attribute("data-status", "interrupted")
    page.clock.fast_forward(2000)
    edge.wait_for_connection(2)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")


def test_nothing_is_missed_where_no_answer_is_due_or_one_is_still_played(page: Page, edge: Edge) -> None:
    page.clock.install()
    send(page, "a story")
    connection = edge.wait_for_typed()
    connection.say("All of it.")
    connection.send({"serverContent": {"generationComplete": True}})
    expect(page.locator("article[data-role=model]")).to_contain_text("All of it.")
    page.clock.fast_forward(120_000)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")
    connection.send({"serverContent": {"turnComplete": True}})
    expect(page.locator("article[data-role=model]")).to_have_attribute("data-status", "complete")
    page.clock.fast_forward(600_000)
    page.wait_for_timeout(100)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")
    assert len(edge.connections) == 1


def test_a_question_that_the_network_left_behind_is_asked_again_when_it_is_back(page: Page, edge: Edge) -> None:
    page.clock.install()
    send(page, "is anybody there?")
    first = edge.wait_for_typed()
    expect(page.locator("article[data-role=user]")).to_have_attribute("data-status", "complete")
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()
    page.clock.fast_forward(5000)
    second = edge.wait_for_connection(2)
    edge.wait_for_typed()
    assert second.typed == first.typed
    second.answer("Yes.")
    expect(page.locator("article[data-role=model]")).to_have_count(1)
    expect(page.locator("article[data-role=model]")).to_contain_text("Yes.")


def test_an_answer_that_outlived_the_network_goes_on(page: Page, edge: Edge) -> None:
    page.clock.install()
    send(page, "a story")
    connection = edge.wait_for_typed()
    connection.say("Once")
    expect(page.locator("article[data-role=model]")).to_contain_text("Once")
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()
    connection.say(" upon")
    expect(page.locator("article[data-role=model]")).to_contain_text("Once upon")
    page.clock.fast_forward(10_000)
    connection.say(" a time")
    expect(page.locator("article[data-role=model]")).to_contain_text("Once upon a time")
    assert len(edge.connections) == 1


def test_without_a_network_the_page_says_what_happens_next(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").press_sequentially("h")
    edge.wait_for_connection(1)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    expect(page.locator("#notice")).to_contain_text("goes out by itself when the network is back")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()


def go_away_and_come_back(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.locator("#notice")).not_to_contain_text("You are offline.")


def test_a_network_that_was_away_before_anything_was_said_leaves_no_trace(page: Page, edge: Edge) -> None:
    go_away_and_come_back(page)
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.get_by_test_id("transport")).to_have_attribute("data-tone", "off")
    expect(page.locator("#status")).to_have_text("Connects when you start typing.")
    assert edge.connections == []


def test_a_network_that_was_away_leaves_the_way_back_to_a_conversation_taken_over(page: Page, edge: Edge) -> None:
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    edge.now.close(4409)
    expect(page.get_by_role("alert").get_by_role("button", name="Talk here")).to_be_visible()
    go_away_and_come_back(page)
    expect(page.locator("#status")).to_have_text("Following what is said elsewhere.")
    page.get_by_role("alert").get_by_role("button", name="Talk here").click()
    edge.wait_for_connection(2)
    expect(page.locator("#notice")).to_be_hidden()


COUNT_CHANGES = """() => {
  window.changes = 0;
  const all = { childList: true, subtree: true, attributes: true, characterData: true };
  new MutationObserver((found) => (window.changes += found.length)).observe(document.querySelector("#notice"), all);
}"""


@pytest.mark.parametrize("offline", [False, True])
def test_trouble_that_lasts_is_said_once(page: Page, edge: Edge, offline: bool) -> None:
    page.clock.install()
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    if offline:
        page.context.set_offline(True)
    edge.sets_up = False
    edge.now.close(1013)
    notice = page.get_by_role("alert")
    again = notice.get_by_role("button", name="Reconnect now")
    expect(notice).to_contain_text("You are offline." if offline else "The server is full right now.")
    if not offline:
        again.focus()
    page.evaluate(COUNT_CHANGES)
    for count in (2, 3, 4):
        page.clock.fast_forward(10_000)
        edge.wait_for_connection(count)
        expect(page.get_by_test_id("transport")).to_have_text("connecting…")
        edge.now.close(1013)
        expect(page.get_by_test_id("transport")).to_have_text("not connected")
    assert page.evaluate("window.changes") == 0
    if not offline:
        expect(again).to_be_focused()
    edge.sets_up = True
    if offline:
        page.context.set_offline(False)
    else:
        page.clock.fast_forward(10_000)
    expect(page.get_by_test_id("transport")).to_have_text("websocket")
    expect(page.locator("#notice")).to_be_hidden()
