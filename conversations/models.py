"""The durable record: what was said, by whom, and how it was carried.

Rows are written by `conversations.services` from plain records and never by views, consumers or `save()`
hooks. Ids are made by the process that serves the session, so that every write can be repeated safely.
"""

import uuid

from django.conf import settings
from django.db import models


class Transport(models.TextChoices):
    WEBSOCKET = "websocket", "WebSocket"
    SDK = "sdk", "SDK streaming"
    REST = "rest", "REST"


class Client(models.TextChoices):
    WEB = "web", "Web page"
    SDK = "sdk", "Google SDK"
    HTTP = "http", "HTTP"


class Role(models.TextChoices):
    USER = "user", "User"
    MODEL = "model", "Model"
    TOOL = "tool", "Tool"


class Modality(models.TextChoices):
    TEXT = "text", "Text"
    AUDIO = "audio", "Audio"


class Status(models.TextChoices):
    PENDING = "pending", "Pending"
    COMPLETE = "complete", "Complete"
    INTERRUPTED = "interrupted", "Interrupted"
    FAILED = "failed", "Failed"
    NO_REPLY = "no_reply", "No reply"


class Outcome(models.TextChoices):
    PENDING = "pending", "Pending"
    CONNECTED = "connected", "Connected"
    FAILED = "failed", "Failed"
    ENDED = "ended", "Ended"
    CANCELLED = "cancelled", "Cancelled"
    ABANDONED = "abandoned", "Abandoned"


class Conversation(models.Model):
    """One durable thread. `fence` grows each time another session takes the conversation over; a write that
    carries an older number is refused, so a process that lost its lease cannot add to the record. `deleted_at`:
    its owner deleted it and no longer sees it; it is erased when the time to undo is over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=100, blank=True)
    fence = models.PositiveIntegerField(default=0, editable=False)
    lease_session = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    pinned_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            models.Index(fields=["owner", "-updated_at"], name="conversation_owner_recent"),
            models.Index(fields=["-updated_at"], name="conversation_recent"),
            models.Index(fields=["owner"], name="conversation_pinned", condition=models.Q(pinned_at__isnull=False)),
            models.Index(
                fields=["deleted_at"], name="conversation_deleted", condition=models.Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Conversation {self.id}"


class Session(models.Model):
    """One visit of a client, from its socket's set-up to its close. A visit that never says anything has no
    conversation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="sessions", null=True, blank=True
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="live_sessions")
    client = models.CharField(max_length=8, choices=Client)
    process = models.CharField(max_length=100)
    heartbeat_at = models.DateTimeField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    close_code = models.PositiveIntegerField(null=True, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="session_recent"),
            models.Index(
                fields=["heartbeat_at"], name="session_open_heartbeat", condition=models.Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"Session {self.id}"


class TransportAttempt(models.Model):
    """One try to reach Gemini by one candidate. The row is written before the try, so a crash leaves evidence."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="attempts")
    transport = models.CharField(max_length=10, choices=Transport)
    platform = models.CharField(max_length=10)
    location = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=200)
    endpoint = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True, blank=True, help_text="From the start to set-up or failure.")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    error_kind = models.CharField(max_length=40, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    close_code = models.PositiveIntegerField(null=True, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="attempt_recent"),
            models.Index(fields=["session", "started_at"], name="attempt_session"),
        ]

    def __str__(self) -> str:
        return f"{self.transport} · {self.model} · {self.outcome}"


class Message(models.Model):
    """One user, model or tool message. `usage` is `{prompt, output, thoughts, tool, cached, total, by_modality,
    raw}` in tokens over all attempts of the turn; `parts` holds Live API parts without their media bytes.
    `replaced_at`: its owner went back to an earlier point, so it is no part of the thread any more; it stays on
    record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.CharField(max_length=64, null=True, blank=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=8, choices=Role)
    modality = models.CharField(max_length=8, choices=Modality, default=Modality.TEXT)
    text = models.TextField(blank=True)
    parts = models.JSONField(default=list, blank=True)
    transport = models.CharField(max_length=10, choices=Transport, blank=True)
    model = models.CharField(max_length=200, blank=True)
    attempt = models.ForeignKey(
        TransportAttempt, on_delete=models.SET_NULL, related_name="messages", null=True, blank=True
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    usage = models.JSONField(default=dict, blank=True)
    first_output_ms = models.PositiveIntegerField(null=True, blank=True)
    audio = models.FileField(upload_to="audio/", blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["conversation", "position"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "position"], name="message_position_once"),
            models.UniqueConstraint(
                fields=["conversation", "client_id"],
                name="message_client_id_once",
                condition=models.Q(client_id__isnull=False, replaced_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="message_recent"),
            models.Index(fields=["transport", "-created_at"], name="message_transport_recent"),
            models.Index(fields=["status", "-created_at"], name="message_status_recent"),
            models.Index(fields=["conversation", "transport"], name="message_conversation_carried"),
            models.Index(
                fields=["conversation"], name="message_replaced", condition=models.Q(replaced_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} #{self.position}"


class FallbackEvent(models.Model):
    """A step from one candidate to the next, and why it was taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="fallbacks")
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, related_name="fallbacks", null=True, blank=True)
    from_attempt = models.ForeignKey(
        TransportAttempt, on_delete=models.SET_NULL, related_name="fallbacks_from", null=True, blank=True
    )
    to_attempt = models.ForeignKey(
        TransportAttempt, on_delete=models.SET_NULL, related_name="fallbacks_to", null=True, blank=True
    )
    from_transport = models.CharField(max_length=10, choices=Transport, blank=True)
    to_transport = models.CharField(max_length=10, choices=Transport, blank=True)
    reason = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at"], name="fallback_recent")]

    def __str__(self) -> str:
        return f"{self.from_transport} → {self.to_transport}: {self.reason}"


class EverythingDeleted(models.Model):
    """When a person last deleted everything. What was begun before that, and is written or ends only later, goes as
    well; the row goes when nothing of that kind can come any more."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="everything_deleted"
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Everything of {self.owner} before {self.at}"
