"""The chunks of a `streamGenerateContent` answer as Live API server messages, in the order of a Live turn. Pure."""

from __future__ import annotations

from collections.abc import Callable

from live_proxy.protocol.codec import JsonObject

# Words of the HTTP tiers to those of `turnCompleteReason`; a normal end has none.
FINISHED = {"STOP": "", "MAX_TOKENS": "", "FINISH_REASON_UNSPECIFIED": ""}
STOPPED = {
    "SAFETY": "GENERATED_CONTENT_SAFETY",
    "BLOCKLIST": "GENERATED_CONTENT_BLOCKLIST",
    "PROHIBITED_CONTENT": "GENERATED_CONTENT_PROHIBITED",
    "SPII": "GENERATED_CONTENT_PROHIBITED",
    "IMAGE_SAFETY": "GENERATED_IMAGE_SAFETY",
    "MALFORMED_FUNCTION_CALL": "MALFORMED_FUNCTION_CALL",
}
BLOCKED = {
    "BLOCKLIST": "BLOCKLIST",
    "OTHER": "INPUT_OTHER",
    "IMAGE_SAFETY": "IMAGE_PROHIBITED_INPUT_CONTENT",
}
BESIDE = ("groundingMetadata", "urlContextMetadata")


class Answer:
    """One answer while it arrives. `parts` are what the next request must repeat of it. Calls are told at its end: a
    client that answers at once must find the dialogue waiting for it."""

    def __init__(self, *, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._reason: str | None = None
        self._usage: JsonObject | None = None
        self.parts: list[JsonObject] = []
        self.calls: list[tuple[str, JsonObject]] = []

    @property
    def finished(self) -> bool:
        """Whether upstream said that the answer is whole. A stream that ends without it was cut."""
        return self._reason is not None

    def chunk(self, data: JsonObject) -> list[JsonObject]:
        """The messages of one chunk."""
        if isinstance(usage := data.get("usageMetadata"), dict):
            self._usage = usage  # of the whole answer so far
        if isinstance(feedback := data.get("promptFeedback"), dict) and (block := feedback.get("blockReason")):
            self._reason = BLOCKED.get(str(block), "PROHIBITED_INPUT_CONTENT")
        candidates = data.get("candidates")
        candidate = candidates[0] if isinstance(candidates, list) and candidates else None
        if not isinstance(candidate, dict):
            return []
        if (finish := candidate.get("finishReason")) is not None:
            self._reason = FINISHED.get(finish, STOPPED.get(finish, "GENERATED_OTHER"))
        return self._messages(candidate)

    def end(self) -> list[JsonObject]:
        """The messages that close the turn, or hand over to the client where it has calls to answer."""
        usage = {"usageMetadata": self._usage} if self._usage is not None else {}
        if self.calls:
            return [
                {"toolCall": {"functionCalls": [_live_call(call_id, call) for call_id, call in self.calls]}} | usage
            ]
        complete: JsonObject = {"turnComplete": True}
        if self._reason:
            complete["turnCompleteReason"] = self._reason
        return [{"serverContent": {"generationComplete": True}}, {"serverContent": complete} | usage]

    def interruption(self) -> list[JsonObject]:
        """The messages that end an answer which new input cut off."""
        usage = {"usageMetadata": self._usage} if self._usage is not None else {}
        return [{"serverContent": {"interrupted": True}}, {"serverContent": {"turnComplete": True}} | usage]

    def _messages(self, candidate: JsonObject) -> list[JsonObject]:
        content = candidate.get("content")
        given = content.get("parts") if isinstance(content, dict) else None
        parts = [part for part in given if isinstance(part, dict)] if isinstance(given, list) else []
        said = [_as_live(part) for part in parts if "functionCall" not in part and part != {"text": ""}]
        for part in parts:
            self._remember(part)
            if isinstance(call := part.get("functionCall"), dict):
                self.calls.append((call["id"] if _is_id(call.get("id")) else self._new_id(), call))
        server: JsonObject = {"modelTurn": {"role": "model", "parts": said}} if said else {}
        server |= {key: candidate[key] for key in BESIDE if isinstance(candidate.get(key), dict) and candidate[key]}
        return [{"serverContent": server}] if server else []

    def _remember(self, part: JsonObject) -> None:
        """A thought is repeated only where it carries the signature that the model wants back."""
        if part.get("thought") and "thoughtSignature" not in part:
            return
        last = self.parts[-1] if self.parts else {}
        if part.keys() == {"text"} == last.keys():
            last["text"] += part["text"]
        elif isinstance(call := part.get("functionCall"), dict):
            self.parts.append(part | {"functionCall": {key: value for key, value in call.items() if key != "id"}})
        elif part != {"text": ""}:
            self.parts.append(dict(part))


def _live_call(call_id: str, call: JsonObject) -> JsonObject:
    return {"name": call.get("name", ""), "args": call.get("args") or {}, "id": call_id}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _as_live(part: JsonObject) -> JsonObject:
    return {key: value for key, value in part.items() if key != "thoughtSignature"}
