"""What the checks of one examination share: the configuration, what earlier checks learnt, and the secrets to hide."""

from __future__ import annotations

from dataclasses import dataclass, field

from live_proxy.config import LiveConfig
from live_proxy.credentials import Token, TokenProvider
from live_proxy.doctor.redaction import Redactor


@dataclass(slots=True)
class Context:
    """`config` is None where the settings cannot be read: then only what needs none is looked at."""

    config: LiveConfig | None
    redactor: Redactor
    tokens: TokenProvider | None = None
    token: Token | None = None
    clock_offsets: dict[str, float] = field(default_factory=dict)
    """Host → seconds by which its clock is ahead of this machine's."""
    simulated: set[str] = field(default_factory=set)
    """Hosts that say they are the simulator."""
    developer_live_models: tuple[str, ...] | None = None
    """Live models that the API key has; None where nobody could be asked."""

    @property
    def vertex(self) -> bool:
        return self.config is not None and "vertex" in self.config.platforms

    @property
    def developer(self) -> bool:
        return self.config is not None and "developer" in self.config.platforms
