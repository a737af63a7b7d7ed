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


def problems(page: Page) -> list[str]:
    """What axe calls serious or critical, each with the first place where it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "(rules) => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, page: Page) -> str:
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    return str(request.param)


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
def test_pages(page: Page, live_server: Any, talk: Any, scheme: str, address: str) -> None:
    page.goto(live_server.url + address.format(talk=talk.pk))
    if "{talk}" in address:
        expect(page.locator("article")).to_have_count(4)
        expect(page.locator(".hljs-built_in, .hljs-string").first).to_be_visible()
        page.locator(".part summary").first.click()
    assert problems(page) == []


@pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/login/?next=/"])
def test_pages_for_who_is_not_signed_in(page: Page, live_server: Any, scheme: str, address: str) -> None:
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
]


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_states(
    page: Page, live_server: Any, talk: Any, edge: Edge, scheme: str, reach: Callable[[Page, Edge], None]
) -> None:
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
