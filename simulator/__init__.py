"""A stand-in for Google's Live API, as strict as Google, for tests and for development without credentials.

It imitates the wire and must know nothing of the program that is tested against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.known_models import KnownModel
    from simulator.server import Simulator

__all__ = ["KnownModel", "Simulator"]


def __getattr__(name: str) -> Any:
    # Lazy, so that listing the package among Django's apps does not import an HTTP server.
    if name == "Simulator":
        from simulator.server import Simulator

        return Simulator
    if name == "KnownModel":
        from simulator.known_models import KnownModel

        return KnownModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
