"""Messages over plain HTTP, where the network lets no WebSocket through."""

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_talking import send

pytestmark = pytest.mark.django_db(transaction=True)

BLOCKED = """
window.tries = 0;
window.WebSocket = class {
  constructor() {
    window.tries += 1;
    setTimeout(() => this.onclose({code: 1006, reason: ""}));
  }
  close() {}
};
"""


class Line:
    """The server side of `POST messages/`: refuses with `refusal` while there is one, else answers."""

    def __init__(self, page: Page) -> None:
        self.refusal: dict[str, Any] | None = None
        self.asked: list[str] = []
        page.route("**/messages/", self._answer)

    def _answer(self, route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        self.asked.append(body["text"])
        if self.refusal is not None:
            return route.fulfill(**self.refusal)
        events = [
            {"proxy": {"saved": body["id"], "message": str(uuid.uuid4())}},
            {"serverContent": {"modelTurn": {"parts": [{"text": f"About {body['text']}"}]}}},
            {"serverContent": {"turnComplete": True}},
        ]
        stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return route.fulfill(content_type="text/event-stream", body=stream)


@pytest.fixture
def line(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> Line:
    made = Line(page)
    page.add_init_script(BLOCKED)
    page.goto(f"{live_server.url}/")
    return made


def questions(page: Page) -> Any:
    return page.locator("article[data-role=user]")


def answers(page: Page) -> Any:
    return page.locator("article[data-role=model]")


def refusal(status: int, sentence: str, **headers: str) -> dict[str, Any]:
    error = {"error": {"code": status, "message": sentence}}
    return {"status": status, "headers": headers, "content_type": "application/json", "body": json.dumps(error)}


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_a_service_that_is_away_did_not_take_goes_out_later(
    page: Page, line: Line, status: int, complaints: Complaints
) -> None:
    line.refusal = refusal(status, "", **{"Retry-After": "2"})
    page.evaluate("Math.random = () => 0; null")
    send(page, "first")
    expect(questions(page)).to_contain_text("Waiting to be sent")
    send(page, "second")
    expect(questions(page).last).to_contain_text("Waiting to be sent")
    expect(answers(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()
    line.refusal = None
    expect(answers(page).first).to_contain_text("About first")
    expect(answers(page).last).to_contain_text("About second")
    expect(questions(page).last).not_to_contain_text("Waiting")
    assert line.asked[-2:] == ["first", "second"]
    complaints.forgive(f"status of {status}")


def test_what_was_said_without_a_network_goes_out_when_it_is_back(
    page: Page, line: Line, edge: Edge, complaints: Complaints
) -> None:
    send(page, "hello")
    expect(answers(page)).to_contain_text("About hello")
    page.unroute("**/messages/")  # what is played is reached without a network, too
    page.context.set_offline(True)
    send(page, "one")
    send(page, "two")
    expect(questions(page).last).to_contain_text("Waiting to be sent")
    expect(questions(page).nth(1)).to_contain_text("Waiting to be sent")
    tries = page.evaluate("window.tries")
    page.wait_for_timeout(300)
    assert page.evaluate("window.tries") <= tries + 1, "the socket is not tried in a circle"
    expect(answers(page)).to_have_count(1)
    page.route("**/messages/", line._answer)
    page.context.set_offline(False)
    expect(answers(page)).to_have_count(3)
    expect(answers(page).last).to_contain_text("About two")
    complaints.forgive("ERR_INTERNET_DISCONNECTED")


def test_any_other_refusal_is_said_in_the_words_of_the_service(page: Page, line: Line, complaints: Complaints) -> None:
    line.refusal = refusal(400, "“family” is not one of this service's models.")
    send(page, "hello")
    expect(answers(page)).to_contain_text("“family” is not one of this service's models.")
    expect(answers(page).get_by_role("button", name="Try again")).to_be_visible()
    complaints.forgive("status of 400")


def test_a_network_that_was_away_leaves_who_answers(page: Page, line: Line, complaints: Complaints) -> None:
    send(page, "hello")
    expect(answers(page)).to_contain_text("About hello")
    expect(page.locator("#notice")).to_contain_text("WebSockets are blocked")
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    page.context.set_offline(False)
    expect(page.locator("#notice")).to_contain_text("WebSockets are blocked")
    expect(page.get_by_test_id("transport")).to_have_attribute("data-tone", "on")
    complaints.forgive("ERR_INTERNET_DISCONNECTED")
