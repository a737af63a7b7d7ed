"""Runs the checks in their order, each within a deadline, and gathers what they find."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import structlog
from asgiref.sync import sync_to_async

from live_proxy import config as settings
from live_proxy.config import BadSetting
from live_proxy.credentials import TokenProvider
from live_proxy.doctor.candidate_checks import Probe, check_candidates, probe_all
from live_proxy.doctor.context import Context
from live_proxy.doctor.credential_checks import check_credentials
from live_proxy.doctor.findings import CHECKS, Finding, Status
from live_proxy.doctor.google_checks import ORDER, check_google
from live_proxy.doctor.network_checks import Reached, check_clock, check_egress, check_tls, reach_all
from live_proxy.doctor.public_url_check import check_public_url, public_url_of
from live_proxy.doctor.redaction import Redactor
from live_proxy.doctor.settings_check import check_settings
from live_proxy.doctor.store_checks import check_database, check_redis

log = structlog.get_logger(__name__)

LIMIT = 30.0  # of one check; probing has one for each candidate as well
PROBES_LIMIT = 120.0


@dataclass(slots=True)
class Examination:
    findings: list[Finding]
    redactor: Redactor
    probes: list[Probe] = field(default_factory=list)


async def examine(only: Collection[str] = (), public_url: str = "") -> Examination:
    """Everything, or the checks named in `only`. What a check needs of earlier ones is looked at in any case."""
    redactor = Redactor(settings.secrets())
    found: list[Finding] = []
    try:
        config = settings.read_config()
    except BadSetting as error:
        config = None
        found.append(Finding("settings", Status.FAILED, str(error), cause="bad_setting", help="docs/settings.md"))
    context = Context(config, redactor, TokenProvider(config.token_sources) if config else None)
    try:
        result = await _all(context, found, public_url_of(public_url, settings.trusted_origins()), frozenset(only))
    finally:
        if context.tokens is not None:
            await context.tokens.close()
    order = list(CHECKS)
    result.findings.sort(key=lambda finding: order.index(finding.check))
    return result


async def _all(context: Context, found: list[Finding], public_url: str, only: frozenset[str]) -> Examination:
    probes: list[Probe] = []
    reached: list[Reached] = []

    def wanted(*checks: str) -> bool:
        return not only or bool(only.intersection(checks))

    async def look(check: str, looking: Callable[[], Awaitable[list[Finding]]], limit: float = LIMIT) -> None:
        if not wanted(check, *(ORDER if check == "project" else ())):
            return
        found.extend(await _within(check, looking, limit))

    async def settings_check() -> list[Finding]:
        look_at = sync_to_async(check_settings, thread_sensitive=False)
        return await look_at(context.config, production=settings.in_production())

    async def probing() -> list[Finding]:
        probes.extend(await probe_all(context))
        return check_candidates(context, probes)

    await look("settings", settings_check)
    await look("database", check_database)
    await look("redis", lambda: check_redis(context))
    if wanted("credentials", *ORDER, "candidate", "clock"):
        credentials = await _within("credentials", lambda: check_credentials(context), LIMIT)
        found.extend(credentials if wanted("credentials") else [])
    if wanted(*ORDER, "candidate", "clock"):
        google = await _within("project", lambda: check_google(context), LIMIT)
        found.extend(finding for finding in google if wanted(finding.check))
    await look("candidate", probing, PROBES_LIMIT)
    if wanted("egress", "tls"):
        reached.extend(await reach_all(context))
        found.extend(check_egress(reached) if wanted("egress") else [])
        found.extend(check_tls(reached) if wanted("tls") else [])
    found.extend(check_clock(context) if wanted("clock") else [])
    await look("public_url", lambda: check_public_url(public_url))
    if context.simulated:
        hosts = ", ".join(sorted(context.simulated))
        found.append(
            Finding(
                "settings",
                Status.NOTE,
                f"What answers at {hosts} is the simulator, not Google: this says nothing of Google.",
                cause="simulator",
            )
        )
    return Examination(found, context.redactor, probes)


async def _within(check: str, looking: Callable[[], Awaitable[list[Finding]]], limit: float) -> list[Finding]:
    """What a check finds. One that takes too long, or breaks, is a finding and no end of the examination."""
    try:
        async with asyncio.timeout(limit):
            return await looking()
    except TimeoutError:
        return [Finding(check, Status.FAILED, f"Not finished within {limit:.0f} s.", cause="too_slow")]
    except Exception as error:
        log.exception("doctor: a check broke", check=check)
        return [
            Finding(
                check,
                Status.FAILED,
                f"The check itself broke ({type(error).__name__}).",
                "Please report it, with the output of --json.",
                "check_broke",
            )
        ]
