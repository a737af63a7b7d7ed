"""The token endpoint's rules: checks a signed assertion as Google does and issues access tokens. No HTTP in here."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# Google's client library always names the public endpoint as the audience, wherever it sends the request.
PUBLIC_AUDIENCE = "https://oauth2.googleapis.com/token"
MAX_TOKENS = 10_000
MAX_ASSERTION_LIFE = 3600
CLOCK_SKEW = 300


class TokenRefused(Exception):
    """Answered with HTTP 400 and an OAuth error."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class _Trusted:
    key: rsa.RSAPublicKey
    audience: str


class TokenIssuer:
    def __init__(self, lifetime: int = 3599) -> None:
        self.lifetime = lifetime
        self.issued = 0
        self._trusted: dict[str, _Trusted] = {}
        self._tokens: OrderedDict[str, float] = OrderedDict()

    def trust(self, info: Mapping[str, Any]) -> None:
        """From now on the holder of this service-account key may have tokens."""
        private = serialization.load_pem_private_key(info["private_key"].encode(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError("a service account has an RSA key")
        self._trusted[info["client_email"]] = _Trusted(private.public_key(), info["token_uri"])

    def revoke_all(self) -> None:
        self._tokens.clear()

    def is_valid(self, token: str) -> bool:
        return self._tokens.get(token, 0.0) > time.monotonic()

    def exchange(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a token request; raises TokenRefused."""
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenRefused("unsupported_grant_type", f"Invalid grant_type: {str(form.get('grant_type'))[:80]}")
        self._check(str(form.get("assertion", "")))
        token = "ya29.simulator-" + secrets.token_urlsafe(32)
        self._tokens[token] = time.monotonic() + self.lifetime
        while len(self._tokens) > MAX_TOKENS:
            self._tokens.popitem(last=False)
        self.issued += 1
        return {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}

    def _check(self, assertion: str) -> None:
        try:
            head, payload, signature = assertion.split(".")
            header, claims = json.loads(_unbase64(head)), json.loads(_unbase64(payload))
            signed, sealed = f"{head}.{payload}".encode(), _unbase64(signature)
            algorithm, issuer = header["alg"], claims["iss"]
            audience, issued, expires = claims["aud"], float(claims["iat"]), float(claims["exp"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise TokenRefused("invalid_grant", "Invalid JWT: Failed to parse JWT.") from None
        trusted = self._trusted.get(issuer) if isinstance(issuer, str) else None
        if trusted is None:
            raise TokenRefused("invalid_grant", "Invalid grant: account not found")
        if algorithm != "RS256":
            raise TokenRefused("invalid_grant", "Invalid JWT Signature.")
        try:
            trusted.key.verify(sealed, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise TokenRefused("invalid_grant", "Invalid JWT Signature.") from None
        if audience not in (trusted.audience, PUBLIC_AUDIENCE):
            raise TokenRefused("invalid_grant", "Invalid JWT: Failed audience check.")
        now = time.time()
        if not now - CLOCK_SKEW < expires or issued > now + CLOCK_SKEW or expires - issued > MAX_ASSERTION_LIFE:
            raise TokenRefused(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim.",
            )
        if SCOPE not in str(claims.get("scope", "")).split():
            raise TokenRefused("invalid_scope", "Invalid OAuth scope or ID token audience provided.")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
