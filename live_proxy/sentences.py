"""What people read when something fails: one plain sentence a case, ours from the first letter to the last. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from live_proxy.candidates import Tried
from live_proxy.errors import ErrorKind
from live_proxy.protocol.codec import JsonObject

WHY: Mapping[ErrorKind, str] = {
    ErrorKind.MODEL_NOT_FOUND: "the Live models are not available to this project",
    ErrorKind.ENDPOINT_NOT_FOUND: "Gemini's Live service was not found at its address",
    ErrorKind.MODALITY: "the models refused the kind of answer that was asked for",
    ErrorKind.CONFIGURATION: "the models refused the session's settings",
    ErrorKind.INVALID_ARGUMENT: "Gemini called the request invalid",
    ErrorKind.PRECONDITION: "Gemini refused the session's settings",
    ErrorKind.QUOTA: "the project's quota is used up",
    ErrorKind.UNAUTHENTICATED: "Google did not accept the server's credentials",
    ErrorKind.API_KEY: "Google did not accept the server's API key",
    ErrorKind.CREDENTIALS: "the server has no valid Google credentials",
    ErrorKind.PERMISSION: "the server's account may not use Gemini",
    ErrorKind.PROJECT: "the Google Cloud project was not found",
    ErrorKind.API_DISABLED: "the Google API is not enabled for the project",
    ErrorKind.BILLING: "the Google Cloud project has no billing account",
    ErrorKind.LOCATION: "Gemini is not offered at the server's location",
    ErrorKind.SAFETY: "Gemini blocked the request for safety reasons",
    ErrorKind.INTERNAL: "Gemini reported an internal error",
    ErrorKind.UNAVAILABLE: "Gemini is not available at the moment",
    ErrorKind.DEADLINE: "Gemini took too long",
    ErrorKind.DNS: "Gemini's host name could not be found from the server",
    ErrorKind.TLS: "the secure connection to Gemini failed",
    ErrorKind.CONNECT: "the server could not connect to Gemini",
    ErrorKind.CONNECT_TIMEOUT: "Gemini did not answer the connection",
    ErrorKind.SETUP_TIMEOUT: "Gemini accepted the connection and then said nothing",
    ErrorKind.NO_OUTPUT: "Gemini took the message and gave no answer",
    ErrorKind.STALL: "Gemini stopped in the middle of its answer",
    ErrorKind.EMPTY_TURN: "Gemini gave an empty answer",
    ErrorKind.NETWORK: "the connection to Gemini broke",
    ErrorKind.HANDLE: "Gemini no longer knows the session",
    ErrorKind.UNSUPPORTED_OPERATION: "the model does not support what was asked",
    ErrorKind.SESSION_LIMIT: "Gemini ended the session",
    ErrorKind.SEND_TIMEOUT: "Gemini took nothing for too long",
    ErrorKind.PING_TIMEOUT: "the connection to Gemini went silent",
    ErrorKind.TOO_BIG: "a message was larger than can be carried",
    ErrorKind.BAD_MESSAGE: "Gemini's answer could not be read",
    ErrorKind.HANDSHAKE: "what answered at Gemini's address is not Gemini",
    ErrorKind.UNKNOWN: "Gemini refused and did not say why",
    ErrorKind.BREAKER: "Gemini failed a moment ago and is being tried again",
}
# What nobody but the administrator can mend: trying again would be bad advice.
FOR_THE_ADMINISTRATOR = frozenset(
    {
        ErrorKind.MODEL_NOT_FOUND,
        ErrorKind.ENDPOINT_NOT_FOUND,
        ErrorKind.UNAUTHENTICATED,
        ErrorKind.API_KEY,
        ErrorKind.CREDENTIALS,
        ErrorKind.PERMISSION,
        ErrorKind.PROJECT,
        ErrorKind.API_DISABLED,
        ErrorKind.BILLING,
        ErrorKind.LOCATION,
        ErrorKind.DNS,
        ErrorKind.TLS,
        ErrorKind.HANDSHAKE,
    }
)
UNEXPLAINED = "Gemini could not be reached"
NOTHING_CONFIGURED = (
    "No answer: this service is not connected to Google yet. Its administrator has to set GOOGLE_CLOUD_PROJECT or "
    "an API key."
)
NOT_SERVED = "No answer: this model family has nothing that the configured transports can use."


def no_candidate(tried: Sequence[Tried], *, configured: bool, given_up: bool = False) -> str:
    """Why nobody could serve, with the number of attempts and the reason that most of them share."""
    if not configured:
        return NOTHING_CONFIGURED
    if not tried:
        return NOT_SERVED
    if given_up:
        why = WHY.get(tried[-1].failure.kind, UNEXPLAINED)
        return f"No answer: {why}. Change the request and send it again."
    kind = main_kind(tried)
    count = len(tried)
    attempts = "1 attempt failed" if count == 1 else f"all {count} attempts failed"
    return f"No answer: {WHY.get(kind, UNEXPLAINED)} ({attempts}). {_next(kind)}"


def main_kind(tried: Sequence[Tried], *, configured: bool = True, given_up: bool = False) -> ErrorKind:
    """The kind that the sentence of `no_candidate` speaks of."""
    if not configured or not tried:
        return ErrorKind.NO_CANDIDATE
    if given_up:
        return tried[-1].failure.kind
    return Counter(t.failure.kind for t in tried).most_common(1)[0][0]


def _next(kind: ErrorKind) -> str:
    return "An administrator has to mend it." if kind in FOR_THE_ADMINISTRATOR else "Try again in a moment."


def not_answered(kind: ErrorKind) -> str:
    """Why a turn that was sent, more than once, has no answer."""
    return f"No answer: {WHY.get(kind, UNEXPLAINED)}. {_next(kind)}"


def tried_list(tried: Sequence[Tried]) -> list[JsonObject]:
    """The attempts as a client may see them: names and numbers, never upstream's own words."""
    return [
        {
            "transport": t.candidate.transport,
            "platform": t.candidate.platform,
            "location": t.candidate.location,
            "model": t.candidate.model.name,
            "kind": str(t.failure.kind),
            "code": t.failure.code or t.failure.http_status,
        }
        for t in tried
    ]
