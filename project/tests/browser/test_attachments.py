"""Pictures and files on their way into a message: picked, pasted, dropped, too large, taken back, not kept."""

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_messages import Rewinds, answers, questions, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")


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


def test_sending_waits_for_what_is_still_read(page: Page, edge: Edge) -> None:
    page.evaluate(
        """(bytes) => {
          const read = window.createImageBitmap;
          window.createImageBitmap = async (file) => {
            await new Promise((done) => { window.goOn = done; });
            return read(file);
          };
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "slow.png", {type: "image/png"}));
          const box = document.querySelector("#message");
          box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        list(picture(page, 4, 4)),
    )
    expect(page.get_by_text("Reading…")).to_be_visible()
    box = page.get_by_role("textbox", name="Message")
    box.fill("what is this?")
    box.press("Enter")
    box.press("Enter")
    page.evaluate("window.goOn()")
    connection = edge.wait_for_typed()
    parts = connection.received[-1]["clientContent"]["turns"][0]["parts"]
    assert [list(part) for part in parts] == [["inlineData"], ["text"]]
    assert len(connection.typed) == 1


def test_taking_one_file_back_leaves_those_that_are_still_read(page: Page, edge: Edge) -> None:
    attach(page, "first.txt", "text/plain", b"one")
    tray = page.get_by_role("list", name="Attached files")
    expect(tray).to_contain_text("first.txt")
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          Blob.prototype.arrayBuffer = async function () {
            await new Promise((done) => { window.goOn = done; });
            return read.call(this);
          };
        }"""
    )
    attach(page, "second.txt", "text/plain", b"two")
    expect(page.get_by_text("Reading…")).to_be_visible()
    page.get_by_role("button", name="Remove first.txt").click()
    page.evaluate("window.goOn()")
    expect(tray).to_contain_text("second.txt")
    expect(tray).not_to_contain_text("first.txt")
    send(page, "")
    assert edge.wait_for_typed().typed[0][1] == "second.txt:\n````\ntwo\n````"


def test_a_text_with_its_picture_is_pasted_as_text(page: Page, edge: Edge) -> None:
    prevented = page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "a cell");
          data.items.add(new File([new Uint8Array(4)], "image.png", {type: "image/png"}));
          const pasted = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.querySelector("#message").dispatchEvent(pasted);
          return pasted.defaultPrevented;
        }"""
    )
    assert prevented is False
    expect(page.get_by_role("list", name="Attached files")).to_be_hidden()


def test_files_that_are_too_much_together_are_refused_before_anything_is_sent(page: Page, edge: Edge) -> None:
    for nth in range(3):
        attach(page, f"{nth}.txt", "text/plain", b"x" * 95_000)
    expect(page.get_by_role("list", name="Attached files").get_by_role("listitem")).to_have_count(3)
    box = page.get_by_role("textbox", name="Message")
    box.fill("compare them")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("too long")
    expect(box).to_have_value("compare them")
    page.get_by_role("button", name="Remove 2.txt").click()
    box.press("Enter")
    connection = edge.wait_for_typed()
    assert connection.typed[0][1].startswith("compare them")


def test_a_message_that_the_server_found_too_long_can_be_edited_and_sent_again(page: Page, edge: Edge) -> None:
    edge.saves = False
    send(page, "much too long")
    edge.wait_for_typed().close(1009)
    expect(questions(page)).to_have_attribute("data-status", "unsent")
    questions(page).get_by_role("button", name="Edit").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("much too long")
    edge.saves = True
    send(page, "shorter")
    again = edge.wait_for_connection(2)
    edge.wait_until(lambda: [text for _, text in again.typed] == ["shorter"], "the shorter one")
    expect(questions(page)).to_have_count(1)


def test_editing_brings_the_pictures_back_and_keeps_what_was_being_written(page: Page, edge: Edge) -> None:
    rewinds = Rewinds(page, edge)
    attach(page, "dot.png", "image/png", picture(page, 4, 4))
    send(page, "what is this?")
    edge.wait_for_typed().answer("A dot.")
    box = page.get_by_role("textbox", name="Message")
    box.fill("half a thought")
    questions(page).get_by_role("button", name="Edit").click()
    expect(page.get_by_role("list", name="Attached files").get_by_role("img")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(box).to_have_value("half a thought")
    expect(page.get_by_role("list", name="Attached files")).to_be_hidden()
    questions(page).get_by_role("button", name="Edit").click()
    send(page, "and this?")
    edge.wait_until(lambda: len(rewinds.asked) == 1, "the rewind")
    again = edge.wait_for_connection(2)
    edge.wait_until(lambda: bool(again.typed), "the question")
    assert "inlineData" in again.received[-1]["clientContent"]["turns"][0]["parts"][0]
    expect(box).to_have_value("half a thought")


def test_a_picture_that_nobody_kept_has_to_be_attached_again(page: Page, edge: Edge, live_server: Any) -> None:
    rewinds = Rewinds(page, edge)
    row = {"modality": "text", "model": "", "first_output_ms": None, "status": "complete", "client_id": None}
    shown = [{"inlineData": {"mimeType": "image/jpeg", "bytes": 51_200}}]
    edge.rows = [
        row | {"id": str(uuid.uuid4()), "position": 1, "role": "user", "text": "look", "transport": "", "parts": shown},
        row
        | {"id": str(uuid.uuid4()), "position": 2, "role": "model", "text": "A dog.", "transport": "sdk", "parts": []},
    ]
    send(page, "x")
    edge.wait_for_typed().close(1012)
    edge.wait_for_connection(2)
    answer = answers(page).filter(has_text="A dog.")
    answer.get_by_role("button", name="Answer again").click()
    expect(page.get_by_role("alert")).to_contain_text("are not kept")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("look")
    expect(page.get_by_text("You edit an earlier message.")).to_be_visible()
    assert rewinds.asked == []


def test_a_file_is_shown_as_a_file_and_comes_back_as_one(page: Page, edge: Edge) -> None:
    attach(page, "notes.md", "text/markdown", b"# Notes\n\n```\ncode\n```\n")
    send(page, "what is in it?")
    edge.wait_for_typed().answer("Notes.")
    question = questions(page)
    expect(question.locator(".text")).to_have_text("what is in it?")
    expect(question.get_by_text("# Notes")).to_be_hidden()
    question.get_by_text("notes.md").click()
    expect(question.get_by_text("# Notes")).to_be_visible()
    expect(page.locator("h1")).to_have_text("what is in it?")
    question.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("textbox", name="Message")).to_have_value("what is in it?")
    expect(page.get_by_role("list", name="Attached files")).to_contain_text("notes.md")


def test_what_is_sent_is_what_was_there_when_enter_was_pressed(page: Page, edge: Edge) -> None:
    """A file that cannot be read, or another text meanwhile, stops the sending."""
    attach(page, "broken.png", "image/png", b"not a picture")
    box = page.get_by_role("textbox", name="Message")
    box.fill("what is this?")
    box.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert.or_(questions(page)).first).to_be_visible()
    page.evaluate(
        """() => {
          window.createImageBitmap = async () => {
            await new Promise((done) => { window.goOn = done; });
            throw new Error("unreadable");
          };
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(4)], "slow.png", {type: "image/png"}));
          const box = document.querySelector("#message");
          box.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }"""
    )
    before = questions(page).count()
    box.fill("and this?")
    box.press("Enter")
    page.evaluate("window.goOn()")
    expect(alert).to_contain_text("slow.png could not be read")
    expect(box).to_have_value("and this?")
    assert questions(page).count() == before
