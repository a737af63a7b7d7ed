"""Demo only: staff choose the simulator's scenario, so that a newcomer sees a fallback in the first minute."""

from __future__ import annotations

import json
from typing import Any

import httpx
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from live_proxy.config import LiveConfig, live_config
from live_proxy.runtime import current_runtime
from live_proxy.views.json_endpoint import json_error

TIMEOUT = 2.0
FIRST = ("normal", "no_live_access", "rest_only", "nothing_works", "internal_mid_turn", "stall", "quota", "thoughts")


def is_staff(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_staff


@never_cache
@require_http_methods(["GET", "PUT"])
async def scenario(request: HttpRequest) -> JsonResponse:
    """GET lists what the simulator can play, PUT `{"name"}` chooses. 404 for everybody but staff of a demo."""
    config, user = live_config(), await request.auser()
    if not config.demo or not user.is_authenticated or not user.is_staff:
        raise Http404
    try:
        if request.method == "GET":
            return JsonResponse(_listed(await _simulator(config, "GET", "")))
        body = json.loads(request.body)
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str):
            return json_error(400, _("“name” must be a text."))
        answer = await _simulator(config, "PUT", "scenario", {"name": name})
    except httpx.HTTPStatusError:
        return json_error(400, _("The simulator does not know this scenario."))
    except (httpx.HTTPError, ValueError):
        return json_error(502, _("The simulator did not answer."))
    # What failed before says nothing about how the simulator behaves from now on.
    await current_runtime().breaker.reset(None)
    return JsonResponse(answer)


async def _simulator(config: LiveConfig, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Raises httpx' errors, `ValueError`."""
    base = config.addresses.vertex_base.rstrip("/")
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
        response = await client.request(method, f"{base}/simulator/{path}", json=body)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found


def _listed(about: dict[str, Any]) -> dict[str, Any]:
    known = {each["name"]: each for each in about["scenarios"]}
    others = [each for name, each in known.items() if name not in FIRST]
    return {
        "chosen": about["scenario"],
        "groups": [
            {"label": _("To begin with"), "scenarios": [known[name] for name in FIRST if name in known]},
            {"label": _("On the way to the Live API"), "scenarios": [e for e in others if not _by_request(e)]},
            {"label": _("Requests fail as well"), "scenarios": [e for e in others if _by_request(e)]},
        ],
    }


def _by_request(each: dict[str, Any]) -> bool:
    return str(each["name"]).startswith("http_")
