"""The server's start and stop, for servers that announce them. The others start the runtime with the first socket."""

from __future__ import annotations

from typing import Any

from live_proxy.runtime import current_runtime, stop_runtime


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await current_runtime().prepare()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await stop_runtime()
            await send({"type": "lifespan.shutdown.complete"})
            return
