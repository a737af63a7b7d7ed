"""Going back to an earlier message, to ask it again or ask something else."""

import uuid

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.services import NotAQuestion, conversation_rewind
from live_proxy.commands import tell
from live_proxy.models import ControlCommand
from live_proxy.views.json_endpoint import Refused, json_body, json_endpoint, no_conversation, user_id_of


@json_endpoint("POST")
def rewind(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """`{"message": <row id>}` → `{"replaced": <how many messages>}`."""
    try:
        message_id = uuid.UUID(json_body(request).get("message"))
    except (ValueError, TypeError, AttributeError):
        raise Refused(_("“message” must be the id of a message.")) from None
    try:
        with transaction.atomic():
            rewound = conversation_rewind(
                conversation_id=conversation_id,
                user_id=user_id_of(request),
                message_id=message_id,
                now=timezone.now(),
            )
            if rewound is not None and rewound.session is not None:
                tell(ControlCommand.Kind.CLOSE_SESSION, rewound.session)
    except NotAQuestion:
        raise Refused(_("“message” must be one of your own messages.")) from None
    if rewound is None:
        raise no_conversation()
    return JsonResponse({"replaced": rewound.replaced})
