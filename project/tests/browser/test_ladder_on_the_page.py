"""Falling back and coming back, as people see it: real server, real simulator, real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.listening import listen, microphone_is_open, wait_for_sound
from project.tests.browser.test_whole_service import sign_in
from project.tests.processes import Stack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
BLOCKED = """
const Real = WebSocket;
window.tries = 0;
window.WebSocket = class extends Real {
  constructor(url, names) { super(String(url).replace("/ws/live/", "/ws/blocked/"), names); window.tries += 1; }
};
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    stack = Stack(tmp_path_factory.mktemp("ladder"), transports="websocket,sdk,rest")
    stack.python(
        "from django.contrib.auth import get_user_model as g\n"
        "g().objects.create_superuser('demo', '', 'demo'); print('null')"
    )
    _, address = stack.serve()
    yield stack, f"http://{address}"
    stack.stop()


def say(page: Page, text: str, transport: str) -> None:
    """Type a message; its one answer must come over `transport`."""
    before = page.locator("article[data-role=model]").count()
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()
    answer = page.locator("article[data-role=model]").nth(before)
    expect(answer).to_contain_text(f"You said: “{text}”", timeout=20_000)
    expect(answer).to_have_attribute("data-transport", transport)
    expect(answer).to_have_attribute("data-status", "complete")
    expect(page.locator("article[data-role=model]")).to_have_count(before + 1)


def choose(page: Page, scenario: str) -> None:
    picker = page.get_by_label("Simulator")
    expect(picker).to_be_enabled()
    with page.expect_response(lambda response: "/api/demo/scenario/" in response.url and response.ok):
        picker.select_option(scenario)


def test_down_the_ladder_and_up_again(page: Page, service: tuple[Stack, str]) -> None:
    _, url = service
    badge = page.get_by_test_id("transport")
    sign_in(page, url)
    choose(page, "no_live_access")
    say(page, "first", "sdk")
    expect(badge).to_have_text("sdk")
    expect(page.locator("#status")).to_have_text("gemini-2.5-flash over sdk, without voice")
    choose(page, "normal")
    expect(badge).to_have_text("websocket", timeout=15_000)
    expect(page.locator("#status")).to_contain_text("works again")
    say(page, "second", "websocket")
    choose(page, "rest_only")
    page.goto(url)
    say(page, "third", "rest")
    expect(badge).to_have_text("rest")
    page.goto(f"{url}/admin/conversations/conversation/")
    page.get_by_role("link", name="third").first.click()
    for words in ("WebSocket", "SDK streaming", "REST", "endpoint_not_found", "HTTP 503"):
        expect(page.locator("main, body").first).to_contain_text(words)
    page.goto(url)
    choose(page, "normal")


def test_a_simulator_that_does_not_say_what_it_can_do_is_named(page: Page, service: tuple[Stack, str]) -> None:
    _, url = service
    errors: list[Exception] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.route("**/api/demo/scenario/", lambda route: route.abort())
    sign_in(page, url)
    expect(page.locator("#scenario-note")).to_have_text("The simulator did not answer.")
    assert errors == []


def test_where_websockets_are_blocked_answers_come_over_http(page: Page, service: tuple[Stack, str]) -> None:
    stack, url = service
    page.add_init_script(BLOCKED)
    sign_in(page, url)
    choose(page, "normal")
    say(page, "hello", "sdk")
    expect(page.locator("#notice")).to_contain_text("WebSockets are blocked")
    page.wait_for_timeout(500)
    assert page.evaluate("window.tries") <= 4, "the socket is tried again with growing patience, not in a circle"
    say(page, "once more", "sdk")
    page.reload()
    expect(page.locator("article[data-role=model]")).to_have_count(2)
    found = stack.python(
        "import json\nfrom conversations.models import FallbackEvent, Session\n"
        "print(json.dumps([list(Session.objects.filter(client='http').values_list('client', flat=True)),"
        " list(FallbackEvent.objects.filter(reason='client_socket_blocked').values_list('to_transport', flat=True))]))"
    )
    assert found == [["http", "http"], ["sdk", "sdk"]]


def test_talking_down_the_ladder_and_up_again(page: Page, service: tuple[Stack, str]) -> None:
    stack, url = service
    page.context.grant_permissions(["microphone"])
    listen(page)
    sign_in(page, url)
    choose(page, "normal")
    state = page.locator("#voice-state")
    page.get_by_role("button", name="Start voice").click()
    expect(state).to_have_text("Listening")
    # The microphone of these tests hears a voice every eight seconds.
    said = page.locator("article[data-role=user][data-modality=audio]")
    expect(said.first).to_contain_text("speech", timeout=15_000)
    answer = page.locator("article[data-role=model][data-modality=audio]").first
    expect(answer).to_contain_text("I heard", timeout=15_000)
    wait_for_sound(page)
    expect(state).to_have_text("Gemini is speaking")
    expect(answer).to_have_attribute("data-status", "complete", timeout=15_000)
    page.get_by_role("button", name="Mute").click()
    with page.expect_response(lambda response: "/api/demo/scenario/" in response.url and response.ok):
        page.get_by_label("Simulator").select_option("no_live_access")
    page.get_by_role("button", name="End voice").click()
    page.get_by_role("button", name="Start voice").click()
    expect(state).to_have_text("Gemini cannot hear you now. Type instead", timeout=15_000)
    expect(page.get_by_test_id("transport")).to_have_text("sdk")
    expect(page.locator("#voice-note")).to_contain_text("your microphone is off")
    assert not microphone_is_open(page)
    page.get_by_role("textbox", name="Message").fill("in writing")
    page.keyboard.press("Enter")
    written = page.locator("article[data-role=model]").last
    expect(written).to_contain_text("You said: “in writing”", timeout=15_000)
    expect(written).to_have_attribute("data-transport", "sdk")
    choose(page, "normal")
    expect(page.get_by_role("alert")).to_contain_text("Voice is possible again.", timeout=15_000)
    page.get_by_role("alert").get_by_role("button", name="Talk again").click()
    expect(state).to_have_text(re.compile("Listening|Thinking…|Gemini is speaking"), timeout=15_000)
    assert microphone_is_open(page)
    page.get_by_role("button", name="End voice").click()
    heard = page.locator("article").count()
    page.reload()
    expect(page.locator("article")).to_have_count(heard)
    expect(page.locator("article[data-modality=audio]").first).to_contain_text("speech")


def test_voice_is_not_offered_where_websockets_are_blocked(page: Page, service: tuple[Stack, str]) -> None:
    _, url = service
    page.add_init_script(BLOCKED)
    sign_in(page, url)
    choose(page, "normal")
    say(page, "hello", "sdk")
    voice = page.get_by_role("button", name="Start voice")
    expect(voice).to_be_disabled()
    expect(voice).to_have_attribute("title", "Voice needs a WebSocket, which this network blocks. Typing works.")
    page.locator("#file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"some text"})
    page.get_by_role("textbox", name="Message").fill("with a file")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article[data-role=model]")).to_have_count(2)


def test_an_answer_over_http_is_stopped(page: Page, service: tuple[Stack, str]) -> None:
    _, url = service
    page.add_init_script(BLOCKED)
    sign_in(page, url)
    choose(page, "http_slow_drip")
    page.get_by_role("textbox", name="Message").fill("a long story please")
    page.get_by_role("button", name="Send").click()
    answer = page.locator("article[data-role=model]")
    expect(answer).to_contain_text("Hello", timeout=20_000)
    page.get_by_role("button", name="Stop answering").click()
    expect(answer).to_have_attribute("data-status", "interrupted")
    choose(page, "normal")
    say(page, "and now?", "sdk")


def test_pictures_reach_gemini(page: Page, service: tuple[Stack, str]) -> None:
    stack, url = service
    page.context.grant_permissions(["microphone", "camera"])
    sign_in(page, url)
    choose(page, "normal")
    page.get_by_role("button", name="Start voice").click()
    expect(page.locator("#voice-state")).to_have_text("Listening")
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_text("Gemini sees your camera")).to_be_visible()
    wait_until(lambda: any(each["video_frames"] >= 2 for each in stack.connections()), "two pictures")
    page.get_by_role("button", name="End voice").click()
    picture = page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(600, 400);
          canvas.getContext("2d").fillRect(0, 0, 300, 400);
          return [...new Uint8Array(await (await canvas.convertToBlob({type: "image/png"})).arrayBuffer())];
        }"""
    )
    page.locator("#file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": bytes(picture)})
    page.get_by_role("textbox", name="Message").fill("what is it?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("article[data-role=model]").last).to_contain_text("[image/jpeg]", timeout=15_000)
