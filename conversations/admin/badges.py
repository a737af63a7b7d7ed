"""How values look in the lists: columns, the colours of badges, times, figures and links."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.decorators import display

from conversations.models import Outcome, Status, Transport

TRANSPORT_COLOURS: dict[str, str] = {Transport.WEBSOCKET: "success", Transport.SDK: "info", Transport.REST: "warning"}
STATUS_COLOURS: dict[str, str] = {
    Status.PENDING: "info",
    Status.COMPLETE: "success",
    Status.INTERRUPTED: "warning",
    Status.FAILED: "danger",
    Status.NO_REPLY: "default",
}
OUTCOME_COLOURS: dict[str, str] = {
    Outcome.PENDING: "info",
    Outcome.CONNECTED: "success",
    Outcome.FAILED: "danger",
    Outcome.ENDED: "default",
    Outcome.CANCELLED: "default",
    Outcome.ABANDONED: "warning",
}
BEGINNING = 80


def column[Column: Callable[..., Any]](
    description: str, *, ordering: str | None = None, label: str | dict[str, str] | None = None
) -> Callable[[Column], Column]:
    """Unfold's `display`, with types. `label` makes a badge of the value, in the colour of its key."""
    decorate: Callable[[Column], Column] = display(description=description, ordering=ordering, label=label)
    return decorate


def badge(value: str, label: str) -> tuple[str, str] | None:
    """What Unfold's label column takes; None is shown as a dash."""
    return (value, label) if value else None


def moment(at: datetime | None) -> str | None:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else None


def milliseconds(value: int | None) -> str | None:
    return None if value is None else f"{value:,} ms"


def beginning(text: str, size: int = BEGINNING) -> str:
    """The first characters of `text` on one line."""
    return Truncator(" ".join(text.split())).chars(size)


def link(url: str, text: str) -> SafeString:
    return format_html('<a class="review-link" href="{}">{}</a>', url, text)


def conversation_url(conversation_id: UUID, *, page: int = 1, anchor: str = "") -> str:
    url = reverse("admin:conversations_conversation_change", args=[conversation_id])
    return f"{url}{f'?page={page}' if page > 1 else ''}{f'#{anchor}' if anchor else ''}"


def session_url(session_id: UUID, *, anchor: str = "") -> str:
    url = reverse("admin:conversations_session_change", args=[session_id])
    return f"{url}{f'#{anchor}' if anchor else ''}"


def codes(row: Any) -> str | None:
    """Close code and HTTP status of an attempt in one cell."""
    parts = [str(row.close_code)] if row.close_code else []
    parts += [f"HTTP {row.http_status}"] if row.http_status else []
    return " · ".join(parts) or None
