"""The page's settings that belong to a person rather than to a device."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from live_proxy.config import live_config
from live_proxy.policies import policy_of
from live_proxy.preferences import (
    FIELDS,
    LONGEST_INSTRUCTION,
    NotAllowed,
    choices,
    instruction_is_locked,
    keep_preferences,
    preferences_of,
)
from live_proxy.views.json_endpoint import Refused, json_body, json_endpoint, user_id_of
from live_proxy.voices import LANGUAGES


@json_endpoint("GET", "PUT")
def preferences(request: HttpRequest) -> HttpResponse:
    """GET: the four choices and what they may be. PUT: `{"voice", "language", "family", "instruction"}`, all texts,
    empty for the default; answered like GET."""
    user_id = user_id_of(request)
    policy, offered = policy_of(user_id), live_config().offered
    if request.method == "PUT":
        try:
            keep_preferences(user_id, _chosen(json_body(request)), policy, offered)
        except NotAllowed as error:
            raise Refused(_("“%(field)s” is not one of your choices.") % {"field": error.field}) from None
    known = choices(policy, offered)
    return JsonResponse(
        preferences_of(user_id, policy, offered)
        | {
            "voices": known["voice"],
            "languages": [{"code": code, "name": LANGUAGES[code]} for code in known["language"]],
            "families": known["family"],
            "instruction_locked": instruction_is_locked(policy),
            "instruction_limit": LONGEST_INSTRUCTION,
        }
    )


def _chosen(body: dict[str, object]) -> dict[str, str]:
    chosen = {name: value for name in FIELDS if isinstance(value := body.get(name), str)}
    if len(chosen) != len(FIELDS) or len(body) != len(FIELDS):
        raise Refused(_("The body must hold exactly these texts: %(names)s.") % {"names": ", ".join(FIELDS)})
    return chosen
