"""Which web pages may open a socket that is authenticated by cookie. Pure.

A browser always sends the page's origin and lets no script change it, so a foreign page cannot ride on somebody's
session. The origin must be the one that the request was sent to, or one that the settings trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_allowed(origin: str | None, *, host: str, secure: bool, trusted: Sequence[str]) -> bool:
    """`host` is the request's Host header (checked against ALLOWED_HOSTS elsewhere), `secure` whether the socket came
    by TLS. Where TLS ends in front of the service, `secure` is false and both schemes are accepted."""
    if not origin or len(origin) > 300:
        return False
    if any(_trusts(name.rstrip("/"), origin.rstrip("/")) for name in trusted):
        return True
    try:
        page = urlsplit(origin)
        page_port = page.port or DEFAULT_PORTS[page.scheme]
        asked = urlsplit(f"//{host}")
        asked_port = asked.port or DEFAULT_PORTS[page.scheme]
    except (ValueError, KeyError):
        return False
    if page.path or page.query or page.fragment or page.username is not None or not page.hostname:
        return False
    if secure and page.scheme != "https":
        return False
    return (page.hostname, page_port) == (asked.hostname, asked_port)


def _trusts(name: str, origin: str) -> bool:
    """`name` is an origin, or one with `*.` before the host, which means every host below it."""
    scheme, wild, domain = name.partition("://*.")
    if not wild:
        return name == origin
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    return page.scheme == scheme and page.netloc.endswith(f".{domain}") and origin == f"{scheme}://{page.netloc}"
