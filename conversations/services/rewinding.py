"""Going back to an earlier point of a conversation: what came after it is no part of the thread any more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from conversations.models import Conversation, Message, Role
from conversations.services.unfinished import messages_close


class NotAQuestion(Exception):
    """One goes back to what a person said, not into the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """How many messages are replaced, and the session that lost the conversation, which does not know yet."""

    replaced: int
    session: UUID | None = None


def conversation_rewind(*, conversation_id: UUID, user_id: int, message_id: UUID, now: datetime) -> Rewound | None:
    """Takes a message and all after it out of the thread; they stay on record. None where that user has no such
    message.

    Whoever serves the conversation loses it by the same step: an answer under way would come back into the thread.
    A message that is replaced already changes nothing, whatever was said since: the request came twice, or from a
    page that does not know of another's. Raises `NotAQuestion`.
    """
    with transaction.atomic():
        mine = Conversation.objects.select_for_update(no_key=True).filter(
            pk=conversation_id, owner_id=user_id, deleted_at__isnull=True
        )
        conversation = mine.first()
        message = Message.objects.filter(pk=message_id, conversation_id=conversation_id).first()
        if conversation is None or message is None:
            return None
        if message.role != Role.USER:
            raise NotAQuestion
        if message.replaced_at is not None:
            return Rewound(0)
        session = conversation.lease_session
        conversation.fence += 1
        conversation.lease_session = conversation.lease_until = None
        conversation.save(update_fields=["fence", "lease_session", "lease_until"])
        messages_close(Message.objects.filter(conversation_id=conversation_id), now)
        later = Message.objects.filter(conversation_id=conversation_id, position__gte=message.position)
        return Rewound(later.filter(replaced_at__isnull=True).update(replaced_at=now), session)
