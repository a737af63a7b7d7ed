"""How much of a request's body is taken at all: Django writes all of it to disk before any view may say no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from live_proxy.edge.google_words import error_body
from live_proxy.protocol.codec import encode

MAX_BODY = 25 * 1024 * 1024  # what a program may ask with, and a little more; every other view takes far less
Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[dict[str, Any], Receive, Any], Awaitable[None]]


def limited(application: Application, most: int = MAX_BODY) -> Application:
    """`application`, which never sees more than `most` bytes of one body: one that is announced as bigger is refused
    with 413, one that turns out to be is cut off."""

    async def within(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            body = encode(error_body(413, f"A request may have at most {most // 1024 // 1024} MiB."))
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        taken = 0

        async def counted() -> dict[str, Any]:
            nonlocal taken
            event = await receive()
            taken += len(event.get("body", b""))
            return event if taken <= most else {"type": "http.disconnect"}

        await application(scope, counted, send)

    return within
