"""The settings: values that cannot work, values that mean something else than they seem to, and likely slips."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

from django.core import checks
from django.core.checks import CheckMessage
from django.db import connections

from live_proxy.config import LiveConfig
from live_proxy.doctor.findings import GOOGLE_CLOUD, Finding, Status

DOCS = "docs/settings.md"
PREFIXES = ("LIVE_", "GOOGLE_", "GEMINI_")
KNOWN = frozenset(
    """GOOGLE_CLOUD_PROJECT GOOGLE_CLOUD_LOCATION GOOGLE_APPLICATION_CREDENTIALS GOOGLE_API_KEY GEMINI_API_KEY
    GOOGLE_VERTEX_BASE_URL GOOGLE_GEMINI_BASE_URL LIVE_TRANSPORTS LIVE_ENDPOINTS LIVE_TOKEN_SOURCES LIVE_FAMILIES_FILE
    LIVE_MODELS LIVE_STANDARD_MODELS LIVE_SETUP_TIMEOUT LIVE_CLIMB_TIMEOUT LIVE_FIRST_OUTPUT_TIMEOUT LIVE_STALL_TIMEOUT
    LIVE_REQUEST_TIMEOUT LIVE_DRAIN_TIMEOUT LIVE_MAX_SESSIONS LIVE_MAX_SESSIONS_PER_USER LIVE_RECORDINGS_DIR
    LIVE_JOURNAL_DIR LIVE_RECORD_AUDIO LIVE_RETENTION_DAYS GOOGLE_CLOUD_QUOTA_PROJECT GOOGLE_GENAI_USE_VERTEXAI
    GOOGLE_GENAI_USE_ENTERPRISE GOOGLE_GENAI_API_VERSION GOOGLE_GENAI_HTTP_CLIENT
    GOOGLE_GENAI_REPLAYS_DIRECTORY""".split()
)
METHOD_IN_URL = ("BidiGenerateContent", "streamGenerateContent", "generateContent")


def check_settings(
    config: LiveConfig | None, environ: Mapping[str, str] = os.environ, *, production: bool
) -> list[Finding]:
    problems = [*_django(production), *_slips(environ), *_misused(environ)]
    if config is not None:
        problems += _configured(config, environ)
    if not any(problem.status is Status.FAILED for problem in problems):
        problems.append(Finding("settings", Status.OK, "The settings can be read.", facts=_facts(config)))
    return problems


def _facts(config: LiveConfig | None) -> dict[str, object]:
    if config is None:
        return {}
    return {
        "platforms": list(config.platforms),
        "location": config.location,
        "transports": list(config.transports),
        "families": [family.label for family in config.families],
    }


def _django(production: bool) -> Iterator[Finding]:
    """Django's own checks, and those of this service."""
    try:
        messages = checks.run_checks(include_deployment_checks=production)
    finally:
        connections.close_all()  # some look into the database, from this thread
    for message in messages:
        if message.is_serious(checks.WARNING) and not message.is_silenced():
            yield _from_django(message)


def _from_django(message: CheckMessage) -> Finding:
    status = Status.FAILED if message.level >= checks.ERROR else Status.WARNING
    return Finding("settings", status, str(message.msg), str(message.hint or ""), message.id or "check", DOCS)


def _slips(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environ):
        if name.startswith(PREFIXES) and name not in KNOWN and (meant := get_close_matches(name, KNOWN, 1, 0.86)):
            yield Finding(
                "settings",
                Status.WARNING,
                f"{name} is no setting and has no effect.",
                f"Is {meant[0]} meant?",
                "unknown_setting",
                DOCS,
            )


def _misused(environ: Mapping[str, str]) -> Iterator[Finding]:
    keys = {name: environ.get(name, "").strip() for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY")}
    if all(keys.values()) and len(set(keys.values())) == 2:
        yield Finding(
            "settings",
            Status.WARNING,
            "GOOGLE_API_KEY and GEMINI_API_KEY hold different keys; the first one is used.",
            "Unset one of them.",
            "two_api_keys",
            DOCS,
        )
    for name, key in keys.items():
        if key.startswith(("ya29.", "Bearer ")):
            yield Finding(
                "settings",
                Status.FAILED,
                f"{name} holds an access token where an API key belongs.",
                "An access token is made by the service itself from its credentials: unset it, and set "
                "GOOGLE_CLOUD_PROJECT with a key file or gcloud; or put an API key there.",
                "token_as_api_key",
                f"{GOOGLE_CLOUD}#common-misunderstandings",
            )
        elif key.startswith("auth_tokens/"):
            yield Finding(
                "settings",
                Status.FAILED,
                f"{name} holds an ephemeral token, which ends after minutes.",
                "Put an API key there: ephemeral tokens are for browsers that talk to Google themselves.",
                "ephemeral_token_as_api_key",
                f"{GOOGLE_CLOUD}#common-misunderstandings",
            )
        elif key and (any(letter.isspace() for letter in key) or key[0] in "\"'"):
            yield Finding(
                "settings",
                Status.FAILED,
                f"{name} holds quotes or blanks.",
                "Write the key alone, without quotes.",
                "malformed_api_key",
                DOCS,
            )


def _configured(config: LiveConfig, environ: Mapping[str, str]) -> list[Finding]:
    found = []
    if not config.platforms:
        found.append(_nothing_configured(environ))
    elif config.platforms == ("developer",):
        found.append(
            Finding(
                "settings",
                Status.NOTE,
                "An API key alone is set: that is enough for Live, by the Developer API. No project is needed.",
                cause="api_key_alone",
            )
        )
    if "publisher" in config.endpoints:
        found.append(
            Finding(
                "settings",
                Status.WARNING,
                "LIVE_ENDPOINTS lists `publisher`: a WebSocket to …:streamGenerateContent, which Google refuses with "
                "404, because that is an HTTPS POST method.",
                "Set LIVE_ENDPOINTS=bidi.",
                "stream_generate_content_is_no_socket",
                f"{GOOGLE_CLOUD}#common-misunderstandings",
            )
        )
    for setting, url in (
        ("GOOGLE_VERTEX_BASE_URL", config.addresses.vertex_base),
        ("GOOGLE_GEMINI_BASE_URL", config.addresses.developer_base),
    ):
        found += _base_url(setting, url)
    for family in config.families:
        if config.platforms and not config.candidates(family):
            found.append(
                Finding(
                    "settings",
                    Status.WARNING,
                    f"Nothing that is configured can serve the family {family.label}.",
                    "Give it models of the configured platform, or configure the other platform.",
                    "family_without_candidate",
                    DOCS,
                )
            )
    return found


def _nothing_configured(environ: Mapping[str, str]) -> Finding:
    if environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return Finding(
            "settings",
            Status.FAILED,
            "GOOGLE_APPLICATION_CREDENTIALS is set, and GOOGLE_CLOUD_PROJECT is not: the key file is never used.",
            "Set GOOGLE_CLOUD_PROJECT to the project's id.",
            "not_configured",
            f"{GOOGLE_CLOUD}#vertex-ai",
        )
    return Finding(
        "settings",
        Status.FAILED,
        "Neither GOOGLE_CLOUD_PROJECT nor an API key is set: there is nobody to ask but the simulator of make run.",
        "Set GOOGLE_API_KEY (that alone is enough for Live), or GOOGLE_CLOUD_PROJECT with credentials.",
        "not_configured",
        GOOGLE_CLOUD,
    )


def _base_url(setting: str, url: str) -> Iterator[Finding]:
    path = urlsplit(url).path
    method = next((name for name in METHOD_IN_URL if name.lower() in path.lower()), None)
    if method is None:
        return
    advice = f"Write the host alone in {setting}; the service adds the path."
    if "GenerativeService/BidiGenerateContent" in path:
        advice += " The Developer API's method is written with a dot: GenerativeService.BidiGenerateContent."
    if method != "BidiGenerateContent":
        advice += f" And a WebSocket to …:{method} is always refused: it is an HTTPS POST method."
    yield Finding(
        "settings",
        Status.FAILED,
        f"{setting} contains the path of a method ({method}).",
        advice,
        "method_in_base_url",
        f"{GOOGLE_CLOUD}#common-misunderstandings",
    )
