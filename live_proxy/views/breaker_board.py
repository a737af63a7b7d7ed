"""Staff see which candidates are held back and why; superusers reset them, or hold one out. Part of the admin."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from live_proxy.breaker.redis_store import StoreAway
from live_proxy.breaker.rules import Circuit, key_of
from live_proxy.candidates import Candidate
from live_proxy.config import live_config
from live_proxy.runtime import current_runtime

log = structlog.get_logger(__name__)

STATES = {
    "closed": _("in use"),
    "open": _("held back"),
    "half_open": _("being probed"),
    "held": _("held out by staff"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate as the table shows it."""

    key: str
    candidate: Candidate
    circuit: Circuit

    @property
    def state(self) -> str:
        return STATES[self.circuit.state]

    @property
    def since(self) -> datetime | None:
        return datetime.fromtimestamp(self.circuit.since, UTC) if self.circuit.state != "closed" else None

    @property
    def next_probe(self) -> datetime | None:
        at = self.circuit.next_probe
        return datetime.fromtimestamp(at, UTC) if at is not None else None

    @property
    def due(self) -> bool:
        """Its time is up: it is probed as soon as somebody wants it."""
        return self.circuit.next_probe is not None and self.circuit.next_probe <= time.time()

    @property
    def reason(self) -> str:
        return self.circuit.reason.replace("_", " ")


@never_cache
@require_http_methods(["GET", "POST"])
async def board(request: HttpRequest) -> HttpResponse:
    """`/admin/transports/`"""
    user = await request.auser()
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not (user.is_active and user.is_staff):
        raise PermissionDenied
    if request.method == "POST":
        if not user.is_superuser:
            raise PermissionDenied
        return await _act(request, user.get_username())
    away, circuits = False, {}
    try:
        circuits = {circuit.key: circuit for circuit in await current_runtime().breaker.board()}
    except StoreAway:
        away = True
        circuits = {circuit.key: circuit for circuit in current_runtime().breaker.known()}
    rows = [
        Row(key, candidate, circuits.get(key) or Circuit(key, "closed", 0.0))
        for candidate in live_config().every_candidate
        for key in [key_of(candidate)]
    ]
    return await sync_to_async(_page)(request, rows, away=away, may_act=user.is_superuser)


def _page(request: HttpRequest, rows: list[Row], *, away: bool, may_act: bool) -> HttpResponse:
    context = {**admin.site.each_context(request), "rows": rows, "away": away, "may_act": may_act}
    return render(request, "admin/transports/board.html", context)


async def _act(request: HttpRequest, by: str) -> HttpResponse:
    breaker = current_runtime().breaker
    action, key = request.POST.get("action"), request.POST.get("key", "")
    known = {key_of(candidate) for candidate in live_config().every_candidate}
    if key not in known and action != "reset_all":
        return HttpResponse(_("There is no such candidate."), status=400)
    try:
        match action:
            case "reset_all":
                await breaker.reset(None)
            case "reset":
                await breaker.reset(key)
            case "hold":
                await breaker.hold(key, by)
            case "release":
                await breaker.release(key)
            case _:
                return HttpResponse(_("There is no such action."), status=400)
    except StoreAway:
        return HttpResponse(_("Redis does not answer; try again in a moment."), status=503)
    log.info("breaker: changed by staff", action=action, candidate=key, by=by)
    return redirect("breaker_board")
