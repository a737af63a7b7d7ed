"""What our own page is told beside the Live API's messages, all under the one key `proxy`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from live_proxy.candidates import Candidate, Tried
from live_proxy.drafts import Draft
from live_proxy.errors import ErrorKind
from live_proxy.help_links import help_path
from live_proxy.protocol.codec import JsonObject
from live_proxy.sentences import tried_list


def welcome(session_id: UUID, conversation_id: UUID, family: str) -> JsonObject:
    return {"proxy": {"session": str(session_id), "conversation": str(conversation_id), "family": family}}


def connecting() -> JsonObject:
    return {"proxy": {"status": "connecting"}}


def served_by(candidate: Candidate, *, instead_of: str = "", reason: str = "", lost: Sequence[str] = ()) -> JsonObject:
    notice: JsonObject = {
        "transport": candidate.transport,
        "model": candidate.model.name,
        "platform": candidate.platform,
    }
    if instead_of and instead_of != candidate.transport:
        notice |= {"from": instead_of, "reason": reason}
    if lost:
        notice["lost"] = list(lost)
    return {"proxy": notice}


def saved(client_id: str, message_id: UUID | None = None) -> JsonObject:
    """`message_id` is left out for a message that was on record before."""
    return {"proxy": {"saved": client_id} | ({"message": str(message_id)} if message_id else {})}


def not_saved(client_id: str | None) -> JsonObject:
    return {"proxy": {"not_saved": client_id or ""}}


def turn(draft: Draft, question: Draft | None = None) -> JsonObject:
    """`question` is what was asked; the row of something said aloud is told here, as nothing confirmed it before."""
    told: JsonObject = {
        "message": str(draft.id),
        "status": draft.status,
        "transport": draft.serving.transport if draft.serving else "",
        "model": draft.serving.model if draft.serving else "",
        "first_output_ms": draft.first_output_ms,
    }
    if question is not None and question.modality == "audio" and question.length:
        told["question"] = str(question.id)
    return {"proxy": {"turn": told}}


def error(sentence: str, tried: Sequence[Tried], *, about: ErrorKind, retryable: bool) -> JsonObject:
    """`about` is the kind that the sentence speaks of; `retryable`: the same message may be served a little later."""
    return {
        "proxy": {
            "error": {
                "kind": str(ErrorKind.NO_CANDIDATE),
                "message": sentence,
                "help": help_path(about),
                "tried": tried_list(tried),
                "retryable": retryable,
            }
        }
    }
