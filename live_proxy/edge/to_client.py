"""A server's control message on its way down: what the client did not ask for is hidden, spelling is the
client's, and nothing that this proxy handles itself gets through.
"""

from __future__ import annotations

from live_proxy.edge.requested import Requested
from live_proxy.edge.tool_ids import ToolIds
from live_proxy.edge.well_formed import well_formed
from live_proxy.protocol.codec import JsonObject

OURS = ("setupComplete", "goAway", "sessionResumptionUpdate", "error")
USAGE_FOR_DEVELOPER = {
    "candidatesTokenCount": "responseTokenCount",
    "candidatesTokensDetails": "responseTokensDetails",
}
USAGE_FOR_VERTEX = {ours: theirs for theirs, ours in USAGE_FOR_DEVELOPER.items()}


class ClientView:
    """What one client sees of upstream's messages."""

    def __init__(self, requested: Requested, tool_ids: ToolIds) -> None:
        self._hide = set()
        if not requested.input_transcription:
            self._hide |= {"inputTranscription", "interimInputTranscription"}
        if not requested.output_transcription:
            self._hide.add("outputTranscription")
        self._spelling = USAGE_FOR_VERTEX if requested.platform == "vertex" else USAGE_FOR_DEVELOPER
        self._unspoken = "trafficType" if requested.platform == "developer" else "serviceTier"
        self._tool_ids = tool_ids

    def see(self, message: JsonObject, *, text_from_audio: bool = False) -> JsonObject | None:
        """The message for the client: the same object where nothing changed, None where nothing is left."""
        typed = well_formed(message)
        changed = {key: value for key, value in typed.items() if key not in OURS}
        if isinstance(content := typed.get("serverContent"), dict):
            seen = self._content(content, text_from_audio)
            if seen is None:
                del changed["serverContent"]
            else:
                changed["serverContent"] = seen
        if isinstance(usage := typed.get("usageMetadata"), dict):
            changed["usageMetadata"] = self._usage(usage)
        if isinstance(call := typed.get("toolCall"), dict):
            changed["toolCall"] = self._tool_call(call)
        if not changed and message:
            return None
        return message if _same(changed, message) else changed

    def _content(self, content: JsonObject, text_from_audio: bool) -> JsonObject | None:
        seen = {key: value for key, value in content.items() if key not in self._hide}
        if text_from_audio:
            self._voice_as_text(content, seen)
        return content if _same(seen, content) else seen or None

    @staticmethod
    def _voice_as_text(content: JsonObject, seen: JsonObject) -> None:
        turn = content.get("modelTurn")
        turn = turn if isinstance(turn, dict) else {}
        parts = turn["parts"] if isinstance(turn.get("parts"), list) else []
        kept = [part for part in parts if not (isinstance(part, dict) and "inlineData" in part)]
        spoken = content.get("outputTranscription")
        if isinstance(spoken, dict) and isinstance(spoken.get("text"), str) and spoken["text"]:
            kept.append({"text": spoken["text"]})
        elif kept and len(kept) == len(parts):
            return
        if kept:
            seen["modelTurn"] = {"role": "model", **turn, "parts": kept}
        else:
            seen.pop("modelTurn", None)

    def _usage(self, usage: JsonObject) -> JsonObject:
        if self._unspoken not in usage and not any(key in usage for key in self._spelling):
            return usage
        return {self._spelling.get(key, key): value for key, value in usage.items() if key != self._unspoken}

    def _tool_call(self, call: JsonObject) -> JsonObject:
        calls = call.get("functionCalls")
        if not isinstance(calls, list) or all(each.get("id") for each in calls):
            return call
        return {**call, "functionCalls": self._tool_ids.named(calls)}


def _same(one: JsonObject, other: JsonObject) -> bool:
    """Whether both hold the same objects under the same keys."""
    return one.keys() == other.keys() and all(one[key] is other[key] for key in one)
