"""What `manage.py check` tells an operator about the proxy's own settings. Ids are stable: `live_proxy.E001` …"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Info, register

from live_proxy.config import BadSetting, may_lose_state, read_config


@register()
def settings_are_usable(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        config = read_config()
    except BadSetting as error:
        return [Error(str(error), hint="See docs/settings.md.", id="live_proxy.E001")]
    messages: list[CheckMessage] = []
    if not config.platforms:
        messages.append(
            Info(
                "Neither GOOGLE_CLOUD_PROJECT nor an API key is set: nobody will be answered.",
                hint="`make run` starts the simulator in that case; see the README for Google.",
                id="live_proxy.I001",
            )
        )
    for family in config.families:
        if config.platforms and not config.candidates(family):
            messages.append(
                Info(
                    f"No configured transport can serve the family {family.label!r}; the page does not offer it.",
                    hint="Add a transport to LIVE_TRANSPORTS or models to the family.",
                    id="live_proxy.I004",
                )
            )
    return messages


@register(deploy=True)
def deployment_keeps_its_promises(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = [
        Info(
            "Draining at SIGTERM and back-pressure on slow clients exist under `manage.py serve` only.",
            hint="Daphne and runserver pass the same messages, but drop every socket when they stop.",
            id="live_proxy.I002",
        )
    ]
    if may_lose_state():
        messages.append(
            Info(
                "REDIS_URL is not set: limits and wake-ups are this process's own.",
                hint="Set REDIS_URL where more than one process serves.",
                id="live_proxy.I003",
            )
        )
    return messages
