"""What the login throttle counts, and how a person likes to be served."""

from django.conf import settings
from django.db import models


class LoginFailure(models.Model):
    """One failed sign-in. The name is kept as a keyed hash only: people type passwords into the wrong field."""

    username_hash = models.CharField(max_length=64)
    ip = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["username_hash", "ip", "at"], name="login_failure_pair"),
            models.Index(fields=["username_hash", "at"], name="login_failure_username"),
            models.Index(fields=["ip", "at"], name="login_failure_ip"),
            models.Index(fields=["at"], name="login_failure_at"),
        ]

    def __str__(self) -> str:
        return f"{self.ip} at {self.at:%Y-%m-%d %H:%M}"


class Preferences(models.Model):
    """What a person chose for the sessions that the page opens; empty means the service's default. `language` is a
    BCP 47 code, `family` the label of a model family, `instruction` the system instruction."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    voice = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=20, blank=True)
    family = models.CharField(max_length=100, blank=True)
    instruction = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"Preferences of {self.user}"
