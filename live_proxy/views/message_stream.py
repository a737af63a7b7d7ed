"""One typed message and its answer over plain HTTP: for pages whose WebSocket is blocked on the way.

The same session as over a socket, for the length of one turn, and the same messages as server-sent events.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from conversations.selectors import conversation_exists, conversation_of
from live_proxy.browser_auth import login_of, user_of_session
from live_proxy.catalogue import Family, find_family
from live_proxy.client_port import ClientGone, ClientPort
from live_proxy.close_codes import CloseCode
from live_proxy.edge.policy import allows_modality
from live_proxy.edge.requested import requested
from live_proxy.errors import ClientFault, ErrorKind
from live_proxy.hub import Full, Seat
from live_proxy.opening import Setup, open_session
from live_proxy.policies import policy_of
from live_proxy.protocol.codec import JsonObject, decode, encode
from live_proxy.runtime import Runtime, current_runtime
from live_proxy.session import Session
from live_proxy.session.notices import error
from live_proxy.tasks import spawn
from live_proxy.views.api import messages as stored_messages
from live_proxy.views.json_endpoint import json_error

KEEP_ALIVE = 15.0
QUEUE = 64
MAX_TEXT = 200_000
MAX_TURN = 600.0  # seconds; the session's own watches end it long before
STATUS = {
    CloseCode.NO_CONVERSATION: 404,
    CloseCode.LIMIT: 429,
    CloseCode.TOO_BIG: 413,
    CloseCode.SIGNED_OUT: 401,
    CloseCode.NOT_ALLOWED: 403,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """`id` is the client's own for the message: sent twice, it is recorded once. `search`: the answer may look things
    up on the web, which is a choice of the device and not kept with the person's others."""

    id: UUID
    text: str
    family: str
    search: bool = False


async def messages(request: HttpRequest, conversation_id: UUID) -> HttpResponseBase:
    """GET: what is on record. POST: a message, answered with an event stream."""
    if request.method != "POST":
        response: HttpResponse = await sync_to_async(stored_messages)(request, conversation_id)
        return response
    user = await request.auser()
    key = request.session.session_key
    if not user.is_authenticated or key is None:
        return json_error(401, _("Please sign in."))
    try:
        typed = read_typed(request)
        return await _answer(current_runtime(), conversation_id, typed, user_id=int(user.pk), key=key)
    except ClientFault as fault:
        return json_error(STATUS.get(CloseCode(fault.code), 400), fault.sentence)
    except Full as full:
        return json_error(429, str(full))
    except (DatabaseError, InterfaceError, TimeoutError):
        return json_error(503, _("The service cannot reach its database; try again."))


def read_typed(request: HttpRequest) -> Typed:
    """Raises `ClientFault` with a sentence that names the field at fault."""
    try:
        body: Any = json.loads(request.body)
    except RequestDataTooBig:
        raise ClientFault(CloseCode.TOO_BIG, _("The message is too long.")) from None
    except (ValueError, RecursionError):
        body = None
    if request.content_type != "application/json" or not isinstance(body, dict):
        raise ClientFault(CloseCode.BAD_MESSAGE, _("The body must be a JSON object."))
    text, family, search = body.get("text"), body.get("family"), body.get("search", False)
    if not isinstance(text, str) or not text.strip():
        raise ClientFault(CloseCode.BAD_MESSAGE, _("“text” must be a text."))
    if len(text) > MAX_TEXT:
        raise ClientFault(CloseCode.TOO_BIG, _("The message is too long."))
    if not isinstance(family, str):
        raise ClientFault(CloseCode.BAD_MESSAGE, _("“family” must be a text."))
    if not isinstance(search, bool):
        raise ClientFault(CloseCode.BAD_MESSAGE, _("“search” must be true or false."))
    try:
        return Typed(UUID(body["id"]), text, family, search)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise ClientFault(CloseCode.BAD_MESSAGE, _("“id” must be a UUID.")) from None


async def _answer(runtime: Runtime, conversation_id: UUID, typed: Typed, *, user_id: int, key: str) -> HttpResponseBase:
    if runtime.hub.draining:
        response = json_error(503, _("The service is restarting; try again in a moment."))
        response["Retry-After"] = "2"
        return response
    family = find_family(runtime.config.families, typed.family)
    if family is None:
        raise ClientFault(CloseCode.BAD_MESSAGE, _("“family” is not one of this service's models."))
    mine = await runtime.database.run(conversation_of, conversation_id=conversation_id, user_id=user_id) is not None
    if not mine and await runtime.database.run(conversation_exists, conversation_id=conversation_id):
        return json_error(404, _("There is no such conversation."))
    line = _Line(typed)
    port = ClientPort(line.take)
    policy = await runtime.database.run(policy_of, user_id)
    setup = _setup(typed, family, writing=allows_modality(policy, "TEXT"))
    seat = _seat(port, user_id, key)
    runtime.hub.take(seat)
    try:
        opened = await open_session(
            runtime,
            port,
            user_id=user_id,
            client="http",
            setup=setup,
            conversation=conversation_id if mine else None,
            begin_as=conversation_id,
            notices=True,
            below="websocket",
            instructed=True,
        )
    except BaseException:
        runtime.hub.leave(seat)
        raise
    seat.session = opened.session
    if opened.previous is not None:
        spawn(runtime.tell_session_lost(opened.previous), name="take-over")
    serving = spawn(_serve(runtime, seat, opened.session, line), name=f"http-{opened.session.id}")
    return StreamingHttpResponse(
        _stream(line, serving),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _setup(typed: Typed, family: Family, *, writing: bool) -> Setup:
    """What the page would say on its socket, but for the person's instruction, which is on record. Whose answers may
    not be written reads the words of spoken ones, here as there."""
    setup: JsonObject = {"model": family.label, "generationConfig": {"responseModalities": ["TEXT"]}}
    if not writing:
        setup["generationConfig"] = {"responseModalities": ["AUDIO"]}
        setup["outputAudioTranscription"] = {}
    if typed.search:
        setup["tools"] = [{"googleSearch": {}}]
    return Setup(requested(setup), family)


def _seat(port: ClientPort, user_id: int, key: str) -> Seat:
    def close(code: int, reason: str) -> None:
        if seat.session is not None:
            seat.session.end_soon(code, reason)

    def valid() -> bool:
        holder = user_of_session(key)
        return holder is not None and holder.pk == user_id

    seat = Seat(user_id, "http", valid, close, login_of(key))
    return seat


class _Line:
    """From the session to the reader: messages in order, and when the last one is through."""

    def __init__(self, typed: Typed) -> None:
        self.typed = typed
        self.queue: asyncio.Queue[JsonObject | None] = asyncio.Queue(QUEUE)
        self.over = asyncio.Event()

    async def take(self, event: dict[str, Any]) -> None:
        """What a session sends to a socket. Waits while the reader is slow; the session knows how long."""
        if event["type"] != "websocket.send":
            self.over.set()
            await self.queue.put(None)
            return
        text = event.get("text")
        message = decode(text if text is not None else event["bytes"])
        await self.queue.put(message)
        if _is_last(message, self.typed):
            self.over.set()

    async def refuse(self, sentence: str) -> None:
        """The response has begun with 200: what is wrong with the message is said in it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KEEP_ALIVE):
                await self.queue.put(error(sentence, (), about=ErrorKind.INVALID_ARGUMENT, retryable=False))


async def _serve(runtime: Runtime, seat: Seat, session: Session, line: _Line) -> None:
    """Serve one turn, whether or not somebody reads to its end: a response that is never read is never told so."""
    typed = line.typed
    turns = [{"role": "user", "parts": [{"text": typed.text}]}]
    message: JsonObject = {"clientContent": {"turns": turns, "turnComplete": True}, "proxy": {"id": str(typed.id)}}
    try:
        async with asyncio.timeout(MAX_TURN):
            await session.start()
            await session.client_frame(encode(message).decode())  # as text, whose limit counts characters
            await line.over.wait()
    except (ClientGone, TimeoutError):
        pass
    except ClientFault as fault:
        await line.refuse(fault.sentence)
        session.end_soon(fault.code, fault.sentence)
    finally:
        await session.ended()
        await session.end(1000, "")
        runtime.hub.leave(seat)


async def _stream(line: _Line, serving: asyncio.Task[None]) -> AsyncIterator[bytes]:
    """The events. A reader who leaves ends the turn."""
    try:
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    message = await line.queue.get()
            except TimeoutError:
                if serving.done() and line.queue.empty():
                    break  # what was left for a reader so slow had no room for the end
                yield b": keep-alive\n\n"
                continue
            if message is None:
                break
            yield b"data: " + encode(message) + b"\n\n"
            if _is_last(message, line.typed):
                break
    finally:
        if not line.over.is_set():
            serving.cancel()
        line.over.set()
        await asyncio.wait([serving])


def _is_last(message: JsonObject, typed: Typed) -> bool:
    if message.get("serverContent", {}).get("turnComplete"):
        return True
    notice = message.get("proxy", {})
    # On record without a number of its own: it was answered before, and the record has the answer.
    return "error" in notice or (notice.get("saved") == str(typed.id) and "message" not in notice)
