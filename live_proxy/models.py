"""What the proxy itself keeps in the database. The record of conversations is `conversations`'."""

from django.conf import settings
from django.db import models


class ControlCommand(models.Model):
    """A word from one process to all others. The channel layer only makes them look sooner: each process reads the
    rows every two seconds, so a command arrives without Redis too."""

    class Kind(models.TextChoices):
        CLOSE_LOGIN = "close_login", "Close the sockets of one sign-in"
        CHECK_USER = "check_user", "Check a user's sign-in"
        CLOSE_SESSION = "close_session", "Close one session"
        CONVERSATION_GONE = "conversation_gone", "Close one session whose conversation was deleted"

    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class ApiToken(models.Model):
    """A person's key for programs. The key itself is shown once and never stored: `digest` is its SHA-256, which is
    enough for a random text of 256 bits, and `prefix` is what people tell keys apart by."""

    class Scope(models.TextChoices):
        LIVE = "live", "Live sockets"
        GENERATE = "generate", "HTTP requests"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"
        indexes = [models.Index(fields=["user", "-created_at"], name="api_token_of_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SetupPolicy(models.Model):
    """What the set-ups of one user, or of a group, may ask for. An empty list allows everything, no number sets no
    ceiling. A user's own policy replaces those of their groups; of several groups' the one with the lowest
    `priority` holds."""

    class Instruction(models.TextChoices):
        OPEN = "open", "The client decides"
        PREFIX = "prefix", "Ours, then the client's"
        LOCKED = "locked", "Ours alone"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="setup_policy"
    )
    group = models.OneToOneField(
        "auth.Group", on_delete=models.CASCADE, null=True, blank=True, related_name="setup_policy"
    )
    priority = models.PositiveSmallIntegerField(default=100)
    families = models.JSONField(default=list, blank=True)
    voices = models.JSONField(default=list, blank=True)
    tools = models.JSONField(default=list, blank=True)
    modalities = models.JSONField(default=list, blank=True)
    instruction_mode = models.CharField(max_length=6, choices=Instruction, default=Instruction.OPEN)
    instruction = models.TextField(max_length=20_000, blank=True)
    max_output_tokens = models.PositiveIntegerField(null=True, blank=True)
    max_temperature = models.FloatField(null=True, blank=True)
    max_thinking_tokens = models.PositiveIntegerField(null=True, blank=True)
    max_session_seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "set-up policy"
        verbose_name_plural = "set-up policies"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="setup_policy_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"Policy of {self.user or self.group}"


class Resumption(models.Model):
    """A session as its client's handle finds it again. The handle is random and only its SHA-256 is kept; Google's
    own handle, where there is one that fits what the record holds, is kept encrypted."""

    session = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.CASCADE, related_name="+")
    family = models.CharField(max_length=100)
    candidate = models.CharField(max_length=400, blank=True)
    upstream_handle = models.BinaryField(default=bytes)
    position = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Handle of session {self.session}"


class Preferences(models.Model):
    """What a person chose for the sessions that the page opens; empty means the service's default. `language` is a
    BCP 47 code, `family` the label of a model family, `instruction` the system instruction."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    voice = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=20, blank=True)
    family = models.CharField(max_length=100, blank=True)
    instruction = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"Preferences of {self.user}"
