"""Finds the credential of a request and judges it as the platform would. Pure, but for the tokens it is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.endpoints import Endpoint
from simulator.oauth import TokenIssuer
from simulator.refusals import Close, HttpRefusal

Kind = Literal["bearer", "api_key_header", "api_key_query", "token_header", "token_query", "none"]

BAD_KEY = Close(1007, "API key not valid. Please pass a valid API key.")
NO_CREDENTIAL = Close(
    1008,
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API.",
)
BAD_EPHEMERAL = Close(1007, "Missing or malformed auth token")
UNAUTHENTICATED = HttpRefusal(
    401,
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    ({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED"},),
    {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
)


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    kind: Kind
    value: str = ""


def find_credential(headers: Mapping[str, str], query: Mapping[str, str]) -> Credential:
    """Header names are lower-case."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return Credential("bearer", value.strip())
    if scheme.lower() == "token" and value:
        return Credential("token_header", value.strip())
    if key := headers.get("x-goog-api-key"):
        return Credential("api_key_header", key)
    if key := query.get("key"):
        return Credential("api_key_query", key)
    if token := query.get("access_token"):
        return Credential("token_query", token)
    return Credential("none")


def judge(
    credential: Credential, endpoint: Endpoint, tokens: TokenIssuer, api_keys: Collection[str] | None
) -> HttpRefusal | Close | None:
    """None when the credential is good. Vertex refuses the handshake; the Developer API accepts it, then closes."""
    if credential.kind in ("api_key_header", "api_key_query"):
        known = credential.value.startswith("sim-") if api_keys is None else credential.value in api_keys
        if known:
            return None
        return UNAUTHENTICATED if endpoint.is_vertex else BAD_KEY
    if endpoint.is_vertex:
        good = credential.kind in ("bearer", "token_query") and tokens.is_valid(credential.value)
        return None if good else UNAUTHENTICATED
    match credential.kind:
        case "none":
            return NO_CREDENTIAL
        case "bearer":
            return None if tokens.is_valid(credential.value) else UNAUTHENTICATED
        case _:
            return None if credential.value.startswith("auth_tokens/sim-") and endpoint.constrained else BAD_EPHEMERAL
