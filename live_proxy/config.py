"""The service's settings as one frozen value. The only module of this package that reads Django's settings."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import salted_hmac

from live_proxy.addresses import LOCATION, SOCKET_SCHEMES, Addresses
from live_proxy.candidates import ENDPOINTS, TRANSPORTS, Candidate, TransportName, candidates
from live_proxy.catalogue import DEFAULT_FAMILIES, Family, Platform, parse_families, with_overrides

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
PROJECT = re.compile(r"[a-z][a-z0-9.:-]{0,99}")
TOKEN_SOURCES = ("gcloud", "google-auth")


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """Times are in seconds."""

    families: tuple[Family, ...]
    transports: tuple[TransportName, ...]
    endpoints: tuple[str, ...]
    platforms: tuple[Platform, ...]
    location: str
    api_key: str
    addresses: Addresses
    token_sources: tuple[str, ...]
    setup_timeout: float
    climb_timeout: float
    first_output_timeout: float
    stall_timeout: float
    drain_timeout: float
    request_timeout: float
    max_sessions: int
    max_sessions_per_user: int
    demo: bool
    redis_url: str = ""

    @property
    def offered(self) -> tuple[Family, ...]:
        """The families that somebody could serve; all of them while nothing is configured."""
        return tuple(family for family in self.families if self.candidates(family)) or self.families

    @property
    def every_candidate(self) -> tuple[Candidate, ...]:
        """Of all families, each once."""
        return tuple(dict.fromkeys(each for family in self.families for each in self.candidates(family)))

    def candidates(self, family: Family) -> tuple[Candidate, ...]:
        return candidates(
            family,
            transports=self.transports,
            platforms=self.platforms,
            location=self.location,
            endpoints=self.endpoints,
        )


class BadSetting(ValueError):
    """A setting has a value that the service cannot run with. The text names it and says what is allowed."""


@cache
def live_config() -> LiveConfig:
    """The configuration of this process. Raises `BadSetting`."""
    return read_config()


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith(("LIVE_", "GOOGLE_")):
        live_config.cache_clear()


def host_allowed(host: str) -> bool:
    """Whether a request's Host header names this service."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def trusted_origins() -> list[str]:
    return list(settings.CSRF_TRUSTED_ORIGINS)


def may_lose_state() -> bool:
    """Whether what processes share lives in one process's memory."""
    return not settings.REDIS_URL


def encryption_keys() -> list[bytes]:
    """Keys for what is stored sealed, the newest first: of `SECRET_KEY` and of those before it."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        urlsafe_b64encode(salted_hmac("live_proxy.sealed", "1", secret=s, algorithm="sha256").digest()) for s in secrets
    ]


def secrets() -> list[str]:
    """The settings' values that must never be shown."""
    redis, database = urlsplit(settings.REDIS_URL), settings.DATABASES["default"]
    return [
        secret
        for secret in (
            settings.SECRET_KEY,
            *settings.SECRET_KEY_FALLBACKS,
            settings.GOOGLE_API_KEY,
            database.get("PASSWORD", ""),
            redis.password or "",
        )
        if secret
    ]


def in_production() -> bool:
    return not settings.DEBUG


def session_cookie() -> str:
    return str(settings.SESSION_COOKIE_NAME)


def session_store(key: str) -> SessionBase:
    """The stored session of a cookie, as Django's session middleware would open it."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return store


def read_config() -> LiveConfig:
    platforms: list[Platform] = []
    if settings.GOOGLE_CLOUD_PROJECT:
        platforms.append("vertex")
    if settings.GOOGLE_API_KEY:
        platforms.append("developer")
    if settings.GOOGLE_CLOUD_PROJECT and not PROJECT.fullmatch(settings.GOOGLE_CLOUD_PROJECT):
        raise BadSetting("GOOGLE_CLOUD_PROJECT is not a project id (lower-case letters, digits and hyphens).")
    if not LOCATION.fullmatch(settings.GOOGLE_CLOUD_LOCATION):
        raise BadSetting("GOOGLE_CLOUD_LOCATION is not a location such as us-central1, europe-west4 or global.")
    return LiveConfig(
        families=_families(),
        transports=_each("LIVE_TRANSPORTS", TRANSPORTS),
        endpoints=_each("LIVE_ENDPOINTS", ENDPOINTS),
        platforms=tuple(platforms),
        location=settings.GOOGLE_CLOUD_LOCATION,
        api_key=settings.GOOGLE_API_KEY,
        addresses=Addresses(
            project=settings.GOOGLE_CLOUD_PROJECT,
            vertex_base=_base_url("GOOGLE_VERTEX_BASE_URL"),
            developer_base=_base_url("GOOGLE_GEMINI_BASE_URL"),
        ),
        token_sources=_each("LIVE_TOKEN_SOURCES", TOKEN_SOURCES),
        setup_timeout=_positive("LIVE_SETUP_TIMEOUT"),
        climb_timeout=_positive("LIVE_CLIMB_TIMEOUT"),
        first_output_timeout=_positive("LIVE_FIRST_OUTPUT_TIMEOUT"),
        stall_timeout=_positive("LIVE_STALL_TIMEOUT"),
        drain_timeout=_positive("LIVE_DRAIN_TIMEOUT"),
        request_timeout=_positive("LIVE_REQUEST_TIMEOUT"),
        max_sessions=int(_positive("LIVE_MAX_SESSIONS")),
        max_sessions_per_user=int(_positive("LIVE_MAX_SESSIONS_PER_USER")),
        redis_url=settings.REDIS_URL,
        demo=urlsplit(settings.GOOGLE_VERTEX_BASE_URL).hostname in ("127.0.0.1", "localhost", "::1"),
    )


def _families() -> tuple[Family, ...]:
    families = DEFAULT_FAMILIES
    if settings.LIVE_FAMILIES_FILE:
        try:
            families = parse_families(Path(settings.LIVE_FAMILIES_FILE).read_text(encoding="utf-8"))
        except (OSError, UnicodeError) as error:
            raise BadSetting(f"LIVE_FAMILIES_FILE cannot be read: {type(error).__name__}.") from error
        except ValueError as error:
            raise BadSetting(f"LIVE_FAMILIES_FILE: {error}") from error
    families = with_overrides(families, settings.LIVE_MODELS, settings.LIVE_STANDARD_MODELS)
    for name in (name for family in families for name in sorted(family.names())):
        if not MODEL_NAME.fullmatch(name):
            raise BadSetting(f"{name[:80]!r} is not a model name: letters, digits, dots and hyphens only.")
    return families


def _each[T: str](setting: str, allowed: tuple[T, ...]) -> tuple[T, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in getattr(settings, setting) if name.strip()))
    known = tuple(choice for name in names for choice in allowed if choice == name)
    if not names or len(known) != len(names):
        raise BadSetting(f"{setting} must list some of: {', '.join(allowed)}.")
    return known


def _positive(setting: str) -> float:
    value: float = getattr(settings, setting)
    if not 0 < value < 1_000_000:
        raise BadSetting(f"{setting} must be greater than 0.")
    return value


def _base_url(setting: str) -> str:
    url: str = getattr(settings, setting)
    parts = urlsplit(url)
    if url and (parts.scheme not in SOCKET_SCHEMES or not parts.hostname or parts.username or parts.query):
        raise BadSetting(f"{setting} must be a URL such as https://gateway.example, without user or query.")
    return url
