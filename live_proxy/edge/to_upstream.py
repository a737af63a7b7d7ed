"""A client's control message on its way up, for the platform that serves now."""

from __future__ import annotations

from live_proxy.protocol.client import Kind
from live_proxy.protocol.codec import JsonObject


def to_upstream(kind: Kind, message: JsonObject, *, typed_as_realtime: bool) -> list[JsonObject]:
    """The messages to send instead of `message` (normalised). One in, usually one out."""
    if kind == "clientContent" and typed_as_realtime:
        return _as_realtime(message)
    return [message]


FIELD_OF_MEDIA = {"audio": "audio", "image": "video", "video": "video"}


def from_media_chunks(chunks: list[JsonObject]) -> list[JsonObject]:
    """Older SDKs send a list; the Developer API refuses it and both platforms take one piece a message. What is
    neither sound nor picture is left out."""
    messages: list[JsonObject] = []
    for blob in chunks:
        mime = blob.get("mimeType")
        field = FIELD_OF_MEDIA.get(mime.partition("/")[0].lower()) if isinstance(mime, str) else None
        if field is not None and isinstance(blob.get("data"), str):
            messages.append({"realtimeInput": {field: {"mimeType": mime, "data": blob["data"]}}})
    return messages


def _as_realtime(message: JsonObject) -> list[JsonObject]:
    """Models that take content only as history hear typed text as `realtimeInput.text`."""
    content = message["clientContent"]
    if content.get("turnComplete") is not True:
        return [message]
    turns = turns_of(content)
    parts = turns[-1]["parts"] if turns else []  # earlier ones are history, which these models take at the start only
    if not parts or not all(isinstance(part.get("text"), str) for part in parts):
        return [message]
    return [{"realtimeInput": {"text": "\n".join(part["text"] for part in parts)}}]


def turns_of(content: JsonObject) -> list[JsonObject]:
    """The turns of a `clientContent` as `{role, parts}` with lists of objects, whatever the client left out."""
    turns = content.get("turns", [])
    turns = turns if isinstance(turns, list) else [turns]
    return [
        {
            "role": turn.get("role") or "user",
            "parts": [part for part in turn.get("parts") or [] if isinstance(part, dict)],
        }
        for turn in turns
        if isinstance(turn, dict) and isinstance(turn.get("parts") or [], list)
    ]
