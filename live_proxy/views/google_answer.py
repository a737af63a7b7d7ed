"""One question of a program, from its body to Google's answer: allowed, on record, served by whichever rung answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, InterfaceError
from django.http import JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from conversations.selectors import goes_on_at
from conversations.services import Claim, conversation_claim
from live_proxy import resumptions
from live_proxy.api_tokens import login_of_token
from live_proxy.candidates import Candidate, preferring
from live_proxy.catalogue import Family
from live_proxy.close_codes import INTERNAL, CloseCode
from live_proxy.edge import google_words as words
from live_proxy.edge.google_path import HttpPath
from live_proxy.edge.policy import allows_family, request_held_to
from live_proxy.edge.to_upstream import turns_of
from live_proxy.edge.upstream_setup import UpstreamSetup, for_developer
from live_proxy.errors import ClientFault, ErrorKind, Failure
from live_proxy.help_links import help_path
from live_proxy.hub import Full, Seat
from live_proxy.ladder import Ladder, NoCandidate, Order
from live_proxy.lease import lease_until
from live_proxy.models import ApiToken
from live_proxy.policies import policy_of
from live_proxy.program_auth import still_good
from live_proxy.protocol.codec import JsonObject, encode
from live_proxy.recorder import Place, Recorder, now
from live_proxy.runtime import Runtime
from live_proxy.sentences import main_kind, no_candidate, not_answered
from live_proxy.session.one_request import Asked, OneRequest, thread_key
from live_proxy.session.program import Kept
from live_proxy.tasks import spawn
from live_proxy.transcript import Transcript
from live_proxy.transports.request import Method, RequestTransport
from live_proxy.transports.rest import RestTier
from live_proxy.transports.sdk import SdkTier

log = structlog.get_logger(__name__)

TIERS = {"sdk": SdkTier, "rest": RestTier}
LEFT = (1001, "the program left")
BEGUN_WITHIN = 30.0  # seconds between an answer and the first look at it
VERTEX_ONLY = ("labels", "modelArmorConfig")


@dataclass(frozen=True, slots=True)
class Question:
    """`turns` is empty where nobody is asked anything."""

    method: Method
    family: Family
    model: str
    body: JsonObject
    turns: Sequence[JsonObject]


async def answer(
    runtime: Runtime, path: HttpPath, user_id: int, token_id: int, body: JsonObject, *, sse: bool, base: str = ""
) -> HttpResponseBase:
    """Google's answer to a request, or Google's error, which leads to help at `base`. Raises `ClientFault`."""
    question = _question(runtime, path, body)
    task = asyncio.current_task()

    def close(code: int, reason: str) -> None:
        if task is not None:
            task.cancel()

    seat = Seat(
        user_id,
        "http",
        lambda: still_good(token_id, ApiToken.Scope.GENERATE, now()),
        close,
        login_of_token(token_id),
    )
    try:
        runtime.hub.take(seat)
    except Full as full:
        raise ClientFault(CloseCode.LIMIT, str(full)) from None
    asking: OneRequest | None = None
    keep_seat = False
    try:
        asking, thread = await _asking(runtime, user_id, question)
        seat.request_id, seat.request_fence = thread.session_id, thread.place.fence
        try:
            await asking.open()
        except NoCandidate as nothing:
            configured = bool(runtime.config.every_candidate)
            status, sentence = _refusal(nothing, configured=configured)
            await asking.close(status, sentence)
            link = base + help_path(main_kind(nothing.tried, configured=configured))
            return JsonResponse(words.error_body(status, sentence, [words.help_details(link)]), status=status)
        if question.method != "streamGenerateContent":
            whole: JsonObject = {}
            async for chunk in asking.chunks():
                whole = chunk
            await asking.close(1000, "")
            await thread.keep(asking)
            return JsonResponse(_spelled(whole, path))
        keep_seat = True
        stream = _stream(runtime, asking, thread, seat, path, sse=sse, base=base)
        kind = "text/event-stream" if sse else "application/json"
        finish = partial(_finish, runtime, asking, thread, seat, LEFT)
        return StreamingHttpResponse(_Body(stream, finish), content_type=f"{kind}; charset=utf-8")
    except BaseException as error:
        if asking is not None:
            keep_seat = True  # until it is on record that nobody waits any more
            ended = LEFT if isinstance(error, asyncio.CancelledError) else (CloseCode.INTERNAL, INTERNAL)
            spawn(_finish(runtime, asking, thread, seat, ended), name="request-end")
        raise
    finally:
        if not keep_seat:
            runtime.hub.leave(seat)


class _Body:
    """The body of a response. A program that leaves at once has it never begun: Django then closes the response, or
    drops it without a word where it had not come to sending it."""

    def __init__(self, chunks: AsyncIterator[bytes], finish: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._chunks = chunks
        self._finish = finish
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._watch = self._loop.call_later(BEGUN_WITHIN, self._give_up)

    def close(self) -> None:
        """From any thread, when the response is over. What was begun ends by itself."""
        self._loop.call_soon_threadsafe(self._give_up)

    def _give_up(self) -> None:
        if self._take():
            spawn(self._finish(), name="request-end")

    def _take(self) -> bool:
        """Whether whoever asks is the first to ask."""
        taken, self._over = not self._over, True
        self._watch.cancel()
        return taken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if not self._take():
            return
        async with aclosing(cast(Any, self._chunks)) as chunks:
            async for chunk in chunks:
                yield chunk


async def _stream(
    runtime: Runtime, asking: OneRequest, thread: _Thread, seat: Seat, path: HttpPath, *, sse: bool, base: str
) -> AsyncIterator[bytes]:
    """The chunks as events, or as the elements of one array. A failure in mid-stream is the last of them."""
    if (task := asyncio.current_task()) is not None:
        seat.close = lambda code, reason: _cancel(task)
    before, ended = b"[", LEFT
    try:
        async with aclosing(cast(Any, asking.chunks())) as chunks:
            async for chunk in chunks:
                data = encode(_spelled(chunk, path))
                yield b"data: " + data + b"\r\n\r\n" if sse else before + data
                before = b",\r\n"
        ended = (1000, "")
    except Failure as failure:
        status = 503 if failure.kind is not ErrorKind.QUOTA else 429
        ended = (status, str(failure.kind))
        about = words.help_details(base + help_path(failure.kind))
        data = encode(words.error_body(status, not_answered(failure.kind), [about]))
        yield b"data: " + data + b"\r\n\r\n" if sse else before + data
        before = b",\r\n"
    finally:
        # The response may be torn down with its task: what remains to be recorded must not be.
        spawn(_finish(runtime, asking, thread, seat, ended), name="request-end")
    if not sse:
        yield b"]" if before != b"[" else b"[]"


def _cancel(task: asyncio.Task[object]) -> None:
    task.cancel()


async def _finish(runtime: Runtime, asking: OneRequest, thread: _Thread, seat: Seat, ended: tuple[int, str]) -> None:
    try:
        await asking.close(*ended)
        if ended[0] == 1000:
            await thread.keep(asking)
    finally:
        runtime.hub.leave(seat)


# --- what is asked ------------------------------------------------------------------------------------------------


def _question(runtime: Runtime, path: HttpPath, body: JsonObject) -> Question:
    method = cast(Method, path.method)
    for family in runtime.config.families:
        for model in family.standard:
            if model.name == path.model and path.platform in model.platforms:
                return Question(method, family, model.name, body, _turns(method, body))
    raise ClientFault(CloseCode.NO_CONVERSATION, words.http_not_found(path.model, path.version, path.method))


def _turns(method: Method, body: JsonObject) -> list[JsonObject]:
    contents = body.get("contents")
    if method == "countTokens":
        return []
    if contents is None or contents == []:
        raise ClientFault(CloseCode.BAD_MESSAGE, "* GenerateContentRequest.contents: contents is not specified")
    turns = turns_of({"turns": contents})
    if not isinstance(contents, list) or len(turns) != len(contents):
        raise ClientFault(CloseCode.BAD_MESSAGE, "contents must be a list of objects, each with a list of parts.")
    return turns


def _held(user_id: int, question: Question, handle: str) -> tuple[JsonObject, resumptions.Found | None]:
    """Blocking. The body within the user's policy, and the conversation that the request goes on with."""
    policy = policy_of(user_id)
    if not allows_family(policy, question.family.label):
        raise ClientFault(CloseCode.NOT_ALLOWED, f"model: {question.family.label} is not allowed for you.")
    body = request_held_to(policy, question.body) if question.turns else question.body
    return body, resumptions.find(handle, user_id=user_id, now=now()) if handle else None


def _claimed(found: resumptions.Found, user_id: int, session_id: UUID) -> Claim | None:
    """Blocking. None where the conversation has gone on since, or back: this is another branch of it."""
    at = now()
    if not goes_on_at(conversation_id=found.conversation_id, position=found.position):
        return None
    claim = conversation_claim(
        conversation_id=found.conversation_id,
        user_id=user_id,
        session_id=session_id,
        now=at,
        lease_until=lease_until(at),
    )
    return claim if claim is not None and claim.goes_on_at(found.position) else None


async def _asking(runtime: Runtime, user_id: int, question: Question) -> tuple[OneRequest, _Thread]:
    session_id, config = uuid4(), runtime.config
    earlier = thread_key(question.turns[:-1]) if len(question.turns) > 1 else ""
    body, found = await runtime.database.run(_held, user_id, question, earlier)
    claim = await runtime.database.run(_claimed, found, user_id, session_id) if found else None
    place = Place(uuid4(), question.family.label)
    if found is not None and claim is not None:
        place = Place(found.conversation_id, question.family.label, fence=claim.fence, begun=True)
    candidates = tuple(each for each in config.candidates(question.family) if each.transport in TIERS)

    def shape(candidate: Candidate, *, handle: str, history: bool, mend: ErrorKind | None) -> UpstreamSetup:
        if candidate.platform == "vertex":
            return UpstreamSetup(request=body)
        plain = {key: value for key, value in body.items() if key not in VERTEX_ONLY}
        return UpstreamSetup(request=plain | for_developer(plain))

    def dial(candidate: Candidate) -> RequestTransport:
        tier = TIERS[candidate.transport](
            candidate, addresses=config.addresses, tokens=runtime.tokens, api_key=config.api_key
        )
        return RequestTransport(tier, question.method, stall=config.stall_timeout)

    asking = OneRequest(
        Ladder(
            dial,
            setup_timeout=config.request_timeout,
            climb_timeout=2 * config.request_timeout,
            breaker=runtime.breaker,
        ),
        Order(preferring(question.model, candidates), shape),
        Recorder(
            runtime.writer,
            session_id=session_id,
            user_id=user_id,
            client="http",
            process=runtime.process,
            place=place,
        ),
        Transcript(next_position=claim.next_position if claim else 1, new_id=uuid4),
        Asked(question.turns, len(question.turns) - 1 if claim else 0) if question.turns else None,
        now=now,
    )
    return asking, _Thread(runtime, session_id, user_id, place, question.turns)


@dataclass(frozen=True, slots=True)
class _Thread:
    """How the next request of the same dialogue is recognised: it begins with everything of this one."""

    runtime: Runtime
    session_id: UUID
    user_id: int
    place: Place
    turns: Sequence[JsonObject]

    async def keep(self, asking: OneRequest) -> None:
        if not self.turns or not asking.said:
            return
        said = {"role": "model", "parts": [{"text": asking.said}]}
        try:
            await self.runtime.database.run(
                partial(
                    resumptions.keep,
                    Kept(None, "", asking.position),
                    session_id=self.session_id,
                    handle=thread_key([*self.turns, said]),
                    user_id=self.user_id,
                    conversation_id=self.place.conversation_id,
                    fence=self.place.fence,
                    family=self.place.family,
                    now=now(),
                )
            )
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            log.warning("a dialogue over HTTP will not be recognised", error=type(error).__name__)


# --- what is answered ---------------------------------------------------------------------------------------------


def _refusal(nothing: NoCandidate, *, configured: bool) -> tuple[int, str]:
    """Status and sentence where nobody answers."""
    kinds = [each.failure.kind for each in nothing.tried]
    wrong = [each.failure for each in nothing.tried if each.failure.kind in words.ASKED_WRONGLY]
    if wrong:
        return 400, words.said(wrong[-1].reason) or words.INVALID
    sentence = no_candidate(nothing.tried, configured=configured, given_up=nothing.given_up)
    if kinds and all(kind is ErrorKind.QUOTA for kind in kinds):
        return 429, sentence
    return 503, sentence


def _spelled(chunk: JsonObject, path: HttpPath) -> JsonObject:
    usage = chunk.get("usageMetadata")
    unspoken = "trafficType" if path.platform == "developer" else "serviceTier"
    if isinstance(usage, dict) and unspoken in usage:
        return chunk | {"usageMetadata": {key: value for key, value in usage.items() if key != unspoken}}
    return chunk
