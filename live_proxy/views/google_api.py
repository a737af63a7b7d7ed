"""Google's HTTP methods under Google's paths: for programs that were written for Gemini and now come here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from live_proxy.edge import google_words as words
from live_proxy.edge.google_path import HttpPath, http_path
from live_proxy.edge.model_list import find_model, model_list
from live_proxy.errors import ClientFault
from live_proxy.models import ApiToken
from live_proxy.policies import policy_of
from live_proxy.program_auth import Unauthorised, credential, token_of
from live_proxy.protocol.client import normalise
from live_proxy.protocol.codec import JsonObject, NotJson, decode
from live_proxy.recorder import now
from live_proxy.runtime import Runtime, current_runtime
from live_proxy.views.google_answer import answer

METHODS = ("generateContent", "streamGenerateContent", "countTokens")
SCOPE = ApiToken.Scope.GENERATE
MAX_BODY = 24 * 1024 * 1024  # 20 MB of inline data, which is Google's limit, and the rest
PAGE = re.compile(r"[0-9]{1,4}")


@csrf_exempt  # no cookie counts here: a credential has to be sent on purpose
async def google_api(request: HttpRequest, **_: object) -> HttpResponseBase:
    response = await _answer(request)
    # Anybody's page may call, with a key of its own; Google's own servers say the same.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Origin, X-Origin, Referer"
    return response


async def _answer(request: HttpRequest) -> HttpResponseBase:
    if request.method == "OPTIONS":
        return _preflight(request)
    path = http_path(request.path)
    if path is None or (path.method and path.method not in METHODS):
        return error(
            404,
            "This service has no such method. It serves models, generateContent, streamGenerateContent "
            "and countTokens.",
        )
    if request.method != ("POST" if path.method else "GET"):
        return error(404, f"{request.method} is not what this path takes.")
    runtime = current_runtime()
    if runtime.hub.draining:
        return error(503, words.UNAVAILABLE + " It is restarting; try again.")
    try:
        token = await runtime.database.run(token_of, _credential(request), SCOPE, now())
        if not path.method:
            return await _models(runtime, request, path, token.user_id)
        sse, base = _wants_events(request), _base(request)
        return await answer(runtime, path, token.user_id, token.pk, _body(request), sse=sse, base=base)
    except Unauthorised as refusal:
        return error(refusal.status, refusal.sentence, reason=refusal.reason)
    except ClientFault as fault:
        return error(words.status_of(fault.code), fault.sentence)
    except (DatabaseError, InterfaceError, TimeoutError):
        return error(503, "The service cannot reach its database; try again.")


def _base(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def error(status: int, sentence: str, *, reason: str = "") -> JsonResponse:
    details = words.bad_key_details(reason) if reason else []
    return JsonResponse(words.error_body(status, sentence, details), status=status)


def _preflight(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
    asked = request.headers.get("Access-Control-Request-Headers", "")
    response["Access-Control-Allow-Headers"] = asked if re.fullmatch(r"[\w ,-]{0,500}", asked) else "content-type"
    response["Access-Control-Max-Age"] = "3600"
    return response


def _credential(request: HttpRequest) -> object:
    headers: Mapping[bytes, bytes] = {
        name.lower().encode("latin-1", "replace"): value.encode("latin-1", "replace")
        for name, value in request.headers.items()
    }
    return credential(headers, request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))


def _wants_events(request: HttpRequest) -> bool:
    return request.GET.get("alt") == "sse"


def _body(request: HttpRequest) -> JsonObject:
    """The request's JSON in one spelling. Raises `ClientFault`."""
    data = request.read(MAX_BODY + 1)
    if len(data) > MAX_BODY:
        raise ClientFault(1009, f"A request may have at most {MAX_BODY // 1024 // 1024} MiB.")
    try:
        body: JsonObject = normalise(decode(data))
    except NotJson as wrong:
        raise ClientFault(1007, f"Invalid JSON payload received. {wrong}") from None
    return body


async def _models(runtime: Runtime, request: HttpRequest, path: HttpPath, user_id: int) -> HttpResponseBase:
    policy = await runtime.database.run(policy_of, user_id)
    families = [family for family in runtime.config.offered if not policy.families or family.label in policy.families]
    if path.model:
        found = find_model(families, path)
        if found is None:
            return error(404, words.http_not_found(path.model, path.version, "lookup"))
        return JsonResponse(found)
    size, start = request.GET.get("pageSize", ""), request.GET.get("pageToken", "")
    if not PAGE.fullmatch(size or "50") or not PAGE.fullmatch(start or "0"):
        return error(400, "pageSize and pageToken must be what this service gave.")
    return JsonResponse(model_list(families, path, size=int(size or 50) or 50, start=int(start or 0)))
