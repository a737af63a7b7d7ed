"""How this service says no to Google's SDKs: with Google's numbers, and with Google's sentences where it has one.

SDKs show the reason of a close or the message of an error to the developer, so it has to be the whole explanation.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from live_proxy.candidates import Tried
from live_proxy.catalogue import Platform
from live_proxy.close_codes import CloseCode
from live_proxy.errors import ErrorKind
from live_proxy.protocol.codec import JsonObject

BAD_KEY = "API key not valid. Please pass a valid API key."
EXPIRED_KEY = "API key expired. Please renew the API key."
NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)
BAD_BEARER = "Request had invalid authentication credentials. Use one of this service's API tokens as the access token."
FOREIGN_SCOPE = "Request had insufficient authentication scopes. This token is not for {}."
NO_SESSION = "BidiGenerateContent session not found"
INVALID = "Request contains an invalid argument."
EXHAUSTED = "RESOURCE_EXHAUSTED: "
UNAVAILABLE = "The service is currently unavailable."

# What our own close codes are to somebody who knows only Google's.
AS_GOOGLE = {
    CloseCode.BAD_MESSAGE: 1007,
    CloseCode.TOO_BIG: 1007,
    CloseCode.SIGNED_OUT: 1008,
    CloseCode.NOT_ALLOWED: 1008,
    CloseCode.NO_CONVERSATION: 1008,
    CloseCode.TOO_SLOW: 1008,
    CloseCode.TAKEN_OVER: 1008,
    CloseCode.LIMIT: 1011,
    CloseCode.RESTARTING: 1011,
    CloseCode.TRY_LATER: 1011,
}
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
HTTP_OF_CLOSE = {
    CloseCode.BAD_MESSAGE: 400,
    CloseCode.TOO_BIG: 413,
    CloseCode.SIGNED_OUT: 401,
    CloseCode.NOT_ALLOWED: 403,
    CloseCode.NO_CONVERSATION: 404,
    CloseCode.TAKEN_OVER: 409,
    CloseCode.LIMIT: 429,
    CloseCode.RESTARTING: 503,
    CloseCode.TRY_LATER: 503,
}
ASKED_WRONGLY = (ErrorKind.INVALID_ARGUMENT, ErrorKind.CONFIGURATION, ErrorKind.MODALITY)
_TELLS_NAMES = re.compile(r"projects/|trace id|@|https?://", re.I)


def close_of(code: int, sentence: str) -> tuple[int, str]:
    """The close for an SDK that stands for one of ours."""
    google = AS_GOOGLE.get(CloseCode(code), code) if code in set(CloseCode) else code
    if code == CloseCode.LIMIT:
        return google, EXHAUSTED + sentence
    if code == CloseCode.RESTARTING:
        return google, UNAVAILABLE + " It is restarting; connect again."
    return google, sentence


def nobody(tried: Sequence[Tried], sentence: str, *, given_up: bool) -> tuple[int, str]:
    """The close where nobody serves: the number that Google would close with for what most attempts died of."""
    kinds = [each.failure.kind for each in tried]
    last = tried[-1].failure if tried else None
    if given_up and last is not None:
        if last.kind in ASKED_WRONGLY:
            return 1007, said(last.reason) or INVALID
        return 1008, sentence
    if kinds and all(kind is ErrorKind.QUOTA for kind in kinds):
        return 1011, EXHAUSTED + sentence
    if kinds and all(kind is ErrorKind.MODEL_NOT_FOUND for kind in kinds):
        return 1008, sentence
    return 1011, sentence


def status_of(code: int) -> int:
    """The HTTP status that stands for one of our closes."""
    return HTTP_OF_CLOSE.get(CloseCode(code), 400) if code in set(CloseCode) else 400


def said(reason: str) -> str:
    """Upstream's own words about the client's request, where they name nothing of the server's; else nothing."""
    return "" if _TELLS_NAMES.search(reason) or not reason.isprintable() else reason


def live_not_found(model: str, version: str, platform: Platform) -> str:
    name = model if re.fullmatch(r"[\w./@:-]{1,160}", model) else "that model"
    if platform == "vertex":
        return f"Publisher Model `{name.rsplit('/', 1)[-1]}` was not found, or this service does not offer it."
    name = name if name.startswith("models/") else f"models/{name}"
    return f"{name} is not found for API version {version}, or is not supported for bidiGenerateContent"


def http_not_found(model: str, version: str, method: str) -> str:
    name = model if re.fullmatch(r"[\w.@-]{1,160}", model) else "that model"
    return (
        f"models/{name} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods."
    )


def error_body(status: int, message: str, details: Sequence[JsonObject] = ()) -> JsonObject:
    error: JsonObject = {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return {"error": error}


def help_details(link: str) -> JsonObject:
    """Where to read on, in Google's own form."""
    return {
        "@type": "type.googleapis.com/google.rpc.Help",
        "links": [{"description": "What it means and what to do", "url": link}],
    }


def bad_key_details(reason: str = "API_KEY_INVALID") -> list[JsonObject]:
    return [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
        }
    ]
