"""Which socket path leads to which consumer."""

from __future__ import annotations

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from live_proxy.consumers import LiveConsumer
from live_proxy.lifespan import lifespan

SOCKETS = [
    path("ws/live/", LiveConsumer.as_asgi()),
    path("ws/live/<uuid:conversation_id>/", LiveConsumer.as_asgi()),
]


def application_for(django_application: Any) -> ProtocolTypeRouter:
    return ProtocolTypeRouter(
        {"http": django_application, "websocket": known_paths(URLRouter(SOCKETS)), "lifespan": lifespan}
    )


def known_paths(router: URLRouter) -> Any:
    """Refuse an unknown path as HTTP 404 would: with a refusal, not with an error in the log."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
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
