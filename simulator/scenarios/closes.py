"""Every close that Google has been seen to answer with, as scenarios: before the setup is complete, after it, mid-turn.

Reasons are Google's words, with invented names where the originals named somebody's project.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.refusals import DEADLINE_EXPIRED, INVALID_ARGUMENT, Abort, Close, Ending
from simulator.scenarios.scenario import Scenario

QUOTA = (
    "Request trace id: 4be1d0c7a9f2, [ORIGINAL ERROR] generic::resource_exhausted: RESOURCE_EXHAUSTED: "
    "Maximum concurrent sessions exceeded for this project."
)
UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
MODALITIES = (
    "The requested combination of response modalities (TEXT) is not supported by the model. "
    "models/gemini-3.1-flash-live-preview"
)
TOOLS = (
    "* BidiGenerateContentRequest.setup.tools[0].function_declarations[3].parameters.properties[unit].enum: only "
    "allowed for STRING type"
)

CLOSES: dict[str, Ending] = {
    "internal": Close(1011, "Internal error encountered."),
    "unavailable_close": Close(1011, "The service is currently unavailable."),
    "deadline": Close(1011, DEADLINE_EXPIRED),
    "deadline_exceeded": Close(1011, "RPC::DEADLINE_EXCEEDED"),
    "quota_close": Close(1011, QUOTA),
    "quota_plan": Close(1011, "You exceeded your current quota, please check your plan and billing details."),
    "token_used": Close(1011, "Token has been used too many times"),
    "api_key_not_valid": Close(1007, "API key not valid. Please pass a valid API key."),
    "auth_token_malformed": Close(1007, "Missing or malformed auth token"),
    "location": Close(1007, "User location is not supported for the API use."),
    "modality": Close(1007, MODALITIES),
    "voice_without_audio": Close(1007, "Cannot extract voices from a non-audio request."),
    "thinking_level": Close(1007, "Thinking level must be specified for this model."),
    "language": Close(1007, "Unsupported language code 'ar-XA' for model models/gemini-3.8-live"),
    "media_chunks": Close(1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."),
    "bad_tools": Close(1007, TOOLS),
    "unknown_name": Close(
        1007, "Invalid JSON payload received. Unknown name \"speechConfig\" at 'setup': Cannot find field."
    ),
    "invalid_argument": Close(1007, INVALID_ARGUMENT),
    "precondition": Close(1007, "Precondition check failed."),
    "invalid_handle": Close(1007, "Invalid session handle"),
    "unregistered": Close(1008, UNREGISTERED),
    "project_not_found": Close(
        1008, "Request trace id: 5f0e7d3c2b1a, Project 'projects/demo-project' not found or deleted."
    ),
    "session_not_found": Close(1008, "BidiGenerateContent session not found"),
    "history_not_found": Close(1008, "BidiGenerateContent session history not found"),
    "entity_not_found": Close(1008, "Requested entity was not found."),
    "not_implemented": Close(1008, "Operation is not implemented, or supported, or enabled."),
    "unexplained": Close(1008, ""),
    "clean": Close(1000),
    "going_away": Close(1001),
    "cut": Abort(),
    "reset": Abort(reset=True),
}


def closes() -> Iterator[Scenario]:
    for name, ending in CLOSES.items():
        told = _told(ending)
        yield Scenario(name, f"{told} instead of setupComplete.", at_setup=ending)
        yield Scenario(f"{name}_after_setup", f"{told} right after setupComplete.", after_setup=ending)
        yield Scenario(f"{name}_mid_turn", f"{told} after the second chunk of an answer.", mid_turn=ending)


def _told(ending: Ending) -> str:
    if isinstance(ending, Abort):
        return "TCP is reset" if ending.reset else "TCP is cut"
    shown = ending.reason if len(ending.reason) <= 70 else f"{ending.reason[:69]}…"
    return f"{ending.code} “{shown}”" if ending.reason else f"{ending.code} without a reason"
