"""From a client's first message to a session: what it asks for, whose conversation it is, what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID, uuid4

from django.utils import timezone

from conversations.models import Session as SessionRow
from conversations.services import Claim, conversation_claim
from live_proxy.candidates import TransportName
from live_proxy.catalogue import Family, find_family
from live_proxy.client_port import ClientPort
from live_proxy.close_codes import NO_CONVERSATION, CloseCode
from live_proxy.edge.history import Past
from live_proxy.edge.requested import Requested, requested
from live_proxy.errors import ClientFault, ErrorKind
from live_proxy.ladder import Previous
from live_proxy.lease import LEASE, lease_until
from live_proxy.protocol.client import client_message
from live_proxy.protocol.codec import NotJson, decode
from live_proxy.recorder import Place, Recorder, now
from live_proxy.runtime import Runtime
from live_proxy.session import Session, SessionLimits
from live_proxy.session.asked_before import AskedBefore
from live_proxy.transcript import Transcript

MAX_SETUP = 256 * 1024


@dataclass(frozen=True, slots=True)
class Setup:
    requested: Requested
    family: Family


@dataclass(frozen=True, slots=True)
class Opened:
    """`previous` is the session that held the conversation until now."""

    session: Session
    previous: UUID | None = None


def read_setup(data: str | bytes, families: Sequence[Family]) -> Setup:
    """A client's first message. Raises `ClientFault`."""
    if len(data) > MAX_SETUP:
        raise ClientFault(CloseCode.TOO_BIG, f"setup may have at most {MAX_SETUP // 1024} KiB.")
    try:
        kind, message, _ = client_message(decode(data))
    except NotJson as error:
        raise ClientFault(CloseCode.BAD_MESSAGE, str(error)) from None
    if kind != "setup":
        raise ClientFault(CloseCode.BAD_MESSAGE, "The first message must be setup.")
    wanted = requested(message["setup"])
    family = find_family(families, wanted.model)
    if family is None:
        raise ClientFault(CloseCode.BAD_MESSAGE, "setup.model is not one of this service's models.")
    return Setup(wanted, family)


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
) -> Opened:
    """Claim the conversation, or begin one (with the id `begin_as` where given), and make its session. The client's
    own socket is no transport where it is blocked: `below` leaves that one out. Raises `ClientFault`."""
    config = runtime.config
    session_id = uuid4()
    claim = await runtime.database.run(
        _claim,
        conversation,
        user_id,
        session_id,
        config.max_sessions_per_user - runtime.hub.count_of(user_id),
        runtime.process,
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
    candidates = config.candidates(setup.family)
    lower = tuple(each for each in candidates if each.transport != below)
    blocked = None
    if below is not None and lower:
        blocked = Previous(None, replace(candidates[0], transport=below), ErrorKind.CLIENT_SOCKET_BLOCKED)
    session = Session(
        session_id=session_id,
        user_id=user_id,
        port=port,
        requested=setup.requested,
        candidates=lower,
        instead_of=blocked,
        project=config.addresses.project,
        ladder=runtime.ladder,
        recorder=recorder,
        transcript=_transcript(claim),
        limits=SessionLimits(first_output=config.first_output_timeout, stall=config.stall_timeout),
        notices=notices,
        now=now,
        asked_before=AskedBefore.of_record(claim.history if claim else ()),
    )
    return Opened(session, claim.previous_session if claim else None)


def _claim(conversation: UUID | None, user_id: int, session_id: UUID, left: int, process: str) -> Claim | None:
    """Blocking. Raises `ClientFault` where the user has too many sessions at other processes, or the conversation is
    not theirs."""
    at = timezone.now()
    elsewhere = (
        SessionRow.objects.filter(user_id=user_id, ended_at__isnull=True, heartbeat_at__gt=at - LEASE)
        .exclude(process=process)
        .count()
    )
    if elsewhere > left:
        raise ClientFault(CloseCode.LIMIT, f"You have {elsewhere} conversations open already; close one and try again.")
    if conversation is None:
        return None
    claim = conversation_claim(
        conversation_id=conversation, user_id=user_id, session_id=session_id, now=at, lease_until=lease_until(at)
    )
    if claim is None:
        raise ClientFault(CloseCode.NO_CONVERSATION, NO_CONVERSATION)
    return claim


def _transcript(claim: Claim | None) -> Transcript:
    if claim is None:
        return Transcript(next_position=1, new_id=uuid4)
    past = [
        Past(item.role, item.text, item.position)
        for item in claim.history
        if item.role in ("user", "model") and item.text and item.status in ("complete", "interrupted")
    ]
    return Transcript(next_position=claim.next_position, new_id=uuid4, past=past)
