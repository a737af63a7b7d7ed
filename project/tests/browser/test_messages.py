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
        page.route(f"**/api/conversations/{edge.conversation}/rewind/", self._answer)

    def _answer(self, route: Route) -> None:
        body: Any = route.request.post_data_json
        self.asked.append(body["message"])
        route.fulfill(status=self.status, json={"replaced": 2})


def test_an_answer_is_stopped(page: Page, edge: Edge) -> None:
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()
    send(page, "long")
    connection = edge.wait_for_typed()
    connection.say("begun")
    stop = page.get_by_role("button", name="Stop answering")
    stop.click()
    edge.wait_until(lambda: connection.stops == 1, "the stop")
    connection.send({"serverContent": {"interrupted": True}})
    connection.send({"serverContent": {"turnComplete": True}})
    expect(answers(page)).to_have_attribute("data-status", "interrupted")
    expect(stop).to_be_hidden()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert len(edge.connections) == 1


def test_a_server_that_does_not_stop_is_left(page: Page, edge: Edge) -> None:
    send(page, "long")
    edge.wait_for_typed().say("begun")
    page.get_by_role("button", name="Stop answering").click()
    edge.wait_for_connection(2)
    expect(answers(page)).to_have_attribute("data-status", "interrupted")


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


# --- attachments --------------------------------------------------------------------------------------------------


def attach(page: Page, name: str, kind: str, data: bytes) -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def picture(page: Page, width: int, height: int) -> bytes:
    made = page.evaluate(
        """async ([width, height]) => {
          const canvas = new OffscreenCanvas(width, height);
          canvas.getContext("2d").fillRect(0, 0, width, height);
          return [...new Uint8Array(await (await canvas.convertToBlob({type: "image/png"})).arrayBuffer())];
        }""",
        [width, height],
    )
    return bytes(made)


def test_a_picture_goes_along_scaled_down(page: Page, edge: Edge) -> None:
    attach(page, "big.png", "image/png", picture(page, 3000, 2000))
    expect(page.get_by_role("list", name="Attached files")).to_contain_text("big.png")
    send(page, "what is this?")
    connection = edge.wait_for_typed()
    parts = connection.received[-1]["clientContent"]["turns"][0]["parts"]
    assert [list(part) for part in parts] == [["inlineData"], ["text"]]
    assert parts[0]["inlineData"]["mimeType"] == "image/jpeg"
    shown = questions(page).get_by_role("img", name="Attached picture")
    assert shown.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1536
    expect(page.get_by_role("list", name="Attached files")).to_be_hidden()


def test_pictures_alone_files_of_text_and_taking_back(page: Page, edge: Edge) -> None:
    attach(page, "dot.png", "image/png", picture(page, 4, 4))
    attach(page, "notes", "", "Zürich\n".encode())
    expect(page.get_by_role("list", name="Attached files").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Remove dot.png").click()
    send(page, "")
    connection = edge.wait_for_typed()
    (part,) = connection.received[-1]["clientContent"]["turns"][0]["parts"]
    assert part["text"] == "notes:\n````\nZürich\n\n````"


@pytest.mark.parametrize(
    ("name", "kind", "data", "why"),
    [
        ("broken.png", "image/png", b"not a picture", "could not be read"),
        ("song.mp3", "audio/mpeg", b"\xff\xfb\x90\x00" * 10, "of a kind that cannot be sent"),
        ("paper.pdf", "application/pdf", b"%PDF-1.7", "A model without 🎤 reads PDF"),
        ("long.txt", "text/plain", b"x" * 100_001, "too long"),
    ],
)
def test_what_cannot_go_along_is_said(
    page: Page, edge: Edge, name: str, kind: str, data: bytes, why: str, complaints: Complaints
) -> None:
    attach(page, name, kind, data)
    expect(page.get_by_role("alert")).to_contain_text(why)
    expect(page.get_by_role("alert")).to_contain_text(name)
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_a_document_goes_to_a_model_that_reads_documents(page: Page, edge: Edge) -> None:
    page.get_by_role("combobox", name="Model").select_option("Gemini 2.5 Flash")
    attach(page, "paper.pdf", "application/pdf", b"%PDF-1.7")
    send(page, "sum it up")
    connection = edge.wait_for_typed()
    part = connection.received[-1]["clientContent"]["turns"][0]["parts"][0]
    assert part["inlineData"]["mimeType"] == "application/pdf"


def test_pasted_and_dropped_pictures_are_attached(page: Page, edge: Edge) -> None:
    for event in ("paste", "drop"):
        page.evaluate(
            """([event, bytes]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(bytes)], `${event}.png`, {type: "image/png"}));
              const about = event === "paste" ? {clipboardData: data} : {dataTransfer: data};
              const made = event === "paste" ? new ClipboardEvent(event, {...about, bubbles: true, cancelable: true})
                : new DragEvent(event, {...about, bubbles: true, cancelable: true});
              document.querySelector("#message").dispatchEvent(made);
            }""",
            [event, list(picture(page, 4, 4))],
        )
    tray = page.get_by_role("list", name="Attached files")
    expect(tray).to_contain_text("paste.png")
    expect(tray).to_contain_text("drop.png")


def test_five_files_are_one_too_many(page: Page, edge: Edge) -> None:
    for nth in range(5):
        attach(page, f"{nth}.txt", "text/plain", b"x")
    expect(page.get_by_role("alert")).to_contain_text("At most 4 files")


def test_the_record_shows_what_was_attached_without_its_bytes(page: Page, edge: Edge, live_server: Any) -> None:
    row = {"id": str(uuid.uuid4()), "client_id": None, "position": 1, "role": "user", "modality": "text"}
    row |= {"text": "look", "transport": "", "model": "", "status": "complete", "first_output_ms": None}
    edge.rows = [row | {"parts": [{"inlineData": {"mimeType": "image/jpeg", "bytes": 51_200}}]}]
    send(page, "x")
    connection = edge.wait_for_typed()
    connection.answer("y")
    connection.close(1012)
    edge.wait_for_connection(2)
    expect(page.get_by_text("image/jpeg · 50 KiB")).to_be_visible()
