"""Talking: a microphone that hears a voice, answers that are heard, and all that may come between."""

import base64
from array import array
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from project.tests.browser.conftest import FAMILY, Complaints, Connection, Edge
from project.tests.browser.listening import (
    listen,
    loudness,
    microphone_is_open,
    wait_for_silence,
    wait_for_sound,
    wait_until,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def opened(page: Page, live_server: Any, signed_in: Any, edge: Edge, complaints: Complaints) -> None:
    page.context.grant_permissions(["microphone", "camera"])
    listen(page)
    page.goto(f"{live_server.url}/")


def state(page: Page) -> Any:
    return page.get_by_role("region", name="Voice").get_by_role("status").first


def start(page: Page, edge: Edge) -> Connection:
    count = len(edge.connections)
    page.get_by_role("button", name="Start voice").click()
    connection = edge.wait_for_connection(count + 1)
    edge.wait_until(lambda: bool(connection.received), "the set-up")
    return connection


def sound(connection: Connection) -> list[bytes]:
    return [base64.b64decode(blob["data"]) for blob in connection.realtime("audio")]


def frames_within(page: Page, connection: Connection, milliseconds: int = 300) -> int:
    before = len(connection.realtime("audio"))
    page.wait_for_timeout(milliseconds)
    return len(connection.realtime("audio")) - before


def test_the_microphone_is_asked_for_on_a_click_and_not_before(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").press_sequentially("h")
    edge.wait_for_connection(1)
    assert page.evaluate("window.asked") == []
    connection = start(page, edge)
    (asked,) = page.evaluate("window.asked")
    wanted = asked["constraints"]["audio"]
    assert (wanted["echoCancellation"], wanted["noiseSuppression"], wanted["channelCount"]) == (True, True, 1)
    assert connection.setup == {
        "model": FAMILY,
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
    }


def test_what_is_said_goes_out_as_16_khz_in_frames_of_20_ms(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    edge.wait_until(lambda: len(sound(connection)) > 150, "three seconds of sound", seconds=10)
    frames = sound(connection)
    assert {len(frame) for frame in frames} == {640}
    assert {blob["mimeType"] for blob in connection.realtime("audio")} == {"audio/pcm;rate=16000"}
    samples = array("h", b"".join(frames))
    loud = [at for at, sample in enumerate(samples) if abs(sample) > 1500]
    assert loud, "the voice that the microphone hears"
    # 220 Hz stay 220 Hz: zero crossings upwards, counted within the voice.
    voice = samples[loud[0] : loud[0] + 8000]
    crossings = sum(one < 0 <= other for one, other in pairwise(voice))
    assert 100 <= crossings <= 120, "half a second of 220 Hz has 110"


def test_both_sides_are_read_along_and_become_ordinary_messages(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    row, question = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    connection.heard("What is the ")
    said = page.locator("article[data-role=user]")
    expect(said).to_have_text("What is the ")
    connection.heard("weather?")
    connection.turn(row, "pending", question=question)
    connection.speak("It ", 0.3)
    connection.speak("rains.", 0.3)
    expect(state(page)).to_have_text("Gemini is speaking")
    answer = page.locator("article[data-role=model]")
    expect(answer).to_contain_text("It rains.")
    wait_for_sound(page)
    connection.turn(row, "complete", question=question, first_output_ms=90)
    connection.end_turn()
    expect(said).to_contain_text("What is the weather?")
    expect(said).to_have_attribute("id", f"m-{question}")
    expect(answer).to_have_attribute("data-status", "complete")
    expect(answer).to_have_attribute("data-transport", "websocket")
    expect(answer).to_have_attribute("data-modality", "audio")
    wait_for_silence(page)
    expect(state(page)).to_have_text("Listening")
    connection.heard("And tomorrow?")
    expect(page.locator("article[data-role=user]")).to_have_count(2)
    assert [each.get_attribute("data-role") for each in page.locator("article").all()] == ["user", "model", "user"]


def test_what_was_said_stands_before_its_answer_however_late_it_is_written_down(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.turn("11111111-1111-4111-8111-111111111111", "pending")
    connection.speak("Hello!", 0.2)
    expect(page.locator("article[data-role=model]")).to_contain_text("Hello!")
    connection.heard("Good morning")
    expect(page.locator("article").first).to_contain_text("Good morning")


def test_an_interruption_is_silent_within_a_tenth_of_a_second(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    delays = []
    for _ in range(3):
        connection.speak("A long story", 20)
        wait_for_sound(page)
        page.evaluate("window.delay = window.untilSilence('interrupted'); 0")
        connection.send({"serverContent": {"interrupted": True}})
        delays.append(page.evaluate("window.delay"))
        connection.send({"serverContent": {"turnComplete": True}})
        expect(state(page)).to_have_text("Listening")
    # The best of three: what the page needs, not what else this machine is doing.
    assert min(delays) < 100
    expect(page.locator("article[data-role=model]").last).to_have_attribute("data-status", "interrupted")


def test_mute_only_mutes(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    edge.wait_until(lambda: len(sound(connection)) > 5, "sound")
    mute = page.get_by_role("button", name="Mute")
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    expect(state(page)).to_have_text("You are muted")
    edge.wait_until(lambda: connection.realtime("audioStreamEnd") == [True], "the end of what was said")
    assert frames_within(page, connection) == 0
    connection.speak("still heard", 0.5)
    wait_for_sound(page)
    assert len(edge.connections) == 1
    wait_for_silence(page)
    mute.click()
    expect(state(page)).to_have_text("Listening")
    assert frames_within(page, connection) > 5


def test_ending_lets_the_microphone_go_and_typing_goes_on(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.speak("blah", 5)
    wait_for_sound(page)
    assert microphone_is_open(page)
    page.get_by_role("button", name="End voice").click()
    assert not microphone_is_open(page)
    wait_until(page, "window.analyser.context.state === 'closed'")
    expect(page.get_by_role("region", name="Voice")).to_be_hidden()
    expect(page.get_by_role("button", name="Start voice")).to_be_visible()
    typing = edge.wait_for_connection(2)
    edge.wait_until(lambda: bool(typing.received), "the set-up")
    assert typing.setup["generationConfig"] == {"responseModalities": ["TEXT"]}
    page.get_by_role("textbox", name="Message").fill("written")
    page.keyboard.press("Enter")
    edge.wait_for_typed()
    start(page, edge)
    expect(state(page)).to_have_text("Listening")


def test_it_comes_back_after_a_restart(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    edge.sets_up = False
    connection.close(1012)
    expect(state(page)).to_have_text("Reconnecting…")
    edge.sets_up = True
    again = edge.wait_for_connection(2)
    again.send({"setupComplete": {}})
    again.serves("websocket")
    expect(state(page)).to_have_text("Listening")
    assert again.setup["generationConfig"] == {"responseModalities": ["AUDIO"]}
    assert frames_within(page, again) > 5
    assert microphone_is_open(page)


def test_typing_works_while_talking(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    page.get_by_role("textbox", name="Message").fill("typed")
    page.keyboard.press("Enter")
    edge.wait_for_typed()
    expect(state(page)).to_have_text("Thinking…")
    connection.turn("11111111-1111-4111-8111-111111111111", "pending")
    connection.speak("Spoken answer", 0.3)
    connection.end_turn()
    expect(page.locator("article[data-role=model]")).to_contain_text("Spoken answer")
    assert len(edge.connections) == 1


def options(page: Page) -> None:
    page.get_by_text("Voice options").click()


def test_talking_only_while_the_space_bar_is_held(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    options(page)
    page.get_by_label("Talk only while I hold").check()
    connection = edge.wait_for_connection(2)
    expect(state(page)).to_have_text("Hold the space bar or the button to talk")
    detection = connection.setup["realtimeInputConfig"]["automaticActivityDetection"]
    assert detection == {"disabled": True}
    assert frames_within(page, connection) == 0
    options(page)
    page.locator("h1").click()
    page.keyboard.down("Space")
    expect(state(page)).to_have_text("Listening: let go when you have finished")
    edge.wait_until(lambda: len(sound(connection)) > 10, "sound")
    page.keyboard.up("Space")
    edge.wait_until(lambda: len(connection.realtime("activityEnd")) == 1, "the end")
    assert len(connection.realtime("activityStart")) == 1
    expect(state(page)).to_have_text("Thinking…")
    assert frames_within(page, connection) == 0
    page.get_by_role("textbox", name="Message").press_sequentially("a b")
    expect(page.get_by_role("textbox", name="Message")).to_have_value("a b")
    assert len(connection.realtime("activityStart")) == 1, "a space in a text is a space"
    button = page.get_by_role("button", name="Hold to talk")
    button.hover()
    page.mouse.down()
    edge.wait_until(lambda: len(connection.realtime("activityStart")) == 2, "by the button")
    page.mouse.up()
    edge.wait_until(lambda: len(connection.realtime("activityEnd")) == 2, "by the button")


def test_half_duplex_does_not_listen_while_an_answer_plays(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    options(page)
    page.get_by_label("Do not listen while Gemini speaks").check()
    connection.speak("loud", 1.5)
    wait_for_sound(page)
    page.wait_for_timeout(60)  # what was under way
    assert frames_within(page, connection) == 0
    wait_for_silence(page)
    edge.wait_until(lambda: frames_within(page, connection, 100) > 0, "listening again")


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
    assert frames_within(page, connection) > 5
    page.get_by_label("Volume").fill("0")
    connection.speak("not audible", 1)
    page.wait_for_timeout(300)
    assert loudness(page) < 0.001
    page.reload()
    start(page, edge)
    assert page.evaluate("window.asked[0].constraints.audio.deviceId.ideal")


def test_a_transport_that_hears_nothing_says_so_and_voice_is_offered_again(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.notice(
        transport="sdk",
        model="gemini-2.5-flash",
        platform="vertex",
        reason="unavailable",
        lost=["audio_in", "audio_out"],
        **{"from": "websocket"},
    )
    expect(state(page)).to_have_text("Gemini cannot hear you now. Type instead")
    expect(page.locator("#voice-note")).to_contain_text("sdk takes no voice, so your microphone is off.")
    expect(page.locator("#status")).to_have_text(
        "Moved from websocket to sdk because it was not available, without voice, spoken answers."
    )
    expect(page.get_by_test_id("transport")).to_have_text("sdk")
    assert not microphone_is_open(page)
    page.get_by_role("textbox", name="Message").fill("then in writing")
    page.keyboard.press("Enter")
    edge.wait_for_typed()
    connection.answer("in writing")
    expect(page.locator("article[data-role=model]")).to_contain_text("in writing")
    connection.notice(
        transport="websocket",
        model="gemini-live-2.5-flash",
        platform="vertex",
        reason="recovered",
        **{"from": "sdk"},
    )
    expect(page.get_by_role("alert")).to_contain_text("Voice is possible again.")
    expect(page.locator("#voice-note")).to_be_hidden()
    assert not microphone_is_open(page)
    page.get_by_role("alert").get_by_role("button", name="Talk again").click()
    expect(state(page)).to_have_text("Listening")
    assert frames_within(page, connection) > 5


def test_spoken_questions_with_written_answers(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.serves("sdk", "audio_out")
    expect(page.locator("#voice-note")).to_have_text("sdk gives no spoken answers: they come as text.")
    expect(state(page)).to_have_text("Listening")
    assert frames_within(page, connection) > 5


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
    help.get_by_role("button", name="Close this").click()
    expect(help).to_be_hidden()


def test_an_address_that_is_not_secure_is_named(page: Page, edge: Edge) -> None:
    page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.get_by_role("button", name="Start voice").click()
    expect(page.get_by_role("alert")).to_contain_text("This address is not secure")


def test_a_microphone_that_is_unplugged_is_replaced_by_the_usual_one(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate("window.tracks[0].stop(); window.tracks[0].dispatchEvent(new Event('ended'))")
    edge.wait_until(lambda: page.evaluate("window.asked.length") == 2, "another microphone")
    edge.wait_until(lambda: frames_within(page, connection, 100) > 0, "sound")


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


def test_nothing_moves_for_those_who_want_nothing_to_move(page: Page, edge: Edge) -> None:
    page.emulate_media(reduced_motion="reduce")
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.speak("calm", 1)
    wait_for_sound(page)
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 50).length"
    assert page.evaluate(moving) == 0
