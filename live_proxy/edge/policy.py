"""PLACEHOLDER until the real rules stand here: replace the whole file."""

from __future__ import annotations

from dataclasses import dataclass

from live_proxy.protocol.codec import JsonObject


@dataclass(frozen=True, slots=True)
class Policy:
    families: tuple[str, ...] = ()
    max_session_seconds: int | None = None


def allows_family(policy: Policy, label: str) -> bool:
    return True


def held_to(policy: Policy, setup: JsonObject) -> JsonObject:
    return setup


def request_held_to(policy: Policy, body: JsonObject) -> JsonObject:
    return body


def update_held_to(policy: Policy, content: JsonObject) -> JsonObject:
    return content
