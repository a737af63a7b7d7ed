"""A client's control message on its way up, for the platform that serves now."""

from __future__ import annotations

from live_proxy.protocol.client import Kind
from live_proxy.protocol.codec import JsonObject


def to_upstream(kind: Kind, message: JsonObject, *, typed_as_realtime: bool) -> list[JsonObject]:
    """The messages to send instead of `message` (normalised). One in, usually one out."""
    if kind == "realtimeInput" and "mediaChunks" in message["realtimeInput"]:
        return _from_media_chunks(message["realtimeInput"]["mediaChunks"])
    if kind == "clientContent" and typed_as_realtime:
        return _as_realtime(message)
    return [message]


def _from_media_chunks(chunks: object) -> list[JsonObject]:
    """Older SDKs send a list; the Developer API refuses it and both platforms take one piece a message."""
    messages: list[JsonObject] = []
    for blob in chunks if isinstance(chunks, list) else []:
        if isinstance(blob, dict) and isinstance(mime := blob.get("mimeType"), str):
            field = "audio" if mime.startswith("audio/") else "video"
            messages.append({"realtimeInput": {field: blob}})
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
