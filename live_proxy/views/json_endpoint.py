"""What the page's JSON endpoints share: who may call, what a refusal looks like, how a body is read."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024


class Refused(Exception):
    """A request that is answered with `status` and a sentence for the caller."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def json_error(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": status, "message": message}}, status=status)


def user_id_of(request: HttpRequest) -> int:
    """Of a view that has made sure that somebody is signed in."""
    return cast(int, request.user.pk)


def no_conversation() -> Refused:
    """The same for somebody else's conversation as for an unknown one."""
    return Refused(_("There is no such conversation."), 404)


def json_endpoint(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view for who is signed in. It may raise `Refused`. HEAD comes along with GET."""
    allowed = (*methods, "HEAD") if "GET" in methods else methods

    def decorated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            if not request.user.is_authenticated:
                return json_error(401, _("Please sign in."))
            try:
                return view(request, *args, **kwargs)
            except Refused as refused:
                return json_error(refused.status, str(refused))
            except (DatabaseError, InterfaceError) as error:
                log.error("page api: no database", path=request.path, error=type(error).__name__)
                return json_error(503, _("The service cannot reach its database; try again."))

        return wrapper

    return decorated


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in a request. Raises `Refused`."""
    try:
        data = request.body
    except RequestDataTooBig:
        raise Refused(_("The body is too large."), 413) from None
    if len(data) > MAX_BODY:
        raise Refused(_("The body is too large."), 413)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if request.content_type != "application/json" or not isinstance(body, dict):
        raise Refused(_("The body must be a JSON object."))
    return body


def whole_number(request: HttpRequest, name: str, default: int, smallest: int, largest: int) -> int:
    text = request.GET.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and smallest <= int(text) <= largest):
        raise Refused(
            _("“%(name)s” must be a whole number from %(smallest)d to %(largest)d.")
            % {"name": name, "smallest": smallest, "largest": largest}
        )
    return int(text)
