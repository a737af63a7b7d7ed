"""The chat page. Everything that moves on it comes over the socket or from `views.api`."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conversations.selectors import conversation_of
from live_proxy.config import live_config
from live_proxy.edge.policy import allows_modality, allows_tool
from live_proxy.policies import policy_of
from live_proxy.preferences import allowed, preferences_of
from live_proxy.session.client_input import FrameLimits
from live_proxy.views.api import first_conversations
from live_proxy.views.demo import is_staff
from live_proxy.views.json_endpoint import user_id_of
from live_proxy.views.rows import conversation_json


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this name on pages that name no icon, such as the admin's."""
    return redirect(static("live_proxy/icon.svg"))


@require_safe
@never_cache
@login_required
def chat(request: HttpRequest, conversation_id: uuid.UUID | None = None) -> HttpResponse:
    conversation = None
    if conversation_id is not None:
        conversation = conversation_of(conversation_id=conversation_id, user_id=user_id_of(request))
        if conversation is None:
            raise Http404
    config = live_config()
    policy = policy_of(user_id_of(request))
    speaks = allows_modality(policy, "AUDIO")
    offered = allowed(policy, config.offered)
    families = [{"label": family.label, "voice": bool(family.live) and speaks} for family in offered]
    labels = [family["label"] for family in families]
    chosen = preferences_of(user_id_of(request), policy, config.offered)
    usual = chosen["family"] or labels[0]
    selected = conversation.family if conversation and conversation.family in labels else usual
    limits = FrameLimits()
    page = {
        "conversation": str(conversation_id) if conversation_id else None,
        "opened": conversation_json(conversation) if conversation else None,
        "conversations": first_conversations(user_id_of(request)),
        "families": families,
        "allows": {"search": allows_tool(policy, "googleSearch"), "writing": allows_modality(policy, "TEXT")},
        "limits": {"typed": limits.typed, "plain": limits.plain, "media": limits.picture},
        "preferences": chosen,
        "username": request.user.get_username(),
        "worklets": {name: static(f"live_proxy/voice/{name}_worklet.js") for name in ("capture", "playback")},
        "urls": {
            "preferences": reverse("api_preferences"),
            "export": reverse("api_export"),
            "chat": reverse("chat"),
            "conversations": reverse("api_conversations"),
            "login": reverse("login"),
            "scenario": reverse("demo_scenario") if config.demo and is_staff(request) else None,
        },
    }
    context = {
        "conversation": conversation,
        "configured": bool(config.platforms),
        "demo": config.demo,
        "families": families,
        "page": page,
        "selected_family": selected,
    }
    return render(request, "live_proxy/chat.html", context)
