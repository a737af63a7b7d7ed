"""One visit of a client, from set-up to close."""

from live_proxy.session.session import Session, SessionLimits

__all__ = ["Session", "SessionLimits"]
