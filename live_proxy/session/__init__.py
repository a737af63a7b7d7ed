"""One visit of a client, from set-up to close."""

from live_proxy.session.limits import SessionLimits
from live_proxy.session.session import Session

__all__ = ["Session", "SessionLimits"]
