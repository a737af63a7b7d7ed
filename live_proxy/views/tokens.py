"""A person's API tokens: made, shown once, listed, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from live_proxy.api_tokens import MAX_TOKENS, TooManyTokens, issue, revoke
from live_proxy.models import ApiToken
from live_proxy.views.json_endpoint import user_id_of

DAYS = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("1 year")),
    ("", gettext_lazy("Never")),
]
SCOPES = [
    ("live", gettext_lazy("Live: talk over sockets")),
    ("generate", gettext_lazy("Generate: ask over HTTP")),
]
SHOWN = 200


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What the token is for, such as the program or the machine."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May be used for"),
        choices=SCOPES,
        initial=["live", "generate"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(label=gettext_lazy("Expires after"), choices=DAYS, initial="90", required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@sensitive_variables("key")
def tokens(request: HttpRequest) -> HttpResponse:
    form, key, status = TokenForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            days = form.cleaned_data["days"]
            expires_at = timezone.now() + timedelta(days=int(days)) if days else None
            try:
                user: Any = request.user
                _token, key = issue(
                    user, form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], expires_at=expires_at
                )
                form, status = TokenForm(), 201
            except TooManyTokens:
                form.add_error(None, _("You have %(count)d active tokens. Revoke one first.") % {"count": MAX_TOKENS})
    rows = ApiToken.objects.filter(user_id=user_id_of(request)).order_by("-created_at")[:SHOWN]
    context = {"form": form, "key": key, "tokens": [_row(token) for token in rows]}
    return render(request, "accounts/tokens.html", context, status=status)


@require_POST
@login_required
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = ApiToken.objects.filter(pk=pk, user_id=user_id_of(request)).first()
    if token is None:
        raise Http404
    revoke(token, timezone.now())
    return redirect("tokens")


def _row(token: ApiToken) -> dict[str, Any]:
    state, label = "active", _("Active")
    if token.revoked_at is not None:
        state, label = "revoked", _("Revoked")
    elif token.expires_at is not None and token.expires_at <= timezone.now():
        state, label = "expired", _("Expired")
    return {"token": token, "state": state, "label": label, "scopes": ", ".join(token.scopes)}
