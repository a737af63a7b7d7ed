"""Signing in and out, signing up where it is allowed, changing the password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, views
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, UserCreationForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts.throttle import SignInRefused, TooBusy, TooManyFailures, hashing_slot


class LoginForm(AuthenticationForm):
    refusal: SignInRefused | None = None

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except SignInRefused as refusal:
            self.refusal = refusal
            raise


class LoginView(views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"allow_signup": settings.ALLOW_SIGNUP, **super().get_context_data(**kwargs)}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if isinstance(form, LoginForm) and form.refusal is not None:
            response.status_code = 429 if isinstance(form.refusal, TooManyFailures) else 503
            response["Retry-After"] = str(form.refusal.wait)
        return response


class BoundedHashing(FormView):  # type: ignore[type-arg]  # generic for the type checker only
    """Forms that hash share the process's few hashing slots with the sign-in."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with hashing_slot():
                return super().post(request, *args, **kwargs)
        except TooBusy as refusal:
            response = render(request, "429.html", status=503)
            response["Retry-After"] = str(refusal.wait)
            return response


class SignupForm(UserCreationForm):  # type: ignore[type-arg]
    class Meta(UserCreationForm.Meta):
        model = User


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class SignupView(BoundedHashing):
    template_name = "accounts/signup.html"
    form_class = SignupForm
    success_url = reverse_lazy("chat")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.ALLOW_SIGNUP:
            raise Http404
        if request.user.is_authenticated:
            return redirect("chat")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignupForm) -> HttpResponse:
        login(self.request, form.save(), backend=settings.AUTHENTICATION_BACKENDS[0])
        return super().form_valid(form)


class PasswordChangeView(BoundedHashing, views.PasswordChangeView):
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("chat")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)
