"""What `sdk` and `rest` have in common on the wire: requests, turns, refusals, and second chances."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from live_proxy.candidates import TransportName
from live_proxy.catalogue import Platform
from live_proxy.errors import Action, ErrorKind, Failure, Scope
from live_proxy.protocol.client import normalise
from live_proxy.protocol.codec import JsonObject
from live_proxy.protocol.frames import Frame
from live_proxy.tests.generate_upstream import (
    CUT,
    HANG,
    HELLO,
    HTML,
    USAGE,
    messages,
    opened,
    refusal,
    said,
    transport,
    upstream,
    words,
)
from live_proxy.tests.loop_watch import other_tasks, until
from live_proxy.tests.upstreams import API_KEY, BEARER, GivenTokens, text_turn

K, A, S = ErrorKind, Action, Scope
NAMES: tuple[TransportName, ...] = ("sdk", "rest")
each = pytest.mark.parametrize("name", NAMES)
MODEL_PATH = "publishers/google/models/gemini-2.5-flash"


def call(name: str, **args: Any) -> JsonObject:
    part = {"functionCall": {"name": name, "args": args}, "thoughtSignature": "c2ln"}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}


def has_call(message: JsonObject) -> bool:
    return "toolCall" in message


@each
async def test_a_turn_arrives_in_live_order(name: TransportName) -> None:
    async with upstream() as google:
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        found = await messages(made)
        await made.close()
    assert [list(message.get("serverContent", {})) for message in found] == [
        ["modelTurn"],
        ["modelTurn"],
        ["generationComplete"],
        ["turnComplete"],
    ]
    assert words(found) == "Hello"
    assert found[-1]["usageMetadata"]["totalTokenCount"] == USAGE["totalTokenCount"]


@each
@pytest.mark.parametrize(
    ("platform", "path", "header", "value"),
    [
        ("developer", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "x-goog-api-key", API_KEY),
        (
            "vertex",
            f"/v1/projects/demo-project/locations/us-central1/{MODEL_PATH}:streamGenerateContent?alt=sse",
            "authorization",
            f"Bearer {BEARER}",
        ),
    ],
)
async def test_requests_go_where_google_takes_them(
    name: TransportName, platform: Platform, path: str, header: str, value: str
) -> None:
    async with upstream() as google:
        made = await opened(
            name,
            google.base,
            platform,
            history=[{"role": "user", "parts": [{"text": "before"}]}, {"role": "model", "parts": [{"text": "yes"}]}],
            systemInstruction={"parts": [{"text": "be brief"}]},
            generationConfig={
                "responseModalities": ["TEXT"],
                "temperature": 0.5,
                "thinkingConfig": {"thinkingBudget": 0},
            },
            tools=[{"functionDeclarations": [{"name": "f", "description": "d", "behavior": "NON_BLOCKING"}]}],
        )
        await made.send(text_turn("now"))
        await messages(made)
        await made.close()
    assert google.paths[-1] == path
    assert [sent[header] for sent in google.headers] == [value] * 2
    (body,) = google.bodies
    assert [content["parts"][0]["text"] for content in body["contents"]] == ["before", "yes", "now"]
    assert body["systemInstruction"]["parts"] == [{"text": "be brief"}]
    config = normalise(body["generationConfig"])  # the SDK mixes the spellings
    assert (config["temperature"], config["thinkingConfig"]) == (0.5, {"thinkingBudget": 0})
    assert body["tools"] == [{"functionDeclarations": [{"name": "f", "description": "d"}]}]


@each
async def test_pictures_and_signatures_survive_both_ways(name: TransportName) -> None:
    async with upstream(answers=[[call("look", at="x")], HELLO]) as google:
        made = await opened(name, google.base, tools=[{"functionDeclarations": [{"name": "look"}]}])
        await made.send(Frame.of({"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": "_9j_4A=="}}}))
        await made.send(text_turn("see?"))
        (asked,) = (await messages(made, until=has_call))[-1]["toolCall"]["functionCalls"]
        assert (asked["name"], asked["args"]) == ("look", {"at": "x"})
        answer = {"id": asked["id"], "name": "look", "response": {"output": "a cat"}}
        await made.send(Frame.of({"toolResponse": {"functionResponses": [answer]}}))
        assert words(await messages(made)) == "Hello"
        await made.close()
    picture = google.bodies[0]["contents"][0]["parts"][0]["inlineData"]
    assert picture["data"].replace("-", "+").replace("_", "/").rstrip("=") == "/9j/4A"
    called, answered = google.bodies[1]["contents"][1:]
    assert called["parts"][0]["thoughtSignature"].rstrip("=") == "c2ln"
    assert called["parts"][0]["functionCall"] == {"name": "look", "args": {"at": "x"}}
    assert answered["parts"] == [{"functionResponse": {"name": "look", "response": {"output": "a cat"}}}]


@each
async def test_new_input_interrupts_and_the_next_request_knows_what_was_said(name: TransportName) -> None:
    async with upstream(answers=[[said("Once upon"), HANG], HELLO]) as google:
        made = await opened(name, google.base)
        await made.send(text_turn("a story"))
        await messages(made, until=lambda message: "modelTurn" in message.get("serverContent", {}))
        await made.send(text_turn("stop"))
        cut = await messages(made)
        assert [list(message["serverContent"]) for message in cut] == [["interrupted"], ["turnComplete"]]
        assert words(await messages(made)) == "Hello"
        await asyncio.wait_for(google.left.wait(), 5)
        await made.close()
    said_before = [(c["role"], c["parts"][0]["text"]) for c in google.bodies[1]["contents"]]
    assert said_before == [("user", "a story"), ("model", "Once upon"), ("user", "stop")]


REFUSED = {
    "bad key": (400, refusal(400, "API key not valid.", "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"})),
    "permission": (403, refusal(403, "Permission denied on resource.", "PERMISSION_DENIED")),
    "no model": (404, refusal(404, "Publisher Model `x` was not found", "NOT_FOUND")),
    "unavailable": (503, refusal(503, "The service is currently unavailable.", "UNAVAILABLE")),
    "location": (400, refusal(400, "User location is not supported for the API use.", "FAILED_PRECONDITION")),
    "redirect": (302, ""),
}
VERDICTS = {
    "bad key": (K.API_KEY, A.SKIP, S.PLATFORM),
    "permission": (K.PERMISSION, A.SKIP, S.PLATFORM),
    "no model": (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL),
    "unavailable": (K.UNAVAILABLE, A.RETRY, None),
    "location": (K.LOCATION, A.SKIP, S.PLATFORM),
}


@each
async def test_what_the_probe_is_refused_for_ends_the_attempt(name: TransportName) -> None:
    seen = {}
    for case in VERDICTS:
        async with upstream(probes=[REFUSED[case]]) as google:
            with pytest.raises(Failure) as caught:
                await opened(name, google.base)
            seen[case] = (caught.value.kind, caught.value.verdict.action, caught.value.verdict.scope)
            assert not google.bodies
    assert seen == VERDICTS


@each
@pytest.mark.parametrize(
    "probe", [(404, HTML), (405, ""), (429, refusal(429, "Quota exceeded")), (400, refusal(400, "?"))]
)
async def test_a_probe_that_an_upstream_does_not_know_says_nothing(name: TransportName, probe: tuple[int, Any]) -> None:
    async with upstream(probes=[probe]) as google:
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        assert words(await messages(made)) == "Hello"
        await made.close()


@each
async def test_a_refused_request_is_a_failure_with_its_status(name: TransportName) -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}
    async with upstream(
        answers=[(429, [refusal(429, "You exceeded your current quota", "RESOURCE_EXHAUSTED", retry)])]
    ) as google:
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        with pytest.raises(Failure) as caught:
            await messages(made)
        assert (caught.value.kind, caught.value.http_status, caught.value.verdict.retry_after) == (K.QUOTA, 429, 22.0)
        with pytest.raises(Failure):
            await made.send(text_turn("anybody?"))
        await made.close()


LATER = {
    "cut": ([said("Hel"), CUT], K.NETWORK),
    "no last word": ([said("Hel")], K.NETWORK),
    "error in mid-stream": (
        [said("Hel"), refusal(503, "The service is currently unavailable.", "UNAVAILABLE")],
        K.UNAVAILABLE,
    ),
    "no json": ([said("Hel"), b"data: {oops\r\n\r\n"], K.BAD_MESSAGE),
}


@each
@pytest.mark.parametrize("case", LATER)
async def test_a_broken_answer_is_a_failure_after_what_came(name: TransportName, case: str) -> None:
    script, kind = LATER[case]
    async with upstream(answers=[script]) as google:
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        found = []
        with pytest.raises(Failure) as caught:
            async for frame in made.receive():
                found.append(frame.message)
        assert words(found) == "Hel"
        assert caught.value.kind is kind
        await made.close()


@each
async def test_a_token_that_ran_out_between_turns_is_renewed_once(name: TransportName) -> None:
    old = (401, refusal(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED"))
    tokens = GivenTokens("first-token-0123456789", "second-token-0123456789")
    async with upstream(answers=[old, HELLO]) as google:
        made = await opened(name, google.base, "vertex", tokens=tokens)
        await made.send(text_turn("hi"))
        assert words(await messages(made)) == "Hello"
        await made.close()
    assert tokens.refused == ["first-token-0123456789"]
    assert google.headers[-1]["authorization"] == "Bearer second-token-0123456789"


@each
async def test_a_setting_that_a_model_refuses_is_left_out_once(name: TransportName) -> None:
    no = (400, refusal(400, "Thinking level must be specified for this model.", "INVALID_ARGUMENT"))
    async with upstream(answers=[no, HELLO]) as google:
        config = {"responseModalities": ["TEXT"], "temperature": 0.1, "thinkingConfig": {"thinkingBudget": 5}}
        made = await opened(name, google.base, generationConfig=config)
        await made.send(text_turn("hi"))
        assert words(await messages(made)) == "Hello"
        await made.close()
    assert [sorted(body["generationConfig"]) for body in google.bodies] == [
        ["temperature", "thinkingConfig"],
        ["temperature"],
    ]


@each
async def test_close_in_mid_answer_cancels_the_request_and_leaves_nothing(name: TransportName) -> None:
    async with upstream(answers=[[said("Hel"), HANG]]) as google:
        before = other_tasks()
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        await messages(made, until=lambda message: "modelTurn" in message.get("serverContent", {}))
        await made.close()
        await asyncio.wait_for(google.left.wait(), 5)
        assert [frame async for frame in made.receive()] == []
        await until(lambda: {task for task in other_tasks() - before if "aiohttp" not in repr(task)} == set())


@each
async def test_nobody_listens_at_the_address(name: TransportName) -> None:
    async with upstream() as google:
        base = google.base
    with pytest.raises(Failure) as caught:
        await opened(name, base)
    assert (caught.value.kind, caught.value.verdict.scope) == (K.CONNECT, S.HOST)


@each
async def test_a_host_name_that_does_not_resolve(name: TransportName) -> None:
    with pytest.raises(Failure) as caught:
        await opened(name, "http://no-such-host.invalid")
    assert caught.value.kind is K.DNS


@each
async def test_no_secret_and_no_payload_stands_in_a_failure(name: TransportName) -> None:
    async with upstream(answers=[[said("secret words"), b"data: {secret words\r\n\r\n"]]) as google:
        made = await opened(name, google.base)
        await made.send(text_turn("hi"))
        with pytest.raises(Failure) as caught:
            await messages(made)
        assert API_KEY not in repr(caught.value) + str(caught.value.reason)
        assert "secret" not in str(caught.value.reason)
        await made.close()


async def test_a_transport_that_was_never_opened_closes() -> None:
    for name in NAMES:
        await transport(name, "http://127.0.0.1:9").close()
