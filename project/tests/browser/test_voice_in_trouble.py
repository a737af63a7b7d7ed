"""A call whose surroundings change under it: connections, upstreams, sound, focus, and what is told of each."""

import json
import re
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from live_proxy.models import SetupPolicy
from project.tests.browser.calling import sound, start, state, wait_until_it_listens
from project.tests.browser.conftest import Edge
from project.tests.browser.listening import microphone_is_open, wait_for_silence, wait_for_sound, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ready_to_talk")]


def keep_choice(page: Page, **choice: Any) -> None:
    page.evaluate("(choice) => localStorage.setItem('device', choice)", json.dumps(choice))
    page.reload()


def spoken(page: Page) -> list[str]:
    return page.locator("article[data-role=user] .text").all_inner_texts()


def test_the_end_is_said_and_the_focus_stays_at_hand(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.get_by_role("button", name="End voice").click()
    expect(state(page)).to_have_text("Voice has ended")
    expect(page.get_by_role("button", name="Start voice")).to_be_focused()
    expect(page.get_by_role("button", name="Mute")).to_be_hidden()
    expect(page.get_by_role("region", name="Voice")).to_be_hidden()


def test_a_call_that_ends_before_anything_was_recorded_stays_in_its_conversation(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.heard("My name is Ada")
    connection.turn(str(uuid.uuid4()), "pending")
    connection.speak("Good day", 5)
    wait_for_sound(page)
    page.get_by_role("button", name="End voice").click()
    assert edge.wait_for_connection(2).path == f"/ws/live/{edge.conversation}/"


def test_the_space_bar_talks_from_the_start(page: Page, edge: Edge) -> None:
    keep_choice(page, pushToTalk=True)
    connection = start(page, edge)
    expect(state(page)).to_have_text("Hold the space bar or the button to talk")
    page.keyboard.down("Space")
    edge.wait_until(lambda: len(connection.realtime("activityStart")) == 1, "talking")
    page.keyboard.up("Space")
    edge.wait_until(lambda: len(connection.realtime("activityEnd")) == 1, "the end")
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="Mute").click()
    page.keyboard.down("Space")
    edge.wait_until(lambda: len(connection.realtime("activityStart")) == 2, "after a click elsewhere")
    page.keyboard.up("Space")
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "false")


def test_who_cannot_hold_a_button_presses_it_twice(page: Page, edge: Edge) -> None:
    keep_choice(page, pushToTalk=True)
    connection = start(page, edge)
    talk = page.get_by_role("button", name="Hold to talk")
    expect(talk).to_be_visible()
    expect(state(page)).to_have_text("Hold the space bar or the button to talk")
    talk.focus()
    page.keyboard.press("Enter")
    expect(talk).to_have_attribute("aria-pressed", "true")
    edge.wait_until(lambda: len(sound(connection)) > 3, "sound")
    page.keyboard.press("Enter")
    edge.wait_until(lambda: len(connection.realtime("activityEnd")) == 1, "the end")


def test_while_somebody_is_looked_for_nobody_listens(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.notice(status="connecting")
    expect(state(page)).to_have_text("Reconnecting…")
    connection.notice(error={"kind": "no_candidate", "message": "Nobody.", "tried": [], "retryable": True})
    expect(state(page)).to_have_text("Nobody answers right now")
    connection.serves("websocket")
    expect(state(page)).to_have_text("Listening")


def test_muted_is_said_while_an_answer_plays(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    connection.speak("a story", 3)
    expect(state(page)).to_have_text("Gemini is speaking")
    page.get_by_role("button", name="Mute").click()
    expect(state(page)).to_have_text("Gemini is speaking. You are muted")


def test_sound_that_fell_asleep_is_said_and_woken_by_a_key(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate("window.room.suspend(); 0")
    expect(state(page)).to_contain_text("put the sound to sleep")
    page.locator("body").press("Shift")
    expect(state(page)).to_have_text("Listening")


def test_an_answer_that_makes_place_for_another_is_silent(page: Page, edge: Edge) -> None:
    page.route("**/rewind/", lambda route: route.fulfill(json={"replaced": 2}))
    connection = start(page, edge)
    row, question = str(uuid.uuid4()), str(uuid.uuid4())
    connection.heard("Tell me a story")
    connection.turn(row, "pending", question=question)
    connection.speak("Once upon a time", 30)
    connection.turn(row, "complete", question=question)
    connection.end_turn()
    wait_for_sound(page)
    page.get_by_role("button", name="Answer again").click()
    edge.wait_for_connection(2)
    wait_for_silence(page)


def test_what_was_said_before_a_lost_connection_is_not_said_twice(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.heard("first words")
    expect(page.locator("article[data-role=user]")).to_have_count(1)
    connection.close(1012)
    again = edge.wait_for_connection(2)
    edge.wait_until(lambda: bool(again.received), "the set-up")
    again.heard("second words")
    edge.wait_until(lambda: "second words" in spoken(page), "the second words")
    assert spoken(page) in (["first words", "second words"], ["second words"]), "the record has not brought the first"


def test_what_another_upstream_hears_takes_the_place_of_what_the_first_one_heard(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.heard("what tie is")
    expect(page.locator("article[data-role=user]")).to_contain_text("what tie is")
    connection.notice(status="connecting")
    connection.serves("websocket")
    connection.heard("what time ")
    connection.heard("is it?")
    expect(page.locator("article[data-role=user] .text")).to_have_text("what time is it?")


def test_what_one_says_is_read_out_once_when_it_is_complete(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    log = page.get_by_role("log")
    connection.heard("Hello")
    expect(log).to_have_attribute("aria-busy", "true")
    connection.turn(str(uuid.uuid4()), "pending")
    connection.speak("Hi", 0.1)
    connection.end_turn()
    expect(log).to_have_attribute("aria-busy", "false")


def test_a_microphone_that_the_browser_or_the_system_turns_off_is_said(page: Page, edge: Edge) -> None:
    keep_choice(page, pushToTalk=True)  # nothing that is heard by itself changes the state
    start(page, edge)
    expect(state(page)).to_have_text("Hold the space bar or the button to talk")
    turn = """(off) => {
      const [track] = window.tracks;
      Object.defineProperty(track, "muted", {value: off, configurable: true});
      track.dispatchEvent(new Event(off ? "mute" : "unmute"));
    }"""
    page.evaluate(turn, True)
    expect(state(page)).to_have_text("Your microphone is turned off by the browser or the system")
    page.evaluate(turn, False)
    expect(state(page)).to_have_text("Hold the space bar or the button to talk")


def test_an_unplugged_microphone_is_replaced_and_said(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate("window.tracks[0].stop(); window.tracks[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#voice-note")).to_have_text("The microphone was unplugged. The usual one listens now.")


def test_a_microphone_refused_after_the_call_troubles_nobody(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate(
        """() => {
          const ask = MediaDevices.prototype.getUserMedia;
          MediaDevices.prototype.getUserMedia = () => new Promise((_, refuse) => { window.refuse = refuse; });
          window.tracks[0].dispatchEvent(new Event("ended"));
          window.again = () => { MediaDevices.prototype.getUserMedia = ask; };
        }"""
    )
    page.get_by_role("button", name="End voice").click()
    page.evaluate("window.again()")
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate("window.refuse(new DOMException('', 'NotAllowedError'))")
    page.wait_for_timeout(100)
    expect(state(page)).to_have_text("Listening")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_camera_taken_back_at_once_sends_no_second_picture_a_second(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.evaluate(
        """() => {
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = async function () {
            await new Promise((done) => { window.played = done; });
            return play.call(this);
          };
          window.normal = () => { HTMLMediaElement.prototype.play = play; };
        }"""
    )
    camera = page.get_by_role("button", name="Camera")
    camera.click()
    wait_until(page, "window.played !== undefined")
    camera.click()
    page.evaluate("window.normal(); window.played()")
    camera.click()
    edge.wait_until(lambda: len(connection.realtime("video")) == 2, "two pictures", seconds=10)
    page.wait_for_timeout(1500)
    assert len(connection.realtime("video")) <= 4


def test_voice_that_cannot_be_had_says_why(page: Page, edge: Edge) -> None:
    page.get_by_role("combobox", name="Model").select_option("Gemini 2.5 Flash")
    page.get_by_role("button", name="Start voice").click(force=True)
    expect(page.get_by_role("alert")).to_contain_text("This model does not talk. Choose one with 🎤.")
    assert page.evaluate("window.asked") == []


def test_talking_in_the_middle_of_a_typed_question_asks_it_again_aloud(page: Page, edge: Edge) -> None:
    page.get_by_role("textbox", name="Message").fill("what is it?")
    page.keyboard.press("Enter")
    edge.wait_for_typed()
    connection = start(page, edge)
    edge.wait_until(lambda: [text for _, text in connection.typed] == ["what is it?"], "the question")
    connection.speak("It is a test.", 0.1)
    expect(page.locator("article[data-role=model]")).to_contain_text("It is a test.")
    expect(page.locator("article[data-role=user]")).to_have_count(1)


def test_talking_asks_all_again_that_nobody_has_begun_to_answer(page: Page, edge: Edge) -> None:
    for text in ("what is it?", "and why?"):
        page.get_by_role("textbox", name="Message").fill(text)
        page.keyboard.press("Enter")
    edge.wait_for_typed(2)
    connection = start(page, edge)
    edge.wait_until(lambda: [text for _, text in connection.typed] == ["what is it?", "and why?"], "both questions")
    for text in ("A test.", "Because."):
        connection.speak(text, 0.1)
        connection.end_turn()
    expect(page.locator("article")).to_have_text(
        [re.compile(text) for text in ("what is it?", "and why?", "A test.", "Because.")]
    )


def test_another_setting_waits_for_the_answer_of_now(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    connection.turn(str(uuid.uuid4()), "pending")
    connection.speak("half of", 0.1)
    page.get_by_role("combobox", name="Model").select_option("Gemini 3.8 Live 🎤")
    connection.speak(" an answer", 0.1)
    expect(page.locator("article[data-role=model]")).to_contain_text("half of an answer")
    assert len(edge.connections) == 1
    connection.end_turn()
    again = edge.wait_for_connection(2)
    edge.wait_until(lambda: bool(again.received), "the set-up")
    assert again.setup["model"] == "Gemini 3.8 Live 🎤"
    expect(state(page)).to_have_text("Listening")


def test_after_a_crash_in_mid_answer_it_listens_again(page: Page, edge: Edge) -> None:
    connection = start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.get_by_role("textbox", name="Message").fill("what is it?")
    page.keyboard.press("Enter")
    expect(state(page)).to_have_text("Thinking…")
    edge.wait_until(lambda: len(connection.typed) == 1, "the question")
    connection.turn(str(uuid.uuid4()), "pending")
    connection.close(3006)
    edge.wait_for_connection(2)
    expect(state(page)).to_have_text("Listening")


def test_a_model_without_voice_ends_the_call_and_says_why(page: Page, edge: Edge) -> None:
    start(page, edge)
    expect(state(page)).to_have_text("Listening")
    page.get_by_role("combobox", name="Model").select_option("Gemini 2.5 Flash")
    expect(state(page)).to_have_text("Voice has ended")
    expect(page.get_by_role("alert")).to_contain_text("This model does not talk. Choose one with 🎤.")
    assert not microphone_is_open(page)


def test_a_call_has_its_own_connection_where_nothing_may_be_written(
    page: Page, edge: Edge, live_server: Any, signed_in: Any
) -> None:
    SetupPolicy.objects.create(user=signed_in, modalities=["AUDIO"])
    page.goto(f"{live_server.url}/")
    page.get_by_role("textbox", name="Message").fill("typed")
    page.keyboard.press("Enter")
    typing = edge.wait_for_typed()
    assert typing.setup["generationConfig"] == {"responseModalities": ["AUDIO"]}
    typing.answer("read")
    expect(page.locator("article[data-role=model]")).to_contain_text("read")
    connection = start(page, edge)
    assert connection is not typing
    expect(state(page)).to_have_text("Listening")
    wait_until_it_listens(edge, connection)
