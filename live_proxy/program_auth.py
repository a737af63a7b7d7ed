"""Who a program's credential belongs to: Google's ways to carry one, our tokens in them.

Cookies count for nothing here, so a page of another site can do no more than its own token allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from live_proxy import api_tokens
from live_proxy.edge import google_words as words
from live_proxy.models import ApiToken

MAX_QUERY = 4096


class Unauthorised(Exception):
    """`status` is what an HTTP request is answered with, `code` what a socket is closed with."""

    def __init__(self, sentence: str, *, status: int, code: int, reason: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """`bearer`: it came as an access token and not as an API key, and is refused in those words."""

    key: str
    bearer: bool = False


def credential(headers: Mapping[bytes, bytes], query: bytes) -> Credential | None:
    """The credential of a request, whichever way it came; header names are lower-case. A header counts before the
    query, since that is what a program sets on purpose."""
    scheme, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    value = value.strip()
    # The Python SDK sends its API key beside a token that is an ephemeral one.
    if value and scheme.lower() in ("bearer", "token"):
        return Credential(value, bearer=True)
    if key := headers.get(b"x-goog-api-key", b"").decode("latin-1").strip():
        return Credential(key)
    pairs = dict(parse_qsl(query[:MAX_QUERY].decode("latin-1")))
    if key := pairs.get("key", ""):
        return Credential(key)
    if token := pairs.get("access_token", ""):
        return Credential(token, bearer=True)
    return None


def token_of(found: Credential | None, scope: str, now: datetime) -> ApiToken:
    """The token that a credential is. Blocking. Raises `Unauthorised`."""
    if found is None:
        raise Unauthorised(words.NO_KEY, status=403, code=1008)
    token = api_tokens.find(found.key)
    standing = "unknown" if token is None else api_tokens.standing(token, scope, now)
    if token is not None and standing == "ok":
        api_tokens.used(token.pk, now)
        return token
    if standing == "scope":
        wanted = ApiToken.Scope(scope).label
        raise Unauthorised(words.FOREIGN_SCOPE.format(wanted.lower()), status=403, code=1008)
    if found.bearer:
        raise Unauthorised(words.BAD_BEARER, status=401, code=1008)
    if standing == "expired":
        raise Unauthorised(words.EXPIRED_KEY, status=400, code=1007, reason="API_KEY_INVALID")
    raise Unauthorised(words.BAD_KEY, status=400, code=1007, reason="API_KEY_INVALID")


def still_good(token_id: int, scope: str, now: datetime) -> bool:
    """Blocking."""
    token = ApiToken.objects.select_related("user").filter(pk=token_id).first()
    return token is not None and api_tokens.standing(token, scope, now) == "ok"
