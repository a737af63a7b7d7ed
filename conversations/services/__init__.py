"""Everything that writes the record. Called in a worker thread, never on the event loop.

`records_apply` stores what the serving processes hand over; the rest is about who owns a conversation and
about what a dead process left behind.
"""

from conversations.services.leases import Claim, HistoryItem, conversation_claim, lease_release, sessions_heartbeat
from conversations.services.record_batches import Applied, Dropped, records_apply
from conversations.services.rewinding import NotAQuestion, conversation_rewind
from conversations.services.sweeping import Swept, sessions_sweep

__all__ = [
    "Applied",
    "Claim",
    "Dropped",
    "HistoryItem",
    "NotAQuestion",
    "Swept",
    "conversation_claim",
    "conversation_rewind",
    "lease_release",
    "records_apply",
    "sessions_heartbeat",
    "sessions_sweep",
]
