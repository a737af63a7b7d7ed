"""How long a session owns its conversation, and how soon a dead one is noticed."""

from datetime import datetime, timedelta

HEARTBEAT = timedelta(seconds=10)
LEASE = timedelta(seconds=30)


def lease_until(now: datetime) -> datetime:
    return now + LEASE
