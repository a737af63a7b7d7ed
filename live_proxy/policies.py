"""Which set-up policy a user is held to. Blocking."""

from __future__ import annotations

from typing import Any, Literal, cast

from django.db.models import Q

from live_proxy.edge.policy import OPEN, Policy
from live_proxy.models import SetupPolicy


def policy_of(user_id: int) -> Policy:
    """The user's own policy, else that of the group which comes first, else none. One query."""
    mine = Q(user_id=user_id) | Q(group__user=user_id)
    rows = list(SetupPolicy.objects.filter(mine))
    if not rows:
        return OPEN
    row = min(rows, key=lambda each: (each.user_id is None, each.priority, each.pk))
    return Policy(
        families=_names(row.families),
        voices=_names(row.voices),
        tools=_names(row.tools),
        modalities=_names(row.modalities),
        instruction_mode=cast(Literal["open", "prefix", "locked"], row.instruction_mode),
        instruction=row.instruction,
        max_output_tokens=row.max_output_tokens,
        max_temperature=row.max_temperature,
        max_thinking_tokens=row.max_thinking_tokens,
        max_session_seconds=row.max_session_seconds,
    )


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in value if name and isinstance(name, str)) if isinstance(value, list) else ()
