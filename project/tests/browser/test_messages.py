"""What can be done with messages: stop, ask again, edit, open how they were served; what stands beside their words."""

import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from project.tests.browser.conftest import Complaints, Edge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")


def send(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()


def answers(page: Page) -> Any:
    return page.locator("article[data-role=model]")


def questions(page: Page) -> Any:
    return page.locator("article[data-role=user]")


class Rewinds:
    """The record's side of going back."""

    def __init__(self, page: Page, edge: Edge) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.edge = edge
        page.route(f"**/api/conversations/{edge.conversation}/rewind/", self._answer)

    def _answer(self, route: Route) -> None:
        body: Any = route.request.post_data_json
        self.asked.append(body["message"])
        self.edge.replaced += 2 if self.status == 200 else 0
        route.fulfill(status=self.status, json={"replaced": 2})


def test_the_answer_is_asked_for_again_in_its_place(page: Page, edge: Edge) -> None:
    rewinds = Rewinds(page, edge)
    send(page, "roll a die")
    edge.wait_for_typed().answer("three")
    row = (questions(page).get_attribute("id") or "")[2:]
    answers(page).get_by_role("button", name="Answer again").click()
    second = edge.wait_for_connection(2)
    edge.wait_for_typed()
    assert rewinds.asked == [row]
    assert second.path == f"/ws/live/{edge.conversation}/"
    second.answer("five")
    expect(answers(page)).to_have_count(1)
    expect(answers(page)).to_contain_text("five")
    expect(questions(page)).to_have_count(1)
    assert second.typed[0][1] == "roll a die"
    assert second.typed[0][0] != edge.connections[0].typed[0][0], "another message of the record"


def test_an_earlier_message_is_edited_and_what_followed_makes_place(page: Page, edge: Edge) -> None:
    rewinds = Rewinds(page, edge)
    for text in ("first", "second"):
        send(page, text)
        edge.wait_until(lambda: text in [said for _, said in edge.now.typed], text)  # noqa: B023
        edge.now.answer(f"answer to {text}")
    expect(answers(page)).to_have_count(2)
    row = (questions(page).first.get_attribute("id") or "")[2:]
    questions(page).first.hover()
    questions(page).first.get_by_role("button", name="Edit").click()
    box = page.get_by_role("textbox", name="Message")
    expect(box).to_have_value("first")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_have_value("")
    questions(page).first.get_by_role("button", name="Edit").click()
    box.fill("first, but better")
    page.keyboard.press("Enter")
    edge.wait_for_connection(2)
    edge.wait_for_typed().answer("a better answer")
    assert rewinds.asked == [row]
    expect(page.locator("article")).to_have_count(2)
    expect(questions(page)).to_contain_text("first, but better")
    expect(answers(page)).to_contain_text("a better answer")


def test_an_edit_that_the_record_refuses_loses_nothing(page: Page, edge: Edge, complaints: Complaints) -> None:
    Rewinds(page, edge).status = 500
    send(page, "first")
    edge.wait_for_typed().answer("answer")
    questions(page).hover()
    questions(page).get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Message").fill("better")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("could not be replaced")
    expect(page.locator("article")).to_have_count(2)
    expect(page.get_by_text("You edit an earlier message.")).to_be_visible()
    complaints.forgive("500")


def test_what_is_sent_while_another_message_is_replaced_comes_behind_it(page: Page, edge: Edge) -> None:
    send(page, "roll a die")
    edge.wait_for_typed().answer("three")
    held: list[Route] = []
    page.route(f"**/api/conversations/{edge.conversation}/rewind/", lambda route: held.append(route))
    answers(page).get_by_role("button", name="Answer again").click()
    edge.wait_until(lambda: bool(held), "the rewind")
    send(page, "and a coin")
    edge.replaced += 2
    held[0].fulfill(json={"replaced": 2})
    edge.wait_for_connection(2)
    edge.wait_for_typed(2)
    assert [text for _, text in edge.now.typed] == ["roll a die", "and a coin"]
    edge.now.answer("five")
    edge.now.answer("heads")
    expect(page.locator("article")).to_have_text(
        [re.compile(text) for text in ("roll a die", "five", "and a coin", "heads")]
    )


def test_an_answer_that_came_after_all_takes_the_failure_away(page: Page, edge: Edge) -> None:
    row = str(uuid.uuid4())
    send(page, "think hard")
    edge.wait_for_typed().turn(row, "pending")
    expect(answers(page)).to_have_id(f"m-{row}")
    edge.rows = [
        {
            "id": row,
            "client_id": None,
            "position": 2,
            "role": "model",
            "modality": "text",
            "text": "At last.",
            "parts": [],
        }
        | {"transport": "websocket", "model": "m", "status": "complete", "first_output_ms": 5}
    ]
    edge.now.close(1012)
    expect(answers(page)).to_contain_text("At last.")
    expect(answers(page)).to_have_attribute("data-status", "complete")
    expect(page.locator(".failure")).to_have_count(0)
    expect(answers(page).get_by_role("button", name="Answer again")).to_have_count(1)


def test_each_answer_opens_how_it_was_served(page: Page, edge: Edge) -> None:
    failed: dict[str, Any] = {"transport": "websocket", "platform": "vertex", "location": "us-central1"}
    failed |= {"model": "gemini-live-x"}
    failed |= {"started_at": "2026-05-01T12:00:00Z", "duration_ms": 40, "outcome": "failed"}
    failed |= {"error_kind": "model_not_found", "code": 1008}
    details = {
        "message": {
            "transport": "sdk",
            "model": "gemini-2.5-flash",
            "status": "complete",
            "created_at": "2026-05-01T12:00:00Z",
            "completed_at": "2026-05-01T12:00:02.500Z",
            "first_output_ms": 340,
            "usage": {"prompt": 12, "output": 30, "total": 42},
        },
        "attempts": [failed, failed | {"transport": "sdk", "outcome": "ended", "error_kind": "", "code": None}],
        "fallbacks": [{"from_transport": "websocket", "to_transport": "sdk", "reason": "model_not_found"}],
    }
    page.route("**/served/", lambda route: route.fulfill(json=details))
    send(page, "hello")
    edge.wait_for_typed().answer("hi")
    button = answers(page).get_by_role("button", name=re.compile("How this was served"))
    button.click()
    box = page.get_by_role("region", name="How this was served")
    for said in ("sdk", "gemini-2.5-flash", "340 ms", "2.5 s", "12 asked · 30 answered · 42 in all", "1008"):
        expect(box).to_contain_text(said)
    expect(box).to_contain_text("websocket → sdk: the model was not found")
    expect(box.get_by_role("listitem")).to_have_count(2)
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(box).to_be_hidden()


def test_sources_calls_and_thoughts_stand_beside_the_words(page: Page, edge: Edge) -> None:
    send(page, "look it up")
    connection = edge.wait_for_typed()
    connection.say({"text": "I should search", "thought": True})
    connection.send({"toolCall": {"functionCalls": [{"id": "1", "name": "get_weather", "args": {"city": "<b>Rome"}}]}})
    connection.say("It is sunny.", {"executableCode": {"code": "print(1)"}})
    web = [
        {"web": {"uri": "https://example.org/rome", "title": "Rome <i>today</i>"}},
        {"web": {"uri": "javascript:alert(1)", "title": "bad"}},
    ]
    connection.send(
        {"serverContent": {"groundingMetadata": {"groundingChunks": web, "webSearchQueries": ["weather rome"]}}}
    )
    connection.end_turn()
    answer = answers(page)
    link = answer.get_by_role("link", name="Rome <i>today</i>")
    expect(link).to_have_attribute("href", "https://example.org/rome")
    expect(answer.get_by_role("link")).to_have_count(1)
    expect(answer).to_contain_text("Searched: weather rome")
    call = answer.get_by_text("Calls get_weather")
    expect(answer.get_by_text('"city": "<b>Rome"')).to_be_hidden()
    call.click()
    expect(answer.get_by_text('"city": "<b>Rome"')).to_be_visible()
    expect(answer.get_by_text("Code that was run")).to_be_visible()
    expect(answer.get_by_text("I should search")).to_be_hidden()


def test_code_gets_its_colours_and_stays_what_it_is(page: Page, edge: Edge) -> None:
    send(page, "code")
    code = 'def f(x):\n    return "<b>" + x  # no markup\n'
    edge.wait_for_typed().answer(f"```python\n{code}```\n\n```nonsense\nplain\n```\n")
    expect(answers(page).locator(".hljs-keyword").first).to_have_text("def")
    assert answers(page).locator("pre").first.text_content() == code
    assert answers(page).locator("pre").nth(1).text_content() == "plain\n"
    assert answers(page).locator("pre b").count() == 0


def test_a_long_message_of_ones_own_is_folded(page: Page, edge: Edge) -> None:
    send(page, "\n".join(f"line {nth}" for nth in range(60)))
    edge.wait_for_typed()
    unfold = page.get_by_role("button", name="Show all")
    folded = questions(page).bounding_box()
    unfold.click()
    expect(page.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    unfolded = questions(page).bounding_box()
    assert folded and unfolded and folded["height"] < unfolded["height"] / 2


def test_pressing_twice_asks_once(page: Page, edge: Edge) -> None:
    held: list[Route] = []
    page.route(f"**/api/conversations/{edge.conversation}/rewind/", lambda route: held.append(route))
    send(page, "hello")
    edge.wait_for_typed().answer("first")
    again = answers(page).get_by_role("button", name="Answer again")
    again.click()
    again.click()
    edge.wait_until(lambda: len(held) == 1, "the rewind")
    page.wait_for_timeout(100)
    assert len(held) == 1
    held[0].fulfill(json={"replaced": 2})
    connection = edge.wait_for_connection(2)
    edge.wait_until(lambda: len(connection.typed) == 1, "the question")
    connection.answer("second")
    expect(answers(page)).to_have_count(1)
    expect(answers(page)).to_contain_text("second")


def test_copying_is_said(page: Page, edge: Edge) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    send(page, "mine")
    edge.wait_for_typed()
    questions(page).get_by_role("button", name="Copy message").click()
    expect(page.locator("#announcement")).to_have_text("Copied")
    expect(questions(page).get_by_role("button", name="Copy message")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (429, "You have too many open sessions."),
        (403, "The model is not allowed for you."),
        (401, "You are signed out."),
        (413, "the message is too long"),
    ],
)
def test_what_http_refuses_is_said_as_the_socket_would(
    page: Page, edge: Edge, status: int, sentence: str, complaints: Complaints
) -> None:
    """Where WebSockets are blocked."""
    page.evaluate(
        """() => {
          window.WebSocket = class {
            constructor() { setTimeout(() => this.onclose({code: 1006, reason: ""})); }
            close() {}
          };
        }"""
    )
    refused = {"error": {"code": status, "message": sentence}}
    page.route("**/messages/", lambda route: route.fulfill(status=status, json=refused))
    send(page, "hello")
    place = questions(page) if status == 413 else page.locator("#notice")
    expect(place).to_contain_text(sentence)
    complaints.forgive(f"status of {status}")


def test_a_double_click_on_send_sends(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").fill("hello")
    page.get_by_role("button", name="Send").dblclick()
    connection = edge.wait_for_typed()
    connection.say("begun")
    expect(answers(page)).to_contain_text("begun")
    assert connection.stops == 0
    assert len(connection.typed) == 1


def test_who_types_before_the_page_is_ready_is_understood(page: Page, edge: Edge, live_server: Any) -> None:
    held: list[Route] = []
    page.route("**/main.js", lambda route: held.append(route))
    page.goto(f"{live_server.url}/", wait_until="commit")
    box = page.get_by_role("textbox", name="Message")
    box.press_sequentially("quick")
    box.press("Enter")
    expect(box).to_have_value("quick")
    held[0].continue_()
    connection = edge.wait_for_typed()
    assert [text for _, text in connection.typed] == ["quick"]
    expect(box).to_have_value("")
