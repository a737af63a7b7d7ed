"""How a person likes to be served, within what policy and catalogue allow. Blocking."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.cleaning import clean_text
from live_proxy.catalogue import Family
from live_proxy.edge.policy import Policy, allows_family
from live_proxy.models import Preferences
from live_proxy.voices import LANGUAGES, VOICES

FIELDS = ("voice", "language", "family", "instruction")
LONGEST_INSTRUCTION = 8_000


class NotAllowed(Exception):
    """A choice that policy or catalogue does not know; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def allowed(policy: Policy, offered: Sequence[Family]) -> list[Family]:
    """The families that a policy leaves of those offered; all of them where it would leave none."""
    return [family for family in offered if allows_family(policy, family.label)] or list(offered)


def choices(policy: Policy, offered: Sequence[Family]) -> dict[str, tuple[str, ...]]:
    """What each choice may be, beside nothing. The instruction is free where it is not locked."""
    return {
        "voice": tuple(name for name in VOICES if not policy.voices or name in policy.voices),
        "language": tuple(LANGUAGES),
        "family": tuple(family.label for family in allowed(policy, offered)),
    }


def instruction_is_locked(policy: Policy) -> bool:
    return policy.instruction_mode == "locked"


def preferences_of(user_id: int, policy: Policy, offered: Sequence[Family]) -> dict[str, str]:
    """The four choices; what is not allowed (any longer) is empty."""
    return _shown(everything_kept(user_id), policy, offered)


def everything_kept(user_id: int) -> dict[str, str]:
    """The four choices as they were made, whether or not they are allowed now."""
    row = Preferences.objects.filter(pk=user_id).values(*FIELDS).first()
    return dict.fromkeys(FIELDS, "") | (row or {})


def _shown(stored: dict[str, str], policy: Policy, offered: Sequence[Family]) -> dict[str, str]:
    shown = {name: stored[name] if stored[name] in known else "" for name, known in choices(policy, offered).items()}
    return shown | {"instruction": "" if instruction_is_locked(policy) else stored["instruction"]}


def instruction_of(user_id: int, policy: Policy) -> str:
    """A person's own instruction; empty where the policy has the only word. One query at most."""
    if instruction_is_locked(policy):
        return ""
    return Preferences.objects.filter(pk=user_id).values_list("instruction", flat=True).first() or ""


def keep_preferences(user_id: int, chosen: dict[str, str], policy: Policy, offered: Sequence[Family]) -> None:
    """Replaces all four, but for what is hidden: a choice that is not allowed now is shown as empty, and who sends
    that back has not given it up. Raises `NotAllowed`."""
    for name, known in choices(policy, offered).items():
        if chosen[name] and chosen[name] not in known:
            raise NotAllowed(name)
    instruction = clean_text(chosen["instruction"].strip())
    if len(instruction) > LONGEST_INSTRUCTION or (instruction and instruction_is_locked(policy)):
        raise NotAllowed("instruction")
    stored = everything_kept(user_id)
    shown = _shown(stored, policy, offered)
    written = {
        name: value
        for name, value in (chosen | {"instruction": instruction}).items()
        if value or shown[name] == stored[name]
    }
    Preferences.objects.update_or_create(pk=user_id, defaults=written)


def forget_preferences(user_id: int) -> None:
    """As if nothing had ever been chosen."""
    Preferences.objects.filter(pk=user_id).delete()
