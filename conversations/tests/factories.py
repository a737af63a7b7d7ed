"""Rows and records for tests. Alice owns, Bob is staff and reviews, Charlie has no access."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Permission, User

from conversations.models import Conversation, FallbackEvent, Message, Session, TransportAttempt
from conversations.records import (
    AttemptStarted,
    AttemptUpdated,
    ConversationStarted,
    FallbackHappened,
    MessageSaved,
    SessionEnded,
    SessionStarted,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
REVIEWED = ("conversation", "session", "message", "transportattempt", "fallbackevent")


def alice() -> User:
    return User.objects.get_or_create(username="alice", defaults={"email": "alice@example.org"})[0]


def bob(*models: str) -> User:
    """Staff who may view `models`, everything that is reviewed when none is named."""
    user = User.objects.get_or_create(username="bob", defaults={"is_staff": True})[0]
    names = [f"view_{model}" for model in models or REVIEWED]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def charlie() -> User:
    return User.objects.get_or_create(username="charlie")[0]


def root() -> User:
    return User.objects.get_or_create(username="root", defaults={"is_staff": True, "is_superuser": True})[0]


def conversation(owner: User | None = None, **fields: Any) -> Conversation:
    defaults: dict[str, Any] = {"title": "Weather in Bergen", "family": "Gemini 2.5 Flash Live Preview 🎤", "fence": 1}
    defaults |= {"created_at": NOW, "updated_at": NOW}
    return Conversation.objects.create(owner=owner or alice(), **defaults | fields)


def session(conversation: Conversation | None = None, **fields: Any) -> Session:
    user = conversation.owner if conversation else alice()
    defaults: dict[str, Any] = {"user": user, "client": "web", "process": "web-1:4711"}
    defaults |= {"heartbeat_at": NOW, "started_at": NOW}
    return Session.objects.create(conversation=conversation, **defaults | fields)


def attempt(session: Session, **fields: Any) -> TransportAttempt:
    defaults: dict[str, Any] = {"transport": "websocket", "platform": "vertex", "location": "us-central1"}
    defaults |= {"model": "gemini-live-2.5-flash", "endpoint": "bidi", "started_at": NOW, "outcome": "connected"}
    return TransportAttempt.objects.create(session=session, **defaults | fields)


def message(session: Session, position: int, **fields: Any) -> Message:
    defaults: dict[str, Any] = {"conversation": session.conversation, "role": "model" if position % 2 == 0 else "user"}
    defaults |= {"text": f"Message {position}", "transport": "websocket", "model": "gemini-live-2.5-flash"}
    defaults |= {"status": "complete", "created_at": NOW + position * SECOND}
    return Message.objects.create(session=session, position=position, **defaults | fields)


def fallback(session: Session, **fields: Any) -> FallbackEvent:
    defaults: dict[str, Any] = {"from_transport": "websocket", "to_transport": "sdk", "reason": "model_not_found"}
    return FallbackEvent.objects.create(session=session, created_at=NOW, **defaults | fields)


class Visit:
    """The records of one session, as a serving process would make them."""

    def __init__(self, user: User | None = None) -> None:
        self.user_id = (user or alice()).pk
        self.session_id, self.conversation_id, self.attempt_id = uuid4(), uuid4(), uuid4()

    def started(self, **fields: Any) -> SessionStarted:
        defaults: dict[str, Any] = {"id": self.session_id, "user_id": self.user_id, "client": "web"}
        return SessionStarted(**defaults | {"process": "p:1", "at": NOW} | fields)

    def ended(self, **fields: Any) -> SessionEnded:
        defaults: dict[str, Any] = {"id": self.session_id, "at": NOW, "close_code": 1000, "close_reason": "bye"}
        return SessionEnded(**defaults | fields)

    def began(self, **fields: Any) -> ConversationStarted:
        defaults: dict[str, Any] = {"id": self.conversation_id, "owner_id": self.user_id, "title": "Hello"}
        defaults |= {"session_id": self.session_id, "family": "Live", "at": NOW, "lease_until": NOW + 30 * SECOND}
        return ConversationStarted(**defaults | fields)

    def tried(self, **fields: Any) -> AttemptStarted:
        defaults: dict[str, Any] = {"id": self.attempt_id, "session_id": self.session_id, "transport": "websocket"}
        defaults |= {"platform": "vertex", "location": "us-central1", "model": "gemini-live-2.5-flash"}
        return AttemptStarted(**defaults | {"endpoint": "bidi", "at": NOW} | fields)

    def turned_out(self, outcome: str, **fields: Any) -> AttemptUpdated:
        defaults: dict[str, Any] = {"id": self.attempt_id, "outcome": outcome}
        return AttemptUpdated(**defaults | fields)

    def fell(self, **fields: Any) -> FallbackHappened:
        defaults: dict[str, Any] = {"id": uuid4(), "session_id": self.session_id, "from_attempt_id": self.attempt_id}
        defaults |= {"to_attempt_id": None, "from_transport": "websocket", "to_transport": "sdk"}
        return FallbackHappened(**defaults | {"reason": "model_not_found", "at": NOW} | fields)

    def said(self, position: int, status: str = "complete", **fields: Any) -> MessageSaved:
        defaults: dict[str, Any] = {"id": self.message_id(position), "conversation_id": self.conversation_id}
        defaults |= {"session_id": self.session_id, "fence": 1, "position": position, "modality": "text"}
        defaults |= {"role": "model" if position % 2 == 0 else "user", "at": NOW + position * SECOND}
        return MessageSaved(**defaults | {"status": status, "text": f"text {position}"} | fields)

    def message_id(self, position: int) -> UUID:
        return UUID(int=self.conversation_id.int ^ position)

    def whole(self) -> list[Any]:
        return [self.started(), self.began(), self.tried(), self.turned_out("connected"), self.said(1), self.said(2)]
