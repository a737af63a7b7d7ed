"""What the proxy itself keeps in the database. The record of conversations is `conversations`'."""

from django.db import models


class ControlCommand(models.Model):
    """A word from one process to all others. The channel layer only makes them look sooner: each process reads the
    rows every two seconds, so a command arrives without Redis too."""

    class Kind(models.TextChoices):
        CLOSE_LOGIN = "close_login", "Close the sockets of one sign-in"
        CHECK_USER = "check_user", "Check a user's sign-in"
        CLOSE_SESSION = "close_session", "Close one session"

    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
