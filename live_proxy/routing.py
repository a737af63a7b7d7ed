"""Which socket path leads to which consumer."""

from __future__ import annotations

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from live_proxy.body_limit import limited
from live_proxy.consumers import LiveConsumer
from live_proxy.edge.google_path import live_path
from live_proxy.lifespan import lifespan
from live_proxy.program_consumer import ProgramConsumer

SOCKETS = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("ws/live/<uuid:conversation_id>/", LiveConsumer.as_asgi()),
]
PROGRAMS = ProgramConsumer.as_asgi()


def application_for(django_application: Any) -> ProtocolTypeRouter:
    return ProtocolTypeRouter(
        {"http": limited(django_application), "websocket": known_paths(URLRouter(SOCKETS)), "lifespan": lifespan}
    )


def known_paths(router: URLRouter) -> Any:
    """Refuse an unknown path as HTTP 404 would: with a refusal, not with an error in the log."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if live_path(scope["path"]) is not None:
            await PROGRAMS(scope, receive, send)
            return
        path_ = scope["path"].lstrip("/")
        if any(route.pattern.match(path_) for route in SOCKETS):
            await router(scope, receive, send)
            return
        await receive()
        if "websocket.http.response" in scope.get("extensions", {}):
            await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"Not found"})
        else:
            await send({"type": "websocket.close", "code": 1000})

    return application
