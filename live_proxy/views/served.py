"""How one answer was served, for who asked it. What Google said word for word is for the review alone."""

import uuid
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse

from conversations.served import served
from live_proxy.views.json_endpoint import json_endpoint, no_conversation, user_id_of


@json_endpoint("GET")
def served_details(request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID) -> HttpResponse:
    """`{"message": {…}, "attempts": […], "fallbacks": […]}`; see `conversations.served`."""
    found = served(conversation_id=conversation_id, message_id=message_id, user_id=user_id_of(request))
    if found is None:
        raise no_conversation()
    message = asdict(found)
    attempts, fallbacks = message.pop("attempts"), message.pop("fallbacks")
    return JsonResponse({"message": message, "attempts": attempts, "fallbacks": fallbacks})
