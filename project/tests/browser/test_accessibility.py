"""axe on every page and in every state: nothing serious, light and dark, large and small."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from conversations.tests.factories import conversation, message, session
from project.tests.browser.conftest import Edge
from project.tests.browser.listening import listen

pytestmark = pytest.mark.django_db(transaction=True)
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Colours on their way from one scheme to the other are nobody's choice; the end of one may begin another further in.
SETTLE = """async () => {
  for (let moving = [1]; moving.length; await new Promise(requestAnimationFrame)) {
    moving = document.getAnimations().filter(({effect}) => effect.getTiming().iterations === 1);
    for (const one of moving) one.finish();
  }
}"""


def problems(page: Page) -> list[str]:
    """What axe calls serious or critical, in light and dark, each with the first place where it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(SETTLE)
        told = page.evaluate("(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)
        found += [
            f"{scheme}: {each['id']}: {each['nodes'][0]['html'][:160]}"
            for each in told["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    return found


@pytest.fixture
def talk(signed_in: Any) -> Any:
    one = conversation(signed_in, title="Weather")
    talk = session(one)
    message(talk, 1, text="Tell me", modality="audio")
    text = "# Rain\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint('x')  # y\n```\n\n- [x] done\n"
    call = {"functionCall": {"name": "get_weather", "args": {}}}
    message(talk, 2, text=text, parts=[{"thought": True, "text": "hm"}, call], status="interrupted")
    message(talk, 3, text="picture", parts=[{"inlineData": {"mimeType": "image/jpeg", "bytes": 9}}])
    message(talk, 4, text="", status="failed")
    return one


ADDRESSES = [
    "/",
    "/c/{talk}/",
    "/accounts/tokens/",
    "/accounts/password/",
    "/help/",
    "/help/google-cloud/",
    "/no-such/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages(page: Page, live_server: Any, talk: Any, address: str) -> None:
    page.goto(live_server.url + address.format(talk=talk.pk))
    if "{talk}" in address:
        expect(page.locator("article")).to_have_count(4)
        expect(page.locator(".hljs-built_in, .hljs-string").first).to_be_visible()
        page.locator(".part summary").first.click()
    assert problems(page) == []


REVIEW = ["/admin/conversations/conversation/{talk}/change/", "/admin/transports/"]


@pytest.mark.parametrize("address", REVIEW)
def test_pages_for_staff(page: Page, live_server: Any, signed_in: Any, talk: Any, address: str) -> None:
    signed_in.is_staff = signed_in.is_superuser = True
    signed_in.save()
    page.goto(live_server.url + address.format(talk=talk.pk))
    expect(page.locator("h1").first).to_be_visible()
    assert problems(page) == []


def test_the_first_run(page: Page, live_server: Any, signed_in: Any, settings: Any) -> None:
    settings.GOOGLE_CLOUD_PROJECT = settings.GOOGLE_API_KEY = ""
    page.goto(f"{live_server.url}/")
    expect(page.get_by_text("Gemini is not connected yet")).to_be_visible()
    assert problems(page) == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/login/?next=/"])
def test_pages_for_who_is_not_signed_in(page: Page, live_server: Any, address: str) -> None:
    page.goto(live_server.url + address)
    assert problems(page) == []


def calling(page: Page, edge: Edge) -> None:
    page.context.grant_permissions(["microphone", "camera"])
    page.get_by_role("button", name="Start voice").click()
    edge.wait_for_connection(1)
    expect(page.locator("#voice-state")).to_have_text("Listening")


def camera_and_options(page: Page, edge: Edge) -> None:
    calling(page, edge)
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#preview")).to_be_visible()
    page.locator(".voice-options summary").click()


def deaf(page: Page, edge: Edge) -> None:
    calling(page, edge)
    edge.now.serves("sdk", "audio_in", "audio_out", reason="unavailable", **{"from": "websocket"})
    expect(page.locator("#voice-note")).to_be_visible()


def muted(page: Page, edge: Edge) -> None:
    calling(page, edge)
    page.get_by_role("button", name="Mute").click()


def settings_open(page: Page, edge: Edge) -> None:
    page.locator(".account summary").click()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    page.get_by_text("Delete all my conversations").click()


def menu_open(page: Page, edge: Edge) -> None:
    page.get_by_role("button", name="More for Weather").click()


def found(page: Page, edge: Edge) -> None:
    page.get_by_role("searchbox").fill("rain")
    expect(page.get_by_text("1 conversation found")).to_be_visible()


def failed(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").fill("hello")
    page.keyboard.press("Enter")
    tried = {"transport": "websocket", "platform": "vertex", "location": "", "model": "m", "kind": "quota", "code": 429}
    error = {"kind": "quota", "message": "The quota is used up.", "help": "/help/#quota", "retryable": True}
    edge.wait_for_typed().notice(error=error | {"tried": [tried]})
    page.get_by_text("What was tried").click()


def attached(page: Page, edge: Edge) -> None:
    file = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_role("list", name="Attached files")).to_be_visible()


def refused(page: Page, edge: Edge) -> None:
    page.evaluate(
        "() => { MediaDevices.prototype.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); } }"
    )
    page.get_by_role("button", name="Start voice").click()
    expect(page.get_by_role("alert")).to_be_visible()


def elsewhere(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").press_sequentially("h")
    edge.wait_for_connection(1).close(4409)
    expect(page.get_by_role("alert")).to_be_visible()


def served_open(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").fill("hello")
    page.keyboard.press("Enter")
    told = {"message": {"transport": "sdk", "model": "m", "status": "complete", "created_at": "2026-05-01T12:00:00Z"}}
    told["message"] |= {"completed_at": None, "first_output_ms": 3, "usage": {}}  # type: ignore[dict-item]
    page.route("**/served/", lambda route: route.fulfill(json={**told, "attempts": [], "fallbacks": []}))
    edge.wait_for_typed().answer(f"answer {uuid.uuid4()}")
    page.locator("button.served").click()
    expect(page.locator(".how dl")).to_be_visible()


def ended(page: Page, edge: Edge) -> None:
    calling(page, edge)
    page.get_by_role("button", name="End voice").click()
    expect(page.locator("#voice-state")).to_have_text("Voice has ended")


def speaking(page: Page, edge: Edge) -> None:
    calling(page, edge)
    edge.now.heard("What is it?")
    edge.now.speak("It is a test.", 8)
    expect(page.locator("#voice-state")).to_have_text("Gemini is speaking")


def held_to_talk(page: Page, edge: Edge) -> None:
    calling(page, edge)
    page.locator(".voice-options summary").click()
    page.get_by_label("Talk only while I hold").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Hold to talk")).to_be_visible()


def renaming(page: Page, edge: Edge) -> None:
    menu_open(page, edge)
    page.get_by_role("menuitem", name="Rename").click()


def undoing(page: Page, edge: Edge) -> None:
    menu_open(page, edge)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def editing(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").fill("hello")
    page.keyboard.press("Enter")
    edge.wait_for_typed().answer("hello")
    page.locator("article[data-role=user]").get_by_role("button", name="Edit").click()


def unsent(page: Page, edge: Edge) -> None:
    edge.saves = False
    page.get_by_role("textbox", name="Message").fill("too long")
    page.keyboard.press("Enter")
    edge.wait_for_typed().close(1009)
    expect(page.locator("article[data-status=unsent]")).to_be_visible()


def restarting(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").press_sequentially("h")
    connection = edge.wait_for_connection(1)
    edge.sets_up = False
    connection.close(1013)
    expect(page.locator("#notice")).to_be_visible()


def offline(page: Page, edge: Edge) -> None:
    page.context.set_offline(True)
    expect(page.locator("#notice")).to_be_visible()


STATES: list[Callable[[Page, Edge], None]] = [
    calling,
    camera_and_options,
    deaf,
    muted,
    settings_open,
    menu_open,
    found,
    failed,
    attached,
    refused,
    elsewhere,
    served_open,
    ended,
    speaking,
    held_to_talk,
    renaming,
    undoing,
    editing,
    unsent,
    restarting,
    offline,
]


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_states(page: Page, live_server: Any, talk: Any, edge: Edge, reach: Callable[[Page, Edge], None]) -> None:
    listen(page)
    page.goto(f"{live_server.url}/")
    reach(page, edge)
    assert problems(page) == []


@pytest.mark.parametrize("reach", [camera_and_options, deaf, attached, refused], ids=lambda reach: reach.__name__)
def test_states_on_a_phone(
    page: Page, live_server: Any, talk: Any, edge: Edge, reach: Callable[[Page, Edge], None]
) -> None:
    page.set_viewport_size({"width": 390, "height": 780})
    listen(page)
    page.goto(f"{live_server.url}/")
    reach(page, edge)
    assert problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = """[...document.querySelectorAll('button, select, input, summary')].filter((one) => {
      const {left, right, width} = one.getBoundingClientRect();
      return one.checkVisibility({visibilityProperty: true}) && !one.closest('[inert]') && width > 1
        && (left < -1 || right > innerWidth + 1);
    }).map((one) => one.outerHTML.slice(0, 90))"""
    assert page.evaluate(outside) == []
