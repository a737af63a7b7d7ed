"""What goes with all of a person's conversations when they delete everything: the visits in which nothing was said, now
or when they end, and the conversations that were begun before and are written only later."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from conversations.models import EverythingDeleted, FallbackEvent, Session, TransportAttempt

KEPT_IN_MIND = timedelta(days=1)  # longer than any record waits for a database
VISITS_A_PIECE = 200


def deletion_remember(*, user_id: int, now: datetime) -> None:
    """To be called in the transaction that deletes the conversations, and first: from here to its end nobody begins
    another one of that person's."""
    owners_lock([user_id])
    EverythingDeleted.objects.update_or_create(owner_id=user_id, defaults={"at": now})


def owners_lock(ids: Iterable[int]) -> dict[int, datetime | None]:
    """Those of the users that there are, and when each of them last deleted everything."""
    people = get_user_model().objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")
    found: dict[int, datetime | None] = dict.fromkeys(people.values_list("pk", flat=True))
    return found | dict(EverythingDeleted.objects.filter(owner_id__in=found).values_list("owner_id", "at"))


def visits_erase(*, user_id: int) -> None:
    """Erases the visits of a person who deleted everything, but for those that are not over yet."""
    while _erase_piece(_over().filter(user_id=user_id)):
        pass


def visits_erase_ended(*, now: datetime) -> int:
    """Erases what has ended since, at most 200 visits a call, and forgets the deletions that are done with. Returns how
    many."""
    erased = _erase_piece(_over())
    unfinished = Session.objects.filter(
        user_id=OuterRef("owner_id"), started_at__lte=OuterRef("at"), ended_at__isnull=True
    )
    EverythingDeleted.objects.filter(~Exists(unfinished), at__lt=now - KEPT_IN_MIND).delete()
    return erased


def _over() -> QuerySet[Session]:
    return Session.objects.filter(
        conversation__isnull=True,
        messages__isnull=True,
        ended_at__isnull=False,
        user__everything_deleted__at__gte=F("started_at"),
    )


def _erase_piece(visits: QuerySet[Session]) -> int:
    chosen: list[UUID] = list(visits.order_by("started_at").values_list("pk", flat=True)[:VISITS_A_PIECE])
    with transaction.atomic():
        locked = Session.objects.select_for_update(skip_locked=True).filter(pk__in=chosen, conversation__isnull=True)
        pks = list(locked.order_by("pk").values_list("pk", flat=True))
        FallbackEvent.objects.filter(session_id__in=pks).delete()
        TransportAttempt.objects.filter(session_id__in=pks).delete()
        Session.objects.filter(pk__in=pks).delete()
    return len(pks)
