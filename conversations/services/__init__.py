"""Everything that writes the record. Called in a worker thread, never on the event loop.

`records_apply` stores what the serving processes hand over; the rest is about who owns a conversation, what its owner
does with it, and what a dead process left behind.
"""

from conversations.services.applied import Applied, Dropped
from conversations.services.deleting_everything import deletion_remember, visits_erase, visits_erase_ended
from conversations.services.erasing import Erased, erase_piece
from conversations.services.leases import Claim, HistoryItem, conversation_claim, lease_release, sessions_heartbeat
from conversations.services.library import (
    UNDO_WITHIN,
    Deleted,
    TooManyPins,
    conversation_change,
    conversation_delete,
    conversation_restore,
    conversations_delete,
)
from conversations.services.record_batches import records_apply
from conversations.services.rewinding import NotAQuestion, Rewound, conversation_rewind
from conversations.services.sweeping import Swept, sessions_sweep

__all__ = [
    "Applied",
    "Claim",
    "Deleted",
    "Dropped",
    "Erased",
    "HistoryItem",
    "NotAQuestion",
    "Rewound",
    "Swept",
    "TooManyPins",
    "UNDO_WITHIN",
    "conversation_change",
    "conversation_claim",
    "conversation_delete",
    "conversation_restore",
    "conversation_rewind",
    "conversations_delete",
    "deletion_remember",
    "erase_piece",
    "lease_release",
    "records_apply",
    "sessions_heartbeat",
    "sessions_sweep",
    "visits_erase",
    "visits_erase_ended",
]
