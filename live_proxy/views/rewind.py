"""Going back to an earlier message, to ask it again or ask something else."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.services import NotAQuestion, conversation_rewind
from live_proxy.views.json_endpoint import Refused, json_body, json_endpoint, no_conversation, user_id_of


@json_endpoint("POST")
def rewind(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """`{"message": <row id>}` → `{"replaced": <how many messages>}`."""
    try:
        message_id = uuid.UUID(json_body(request).get("message"))
    except (ValueError, TypeError, AttributeError):
        raise Refused(_("“message” must be the id of a message.")) from None
    try:
        replaced = conversation_rewind(
            conversation_id=conversation_id,
            user_id=user_id_of(request),
            message_id=message_id,
            now=timezone.now(),
        )
    except NotAQuestion:
        raise Refused(_("“message” must be one of your own messages.")) from None
    if replaced is None:
        raise no_conversation()
    return JsonResponse({"replaced": replaced})
