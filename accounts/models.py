"""What the login throttle counts."""

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
