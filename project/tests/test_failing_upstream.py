"""What a person sees, and the record keeps, when Gemini does not do its part."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from conversations.models import FallbackEvent, Message, Session, TransportAttempt
from live_proxy.config import live_config
from live_proxy.session.answer_relay import AnswerRelay
from live_proxy.session.visit import Visit
from project.tests.driving import AUDIO, Service, rows
from simulator import KnownModel, Simulator

pytestmark = pytest.mark.service

LIVE_NAMES = 5


@pytest.fixture
def short_patience(settings: Any) -> None:
    settings.LIVE_SETUP_TIMEOUT = 0.3
    settings.LIVE_CLIMB_TIMEOUT = 1.5
    settings.LIVE_FIRST_OUTPUT_TIMEOUT = 0.5
    settings.LIVE_STALL_TIMEOUT = 0.5


@pytest.mark.parametrize(
    ("scenario", "kind", "attempts"),
    [
        ("no_live_access", "endpoint_not_found", 1),
        ("not_found", "model_not_found", 4),
        ("permission_denied", "permission", 1),
        ("unauthorized", "unauthenticated", 1),
        ("quota", "quota", 4),
        ("quota_close", "quota", 4),
        ("location", "location", 1),
        ("invalid_argument", "invalid_argument", 4),
        ("precondition", "precondition", 4),
        ("never_accepts", "connect_timeout", 2),
        ("never_setup", "setup_timeout", 2),
    ],
)
async def test_when_nobody_serves_one_honest_sentence_says_so(
    short_patience: None, service: Service, scenario: str, kind: str, attempts: int
) -> None:
    service.google.scenario = scenario
    started = time.monotonic()
    page = await service.talk()
    client_id = await page.type("hello")
    assert await page.notice("saved") == client_id
    error = await page.notice("error")
    assert time.monotonic() - started < 4
    assert error["message"].startswith("No answer: ")
    assert {tried["kind"] for tried in error["tried"]} == {kind}
    assert error["help"] == f"/help/#{kind}"
    # The first look was before the question: what it ruled out is named again, and not tried again.
    assert len(error["tried"]) in (attempts, len(service.runtime.config.every_candidate) - 1)
    await service.written()
    assert await TransportAttempt.objects.filter(outcome="failed", error_kind=kind).acount() >= attempts
    user, model = await rows(Message.objects.order_by("position")[:2])
    assert (user.status, model.status) == ("complete", "failed")
    text = str(page.messages)
    assert "demo-project" not in text, "upstream's own words stay in the record"


async def test_it_is_served_again_once_gemini_is_back(short_patience: None, service: Service) -> None:
    service.google.scenario = "no_live_access"
    page = await service.talk()
    await page.type("hello")
    await page.notice("error")
    service.google.scenario = "normal"
    assert "hello again" in await page.ask("hello again")


async def test_without_any_configuration_the_sentence_names_what_to_set(
    settings: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GOOGLE_CLOUD_PROJECT = ""
    monkeypatch.setattr(service.runtime, "config", live_config())
    page = await service.talk()
    error = await page.notice("error")
    assert "GOOGLE_CLOUD_PROJECT" in error["message"]


async def test_a_client_without_notices_is_closed_with_the_sentence(service: Service) -> None:
    service.google.scenario = "no_live_access"
    page = await service.connect(notices=False)
    await page.send({"setup": {}})
    code, reason = await page.closed()
    assert code == 1013
    assert reason.startswith("No answer: ")


@pytest.mark.parametrize("scenario", ["internal", "unavailable", "cut", "internal_after_setup"])
async def test_a_passing_fault_is_tried_again(service: Service, scenario: str) -> None:
    service.google.script([scenario])
    page = await service.talk()
    assert "hello" in await page.ask("hello")


@pytest.mark.parametrize("scenario", ["no_output", "empty_turn"])
async def test_a_turn_that_was_not_heard_is_asked_of_the_next_candidate(
    short_patience: None, service: Service, scenario: str
) -> None:
    service.google.script([scenario])
    page = await service.talk()
    assert "hello" in await page.ask("hello")
    await service.written()
    (model,) = await rows(Message.objects.filter(role="model"))
    assert (model.status, model.model) == ("complete", "gemini-live-2.5-flash-native-audio")
    reasons = await rows(FallbackEvent.objects.order_by("created_at").values_list("reason", flat=True))
    assert reasons[0] == scenario
    assert len(await rows(Message.objects.filter(role="user"))) == 1


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [("internal_mid_turn", "internal"), ("cut_mid_turn", "network"), ("stall", "stall"), ("clean_mid_turn", "")],
)
async def test_a_turn_that_was_heard_is_never_served_twice(
    short_patience: None, service: Service, scenario: str, kind: str
) -> None:
    service.google.script([scenario])
    page = await service.talk()
    await page.type("long")
    await page.until(lambda message: message.get("serverContent", {}).get("interrupted") is True)
    await page.turn_end()
    heard = page.text()
    assert heard
    await service.written()
    model = await Message.objects.aget(role="model")
    assert (model.status, model.text) == ("interrupted", heard)
    assert model.attempt_id is not None
    attempt = await TransportAttempt.objects.aget(pk=model.attempt_id)
    assert attempt.outcome == "ended"
    if kind:
        assert attempt.error_kind == kind
    assert "hello" in await page.ask("hello")
    assert await Message.objects.filter(role="model").acount() == 2


@pytest.mark.parametrize("scenario", ["unknown_fields", "big_message", "text_frames", "thoughts", "truncated_json"])
async def test_odd_but_harmless_messages_do_not_cost_the_turn(service: Service, scenario: str) -> None:
    service.google.scenario = scenario
    page = await service.talk()
    assert "hello" in await page.ask("hello")


async def test_thoughts_are_never_part_of_the_answer(service: Service) -> None:
    service.google.scenario = "thoughts"
    page = await service.connect()
    await page.set_up(config={"responseModalities": ["TEXT"], "thinkingConfig": {"includeThoughts": True}})
    answer = await page.ask("hello")
    await service.written()
    model = await Message.objects.aget(role="model")
    assert model.text == answer
    assert any(part.get("thought") for part in model.parts)


async def test_a_blocked_turn_ends_without_another_try(service: Service) -> None:
    service.google.scenario = "blocked"
    page = await service.talk()
    await page.type("hello")
    end = await page.turn_end()
    assert end["serverContent"]["turnCompleteReason"]
    await service.written()
    assert await TransportAttempt.objects.acount() == 1
    model = await Message.objects.aget(role="model")
    assert model.status == "failed"
    assert {"turnCompleteReason": end["serverContent"]["turnCompleteReason"]} in model.parts


@pytest.mark.parametrize("scenario", ["go_away", "go_away_after_turn"])
async def test_go_away_is_ours_to_handle(service: Service, scenario: str) -> None:
    service.google.script([scenario])
    page = await service.talk()
    await page.ask("my name is Ada")
    await service.google.wait_for(lambda google: google.connections[0].closed_at is not None)
    assert "my name is Ada" in await page.ask("history please")
    assert not any("goAway" in message for message in page.messages)


async def test_a_question_asked_after_go_away_is_answered_to_its_end(service: Service, google: Simulator) -> None:
    """It came in a quiet moment: what is asked before anybody acted on it must not be cut off."""
    google.pace.go_away_after, google.pace.go_away_time_left = 0.0, 30.0
    google.chunk_delay = 0.05  # the answer takes longer than the session waits between two looks
    google.script(["go_away"])
    page = await service.talk()
    await google.wait_for(lambda sim: any("goAway" in each.kinds for each in sim.connections))
    await page.type("long")
    await page.turn_end()
    await google.wait_for(lambda sim: sim.connections[0].closed_at is not None)
    await page.ask("hello")
    await service.written()
    answers = await rows(Message.objects.filter(role="model").order_by("position").values_list("status", flat=True))
    assert answers == ["complete", "complete"]


async def test_interruption_by_a_new_message(service: Service, google: Simulator) -> None:
    google.chunk_delay = 0.03
    page = await service.talk()
    await page.type("long")
    await page.until(lambda message: "modelTurn" in message.get("serverContent", {}))
    await page.type("hello")
    await page.until(lambda message: message.get("serverContent", {}).get("interrupted") is True)
    await page.turn_end()
    before = len(page.messages)
    await page.turn_end()
    assert "hello" in page.text(before)
    await service.written()
    statuses = await rows(Message.objects.order_by("position").values_list("role", "status"))
    assert statuses == [("user", "complete"), ("model", "interrupted"), ("user", "complete"), ("model", "complete")]


async def test_tools_go_there_and_back(service: Service) -> None:
    page = await service.connect()
    await page.set_up(tools=[{"functionDeclarations": [{"name": "get_weather", "description": "weather"}]}])
    await page.type("please call get_weather")
    call = (await page.until(lambda message: "toolCall" in message))["toolCall"]["functionCalls"][0]
    answer = {"id": call["id"], "name": call["name"], "response": {"output": "sunny"}}
    await page.send({"toolResponse": {"functionResponses": [answer]}})
    await page.turn_end()
    assert "sunny" in page.text()
    await service.written()
    assert await rows(Message.objects.order_by("position").values_list("role", flat=True)) == [
        "user",
        "model",
        "tool",
        "model",
    ]


async def test_voice_is_relayed_and_transcribed(service: Service) -> None:
    page = await service.connect()
    await page.set_up(config=AUDIO, outputAudioTranscription={})
    await page.type("hello")
    await page.turn_end()
    media = [frame for frame in page.frames if isinstance(frame, bytes) and b"inlineData" in frame]
    assert media
    spoken = "".join(
        m["serverContent"].get("outputTranscription", {}).get("text", "") for m in page.messages if "serverContent" in m
    )
    await service.written()
    model = await Message.objects.aget(role="model")
    assert (model.modality, model.text) == ("audio", spoken)


async def test_sound_beside_words_is_heard_as_well(short_patience: None, service: Service, google: Simulator) -> None:
    """A model that sends sound and transcription in one message: the turn is heard, so it is not served twice."""
    google.models = (
        *google.models,
        KnownModel("gemini-live-2.5-flash", platforms=("vertex",), modalities=("TEXT", "AUDIO"), joined=True),
    )
    google.script(["internal_mid_turn"])
    page = await service.connect()
    await page.set_up(config=AUDIO)
    await page.type("long")
    await page.until(lambda message: message.get("serverContent", {}).get("interrupted") is True)
    await service.written()
    assert (await Message.objects.aget(role="model")).status == "interrupted"
    assert len(google.connections) == 1


async def test_the_end_of_a_silent_stream_is_no_question(short_patience: None, service: Service) -> None:
    page = await service.connect()
    await page.set_up(config=AUDIO)
    await page.ask("hello")
    await page.send({"realtimeInput": {"audioStreamEnd": True}})
    await asyncio.sleep(1.5)  # three times what the first output may take
    await page.ask("hello")
    assert len(service.google.connections) == 1


async def test_a_question_that_met_thoughts_alone_may_be_asked_again(service: Service, google: Simulator) -> None:
    google.scenario = "no_output"
    page = await service.connect()
    welcome = await page.set_up()
    await page.type("hello", client_id="one")
    await page.notice("saved")
    await page.close()
    google.scenario = "normal"
    again = await service.talk(conversation=welcome["conversation"])
    await again.type("hello", client_id="one")
    await again.turn_end()
    assert "hello" in again.text()
    await service.written()
    assert await Message.objects.filter(role="user").acount() == 1


async def test_a_session_that_is_closed_while_it_begins_ends_on_record(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify = Visit.notify

    async def signed_out_meanwhile(visit: Visit, notice: Any) -> None:
        await notify(visit, notice)
        for seat in list(service.runtime.hub._seats):
            seat.close(4401, "You are no longer signed in.")
        await asyncio.sleep(0.05)

    monkeypatch.setattr(Visit, "notify", signed_out_meanwhile)
    page = await service.connect()
    await page.send({"setup": {}})
    assert (await page.closed())[0] == 4401
    monkeypatch.setattr(Visit, "notify", notify)
    async with asyncio.timeout(2):
        while len(service.runtime.hub):
            await asyncio.sleep(0.01)
    await service.written()
    session = await Session.objects.aget()
    assert session.close_code == 4401
    assert session.ended_at is not None


async def test_a_question_asked_while_another_fails_is_answered_as_itself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.google.scenario = "nothing_works"
    page = await service.talk()
    settle, failing, go_on = AnswerRelay.settle, asyncio.Event(), asyncio.Event()

    async def slowly(relay: AnswerRelay, draft: Any, question: Any = None) -> None:
        failing.set()
        await go_on.wait()
        await settle(relay, draft, question)

    monkeypatch.setattr(AnswerRelay, "settle", slowly)
    await page.type("anybody?")
    async with asyncio.timeout(10):
        await failing.wait()
    service.google.scenario = "normal"
    second = await page.type("and now?")
    await page.until(lambda message: message.get("proxy", {}).get("saved") == second)
    go_on.set()
    await page.turn_end()
    await service.written()
    found = [(row.role, row.status) async for row in Message.objects.order_by("position")]
    assert found == [("user", "complete"), ("model", "failed"), ("user", "complete"), ("model", "complete")]
