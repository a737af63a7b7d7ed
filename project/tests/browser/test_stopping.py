"""Wanting no more of an answer."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.conftest import Complaints, Edge
from project.tests.browser.test_messages import answers, questions, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.goto(f"{live_server.url}/")


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


def test_who_stops_an_answer_by_keyboard_goes_on_writing(page: Page, edge: Edge) -> None:
    send(page, "long")
    connection = edge.wait_for_typed()
    connection.say("begun")
    page.get_by_role("button", name="Stop answering").press("Enter")
    edge.wait_until(lambda: connection.stops == 1, "the stop")
    connection.turn("11111111-1111-4111-8111-111111111111", "interrupted")
    connection.end_turn()
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_a_server_that_does_not_stop_is_left(page: Page, edge: Edge) -> None:
    send(page, "long")
    edge.wait_for_typed().say("begun")
    page.get_by_role("button", name="Stop answering").click()
    edge.wait_for_connection(2)
    expect(answers(page)).to_have_attribute("data-status", "interrupted")


def test_an_answer_can_be_stopped_while_the_next_question_is_written(page: Page, edge: Edge) -> None:
    send(page, "long")
    connection = edge.wait_for_typed()
    connection.say("begun")
    page.get_by_role("textbox", name="Message").fill("but")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.get_by_role("button", name="Stop answering").click()
    edge.wait_until(lambda: connection.stops == 1, "the stop")


def test_what_is_stopped_before_the_connection_is_up_is_never_asked(page: Page, edge: Edge) -> None:
    edge.sets_up = False
    send(page, "first")
    send(page, "second")
    connection = edge.wait_for_connection(1)
    page.get_by_role("button", name="Stop answering").click()
    expect(questions(page).first).to_contain_text("Not sent")
    expect(questions(page).last).to_contain_text("Not sent")
    expect(answers(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Stop answering")).to_be_hidden()
    connection.send({"setupComplete": {}})
    expect(page.get_by_test_id("transport")).to_have_text("connected")
    send(page, "third")
    edge.wait_for_typed()
    assert [text for _, text in connection.typed] == ["third"]
    assert len(edge.connections) == 1
    questions(page).first.get_by_role("button", name="Try again").click()
    edge.wait_for_typed(2)
    assert [text for _, text in connection.typed] == ["third", "first"]
