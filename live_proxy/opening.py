"""From a client's first message to a session: what it asks for, whose conversation it is, what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from conversations.models import Session as SessionRow
from conversations.services import Claim, conversation_claim
from live_proxy import resumptions
from live_proxy.candidates import Candidate, TransportName, preferring
from live_proxy.catalogue import Family, find_family
from live_proxy.client_port import ClientPort
from live_proxy.close_codes import NO_CONVERSATION, CloseCode
from live_proxy.edge.google_path import LivePath
from live_proxy.edge.google_words import live_not_found
from live_proxy.edge.history import MAX_BYTES, Past
from live_proxy.edge.policy import Policy, allows_family, held_to, update_held_to
from live_proxy.edge.requested import Requested, requested
from live_proxy.errors import ClientFault, ErrorKind
from live_proxy.ladder import Previous
from live_proxy.lease import LEASE, lease_until
from live_proxy.policies import policy_of
from live_proxy.preferences import instruction_of
from live_proxy.protocol.client import client_message
from live_proxy.protocol.codec import JsonObject, NotJson, decode
from live_proxy.recorder import Place, Recorder, now
from live_proxy.resumptions import Found
from live_proxy.runtime import Runtime
from live_proxy.session import Session, SessionLimits
from live_proxy.session.asked_before import AskedBefore
from live_proxy.session.program import Kept, Program
from live_proxy.transcript import Transcript

log = structlog.get_logger(__name__)

MAX_SETUP = 256 * 1024


@dataclass(frozen=True, slots=True)
class Setup:
    """`model` is the one of the family's models that was asked for by name, empty where any will do."""

    requested: Requested
    family: Family
    model: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """`previous` is the session that held the conversation until now."""

    session: Session
    previous: UUID | None = None


def read_setup(data: str | bytes, families: Sequence[Family]) -> Setup:
    """Our page's first message. Raises `ClientFault`."""
    wanted = requested(_setup_of(data))
    family = find_family(families, wanted.model)
    if family is None:
        raise ClientFault(CloseCode.BAD_MESSAGE, "setup.model is not one of this service's models.")
    return Setup(wanted, family)


def live_setup(data: str | bytes, families: Sequence[Family], path: LivePath) -> Setup:
    """An SDK's first message: it names a Live model of its own platform. Raises `ClientFault`."""
    wanted = requested(_setup_of(data), platform=path.platform)
    name = wanted.model.rsplit("/", 1)[-1]
    for family in families:
        for model in family.live:
            if model.name == name and path.platform in model.platforms:
                return Setup(wanted, family, name)
    raise ClientFault(1008, live_not_found(wanted.model, path.version, path.platform))


def _setup_of(data: str | bytes) -> JsonObject:
    if len(data) > MAX_SETUP:
        raise ClientFault(CloseCode.TOO_BIG, f"setup may have at most {MAX_SETUP // 1024} KiB.")
    try:
        kind, message, _ = client_message(decode(data))
    except NotJson as error:
        raise ClientFault(CloseCode.BAD_MESSAGE, str(error)) from None
    if kind != "setup":
        raise ClientFault(CloseCode.BAD_MESSAGE, "The first message must be setup.")
    setup: JsonObject = message["setup"]
    return setup


async def open_session(
    runtime: Runtime,
    port: ClientPort,
    *,
    user_id: int,
    client: Literal["web", "sdk", "http"],
    setup: Setup,
    conversation: UUID | None,
    notices: bool,
    begin_as: UUID | None = None,
    below: TransportName | None = None,
    instructed: bool = False,
    greeting: JsonObject | None = None,
    handle: str = "",
    resumed: Found | None = None,
    base: str = "",
) -> Opened:
    """Claim the conversation, or begin one (with the id `begin_as` where given), and make its session. The client's
    own socket is no transport where it is blocked: `below` leaves that one out. `instructed`: the set-up lacks the
    person's own instruction, which is on record. A program is greeted with `greeting`
    once something serves, and finds the conversation again by `handle`, as it did by the one of `resumed`; it is
    told of help at `base`. Raises `ClientFault`."""
    config = runtime.config
    session_id = uuid4()
    if conversation is not None:
        await runtime.hub.hand_over(conversation, user_id)
    policy, wanted, claim = await runtime.database.run(
        _claim,
        setup,
        conversation,
        user_id,
        session_id,
        config.max_sessions_per_user - runtime.hub.count_of(user_id),
        runtime.process,
        instructed=instructed,
    )
    place = Place(begin_as or uuid4(), setup.family.label)
    if conversation is not None and claim is not None:
        place = Place(conversation, setup.family.label, fence=claim.fence, begun=True)
    recorder = Recorder(
        runtime.writer,
        session_id=session_id,
        user_id=user_id,
        client=client,
        process=runtime.process,
        place=place,
    )
    candidates = preferring(setup.model, config.candidates(setup.family))
    lower = tuple(each for each in candidates if each.transport != below)
    blocked = None
    if below is not None and lower:
        blocked = Previous(None, replace(candidates[0], transport=below), ErrorKind.CLIENT_SOCKET_BLOCKED)
    session = Session(
        session_id=session_id,
        user_id=user_id,
        port=port,
        requested=wanted,
        candidates=lower,
        instead_of=blocked,
        project=config.addresses.project,
        ladder=runtime.ladder,
        recorder=recorder,
        transcript=_transcript(claim),
        limits=SessionLimits(
            first_output=config.first_output_timeout, stall=config.stall_timeout, longest=policy.max_session_seconds
        ),
        notices=notices,
        now=now,
        asked_before=AskedBefore.of_record([*claim.earlier, *claim.history] if claim else ()),
        resume=_upstream_to_resume(resumed, claim, lower),
        program=None if greeting is None else _program(runtime, session_id, user_id, place, greeting, handle, base),
        held=partial(update_held_to, policy),
    )
    return Opened(session, claim.previous_session if claim else None)


def _program(
    runtime: Runtime, session_id: UUID, user_id: int, place: Place, greeting: JsonObject, handle: str, base: str
) -> Program:
    async def keep(kept: Kept) -> bool:
        try:
            return await runtime.database.run(
                partial(
                    resumptions.keep,
                    kept,
                    session_id=session_id,
                    handle=handle,
                    user_id=user_id,
                    conversation_id=place.conversation_id,
                    fence=place.fence,
                    family=place.family,
                    now=now(),
                )
            )
        except (DatabaseError, InterfaceError, TimeoutError) as error:
            log.warning("a handle could not be kept", error=type(error).__name__, session=str(session_id))
            return False

    return Program(greeting=greeting, handle=handle, keep=keep, base=base)


def _upstream_to_resume(
    resumed: Found | None, claim: Claim | None, candidates: tuple[Candidate, ...]
) -> tuple[Candidate, str] | None:
    """Google's own session, where it knows all that the record does."""
    if resumed is None or claim is None or not claim.goes_on_at(resumed.position):
        return None
    return resumptions.candidate_of(resumed, candidates)


def _claim(
    setup: Setup,
    conversation: UUID | None,
    user_id: int,
    session_id: UUID,
    left: int,
    process: str,
    *,
    instructed: bool,
) -> tuple[Policy, Requested, Claim | None]:
    """Blocking. What the user's policy makes of the set-up, and the conversation, if it is one that exists. Raises
    `ClientFault` where the policy or the number of sessions at other processes speaks against it, or the
    conversation is not theirs."""
    policy = policy_of(user_id)
    if not allows_family(policy, setup.family.label):
        raise ClientFault(CloseCode.NOT_ALLOWED, f"setup.model: {setup.family.label} is not allowed for you.")
    wanted = setup.requested
    asked = wanted.setup
    if instructed and (instruction := instruction_of(user_id, policy)):
        asked = asked | {"systemInstruction": {"parts": [{"text": instruction}]}}
    held = held_to(policy, asked)
    if held is not wanted.setup:
        wanted = requested(held, platform=wanted.platform)
    at = timezone.now()
    elsewhere = (
        SessionRow.objects.filter(user_id=user_id, ended_at__isnull=True, heartbeat_at__gt=at - LEASE)
        .exclude(process=process)
        .count()
    )
    if elsewhere > left:
        raise ClientFault(CloseCode.LIMIT, f"You have {elsewhere} conversations open already; close one and try again.")
    if conversation is None:
        return policy, wanted, None
    claim = conversation_claim(
        conversation_id=conversation,
        user_id=user_id,
        session_id=session_id,
        now=at,
        lease_until=lease_until(at),
        history_bytes=MAX_BYTES,
    )
    if claim is None:
        raise ClientFault(CloseCode.NO_CONVERSATION, NO_CONVERSATION)
    return policy, wanted, claim


def _transcript(claim: Claim | None) -> Transcript:
    if claim is None:
        return Transcript(next_position=1, new_id=uuid4)
    past = [
        Past(item.role, item.text, item.position)
        for item in claim.history
        if item.role in ("user", "model") and item.text and item.status in ("complete", "interrupted")
    ]
    return Transcript(next_position=claim.next_position, new_id=uuid4, past=past)
