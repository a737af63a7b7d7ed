"""The admin site: signing in like everywhere else, a policy per page, and an overview in front.

Unfold's own pages run on Alpine, which evaluates expressions and sets inline styles. They get a policy that
allows this; pages that show a whole transcript are ours, answer with `ReviewResponse` and stay under the
site's strict policy.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.csp import CSP
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from unfold.sites import UnfoldAdminSite

from conversations.overview import overview_of

UNFOLD_CSP: dict[str, Any] = {
    **settings.SECURE_CSP,
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}


class ReviewResponse(TemplateResponse):
    """A page of our own, without scripts and without inline styles."""


@csp_override(UNFOLD_CSP)
def _with_unfold_csp(response: Any) -> Any:
    return response


class ReviewAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def with_policy(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = inner(request, *args, **kwargs)
            return response if isinstance(response, ReviewResponse) else _with_unfold_csp(response)

        return with_policy

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sends people to the site's own login, where attempts are throttled. Somebody who is signed in and
        is not staff is told so: the login page would send them straight back."""
        if self.has_permission(request):
            return redirect(f"{self.name}:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        target = request.GET.get("next") or resolve_url(f"{self.name}:index")
        return redirect_to_login(target, resolve_url(settings.LOGIN_URL))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = LogoutView.as_view()(request)
        return response

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        overview = overview_of(user=request.user, now=timezone.now())
        response: HttpResponse = super().index(request, {"overview": overview, **(extra_context or {})})
        return response
