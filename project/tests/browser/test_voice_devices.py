"""Microphones, loudspeakers, cameras and screens: chosen, missing, refused, let go."""

import base64

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.calling import options, start, state, wait_until_it_listens
from project.tests.browser.conftest import Edge
from project.tests.browser.listening import (
    loudness,
    microphone_is_open,
    wait_for_sound,
    wait_until,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ready_to_talk")]


def test_microphones_and_volume_can_be_chosen(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    options(page)
    picker = page.get_by_role("combobox", name="Microphone")
    expect(picker.locator("option").first).to_have_text("The usual one")
    expect(picker.locator("option")).not_to_have_count(1)
    picker.select_option(index=1)
    edge.wait_until(lambda: page.evaluate("window.asked.length") == 2, "the other microphone")
    assert page.evaluate("window.tracks.filter((track) => track.readyState === 'live').length") == 1
    wait_until_it_listens(edge, connection)
    page.get_by_label("Volume").fill("0")
    connection.speak("not audible", 1)
    page.wait_for_timeout(300)
    assert loudness(page) < 0.001
    page.reload()
    start(page, edge)
    assert page.evaluate("window.asked[0].constraints.audio.deviceId.ideal")


ONLY_THE_USUAL = """() => {
  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (wanted) {
    if (wanted.audio?.deviceId) throw new DOMException("", "NotReadableError");
    return ask.call(this, wanted);
  };
}"""


def test_a_microphone_that_cannot_be_opened_leaves_the_one_that_listens(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate(ONLY_THE_USUAL)
    options(page)
    picker = page.get_by_role("combobox", name="Microphone")
    picker.select_option(index=1)
    note = page.locator("#voice-note")
    expect(note).to_have_text("That microphone could not be opened. The one before still listens.")
    expect(picker).to_have_value("")
    expect(page.locator("#notice")).to_be_hidden()
    wait_until_it_listens(edge, connection)
    assert not page.evaluate("JSON.parse(localStorage.getItem('device') ?? '{}').microphone")


@pytest.mark.parametrize("name", ["NotReadableError", "NotFoundError"])
def test_a_call_begins_with_the_usual_microphone_where_the_chosen_one_cannot_be_had(
    page: Page, edge: Edge, name: str
) -> None:
    page.evaluate("localStorage.setItem('device', JSON.stringify({microphone: 'another'}))")
    page.evaluate(ONLY_THE_USUAL.replace("NotReadableError", name))
    connection = start(page, edge)
    expect(page.locator("#voice-note")).to_have_text(
        "Your chosen microphone could not be opened. The usual one listens now."
    )
    expect(state(page)).to_have_text("Listening")
    options(page)
    expect(page.get_by_role("combobox", name="Microphone")).to_have_value("")
    wait_until_it_listens(edge, connection)


def test_a_call_that_ended_meanwhile_asks_for_no_other_microphone(page: Page, edge: Edge) -> None:
    page.evaluate("localStorage.setItem('device', JSON.stringify({microphone: 'another'}))")
    page.evaluate(
        """() => {
          window.count = 0;
          MediaDevices.prototype.getUserMedia = () => {
            window.count += 1;
            return new Promise((_, refuse) => { window.refuse = refuse; });
          };
        }"""
    )
    page.get_by_role("button", name="Start voice").click()
    page.get_by_role("button", name="End voice").click()
    page.evaluate("window.refuse(new DOMException('', 'NotReadableError'))")
    assert page.evaluate("window.count") == 1
    expect(page.locator("#notice")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("NotAllowedError", "The microphone is blocked"),
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "The microphone does not start"),
        ("TypeError", "Sound could not be started"),
    ],
)
def test_each_trouble_with_the_microphone_has_its_own_help(page: Page, edge: Edge, name: str, title: str) -> None:
    page.evaluate(
        """(name) => {
          MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("", name); };
        }""",
        name,
    )
    page.get_by_role("button", name="Start voice").click()
    help = page.get_by_role("alert")
    expect(help.get_by_text(title)).to_be_visible()
    assert help.get_by_role("listitem").count() >= 1
    expect(page.get_by_role("region", name="Voice")).to_be_hidden()
    assert edge.connections == []
    expect(help.get_by_role("button", name="Try again")).to_be_visible()
    help.get_by_role("button", name="Close this").press("Enter")
    expect(help).to_be_hidden()
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()


def test_a_trouble_with_the_microphone_is_over_when_it_listens(page: Page, edge: Edge) -> None:
    page.evaluate(
        """() => {
          const ask = MediaDevices.prototype.getUserMedia;
          MediaDevices.prototype.getUserMedia = async () => {
            MediaDevices.prototype.getUserMedia = ask;
            throw new DOMException("", "NotAllowedError");
          };
        }"""
    )
    page.get_by_role("button", name="Start voice").click()
    expect(page.get_by_role("alert")).to_contain_text("The microphone is blocked")
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_sound_that_never_starts_lets_go_of_the_microphone_and_names_the_loudspeaker(page: Page, edge: Edge) -> None:
    # Firefox where no loudspeaker is connected: the context neither wakes nor fails.
    page.evaluate("() => { AudioContext.prototype.resume = () => new Promise(() => {}); }")
    page.get_by_role("button", name="Start voice").click()
    help = page.get_by_role("alert")
    expect(help.get_by_text("Sound could not be started")).to_be_visible(timeout=8000)
    expect(help.get_by_text("a loudspeaker or a headset is connected")).to_be_visible()
    assert page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")
    assert edge.connections == []


def test_an_address_that_is_not_secure_is_named(page: Page, edge: Edge) -> None:
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.get_by_role("button", name="Start voice").click()
    expect(page.get_by_role("alert")).to_contain_text("This address is not secure")


def test_a_microphone_that_is_unplugged_is_replaced_by_the_usual_one(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate("window.tracks[0].stop(); window.tracks[0].dispatchEvent(new Event('ended'))")
    edge.wait_until(lambda: page.evaluate("window.asked.length") == 2, "another microphone")
    wait_until_it_listens(edge, connection)


def test_talking_elsewhere_ends_it_here(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.close(4409)
    expect(page.get_by_role("region", name="Voice")).to_be_hidden()
    assert not microphone_is_open(page)
    expect(page.get_by_role("alert")).to_contain_text("another tab or device")


def test_leaving_before_the_microphone_is_allowed_asks_for_nothing_more(page: Page, edge: Edge) -> None:
    page.evaluate(
        """() => {
          const ask = MediaDevices.prototype.getUserMedia;
          MediaDevices.prototype.getUserMedia = async function (wanted) {
            await new Promise((done) => { window.allow = done; });
            return ask.call(this, wanted);
          };
        }"""
    )
    page.get_by_role("button", name="Start voice").click()
    expect(state(page)).to_have_text("Connecting…")
    page.get_by_role("button", name="End voice").click()
    page.evaluate("window.allow()")
    wait_until(page, "window.tracks.length > 0 && window.tracks.every((track) => track.readyState === 'ended')")
    assert edge.connections == []


def test_models_that_do_not_talk_offer_no_voice(page: Page, edge: Edge) -> None:
    button = page.get_by_role("button", name="Start voice")
    expect(button).to_be_enabled()
    page.get_by_role("combobox", name="Model").select_option("Gemini 2.5 Flash")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "This model does not talk. Choose one with 🎤.")


@pytest.mark.parametrize("source", ["Camera", "Share screen"])
def test_one_picture_a_second_with_a_preview_and_a_sign(page: Page, edge: Edge, source: str) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    button = page.get_by_role("button", name=source)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("one picture a second")).to_be_visible()
    expect(page.locator("#preview")).to_be_visible()
    edge.wait_until(lambda: len(connection.realtime("video")) == 3, "three pictures", seconds=10)
    page.wait_for_timeout(500)
    assert len(connection.realtime("video")) <= 4
    picture = connection.realtime("video")[0]
    assert picture["mimeType"] == "image/jpeg"
    assert base64.b64decode(picture["data"]).startswith(b"\xff\xd8")
    connection.serves("sdk", "audio_in", "audio_out")
    expect(page.get_by_text("Nobody sees your picture")).to_be_visible()
    page.wait_for_timeout(300)
    before = len(connection.realtime("video"))
    page.wait_for_timeout(1300)
    assert len(connection.realtime("video")) == before
    page.get_by_role("button", name="End voice").click()
    assert page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")


@pytest.mark.parametrize(
    ("button", "name", "title"),
    [
        ("Camera", "NotFoundError", "No camera was found"),
        ("Share screen", "NotFoundError", "The screen cannot be shown"),
        ("Share screen", "NotAllowedError", "The camera or screen is blocked"),
    ],
)
def test_each_trouble_with_pictures_has_its_own_help(
    page: Page, edge: Edge, button: str, name: str, title: str
) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate(
        """(name) => {
          const refuse = async () => { throw new DOMException("", name); };
          MediaDevices.prototype.getUserMedia = MediaDevices.prototype.getDisplayMedia = refuse;
        }""",
        name,
    )
    page.get_by_role("button", name=button).click()
    help = page.get_by_role("alert")
    expect(help.get_by_text(title)).to_be_visible()
    assert help.get_by_role("listitem").count() >= 1
    expect(page.get_by_role("button", name=button)).to_have_attribute("aria-pressed", "false")
    expect(state(page)).to_have_text("Listening")
    page.get_by_role("button", name="End voice").click()
    expect(help).to_be_hidden()


def test_nothing_moves_for_those_who_want_nothing_to_move(page: Page, edge: Edge) -> None:
    page.emulate_media(reduced_motion="reduce")
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.speak("calm", 1)
    wait_for_sound(page)
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 50).length"
    assert page.evaluate(moving) == 0


def test_what_is_chosen_is_seen_where_the_system_gives_the_colours(page: Page, edge: Edge) -> None:
    page.emulate_media(forced_colors="active")
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    mute = page.locator("#mute")
    expect(mute).to_have_css("border-top-width", "1px")
    mute.click()
    expect(mute).to_have_css("border-top-width", "3px")
    themes = page.locator("#theme label")
    expect(themes.filter(has=page.locator(":checked"))).to_have_css("border-top-width", "2px")
    expect(themes.last).to_have_css("border-top-width", "0px")


def test_an_option_is_set_by_its_words(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    options(page)
    page.get_by_text("Do not listen while Gemini speaks").click()
    expect(page.get_by_label("Do not listen while Gemini speaks")).to_be_checked()
    page.locator(".voice-sheet").click(position={"x": 3, "y": 3})
    expect(page.locator(".voice-sheet")).to_be_visible()
    page.locator("h1").click()
    expect(page.locator(".voice-sheet")).to_be_hidden()
