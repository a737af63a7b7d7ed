"""A server message that is too big for the Python SDK, in pieces that are not.

That SDK takes at most 1 MiB a message and drops the connection at the first that is bigger. Sound and text can be
cut anywhere; what cannot be cut is left out and said so. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from live_proxy.protocol.codec import JsonObject, NotJson, decode, encode

MAX_MESSAGE = 1024 * 1024
PIECE = 512 * 1024  # characters of one part's data or text; a multiple of four, as base64 is cut in fours
LEFT_OUT = "[a part of the answer was too big to be sent]"


def small_messages(data: bytes) -> list[bytes]:
    """`data` as messages of at most 1 MiB each, in order. What is no JSON object is left out."""
    try:
        message = decode(data)
    except NotJson:
        return []
    content = message.get("serverContent")
    turn = content.get("modelTurn") if isinstance(content, dict) else None
    parts = turn.get("parts") if isinstance(turn, dict) else None
    if not isinstance(content, dict) or not isinstance(turn, dict) or not isinstance(parts, list):
        return []
    pieces = [
        encode({"serverContent": {"modelTurn": {**turn, "parts": [piece]}}})
        for part in parts
        if isinstance(part, dict)
        for piece in _pieces(part)
    ]
    rest = {key: value for key, value in message.items() if key != "serverContent"}
    about = {key: value for key, value in content.items() if key != "modelTurn"}
    if about:
        rest["serverContent"] = about
    if rest and len(tail := encode(rest)) < MAX_MESSAGE:
        pieces.append(tail)
    return pieces


def _pieces(part: JsonObject) -> Iterator[JsonObject]:
    if len(encode(part)) < MAX_MESSAGE - 4096:
        yield part
        return
    blob, text = part.get("inlineData"), part.get("text")
    if isinstance(blob, dict) and isinstance(sound := blob.get("data"), str) and _is_sound(blob):
        for at in range(0, len(sound), PIECE):
            yield {**part, "inlineData": {**blob, "data": sound[at : at + PIECE]}}
    elif isinstance(text, str):
        step = PIECE // 4  # a character is at most four bytes, and six where it is escaped
        for at in range(0, len(text), step):
            yield {**part, "text": text[at : at + step]}
    else:
        yield {"text": LEFT_OUT}


def _is_sound(blob: JsonObject) -> bool:
    return isinstance(mime := blob.get("mimeType"), str) and mime.startswith("audio/pcm")
