"""The simulator's own HTTP interface, to steer and to observe it from another process. Credentials never leave."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, Protocol

from aiohttp import web

from simulator.connection_record import Connection
from simulator.generate_server import Request
from simulator.refusals import HttpRefusal
from simulator.scenarios import listing

MAX_SCRIPT = 1000


class Steered(Protocol):
    @property
    def scenario(self) -> str: ...
    @scenario.setter
    def scenario(self, name: str) -> None: ...
    @property
    def connections(self) -> list[Connection]: ...
    @property
    def requests(self) -> list[Request]: ...
    @property
    def open_connections(self) -> int: ...
    @property
    def tokens_issued(self) -> int: ...
    def script(self, names: list[str]) -> None: ...


class Control:
    def __init__(self, simulator: Steered) -> None:
        self._simulator = simulator

    async def about(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "what": "Gemini Live simulator: it stands in for Google and is not Google",
                "scenario": self._simulator.scenario,
                "open_connections": self._simulator.open_connections,
                "tokens_issued": self._simulator.tokens_issued,
                "scenarios": listing(),
            }
        )

    async def put_scenario(self, request: web.Request) -> web.Response:
        try:
            name = (await request.json())["name"]
            self._simulator.scenario = name
        except (ValueError, KeyError, TypeError) as error:
            return _bad(error)
        return web.json_response({"scenario": self._simulator.scenario})

    async def post_script(self, request: web.Request) -> web.Response:
        try:
            names = (await request.json())["names"]
            if not isinstance(names, list) or len(names) > MAX_SCRIPT:
                raise ValueError(f"names must be a list of at most {MAX_SCRIPT}")
            self._simulator.script(names)
        except (ValueError, KeyError, TypeError) as error:
            return _bad(error)
        return web.json_response({"names": names})

    async def get_connections(self, request: web.Request) -> web.Response:
        return web.json_response({"connections": [_shown(record) for record in self._simulator.connections]})

    async def get_requests(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": [asdict(record) for record in self._simulator.requests]})


def _bad(error: Exception) -> web.Response:
    refusal = HttpRefusal(400, str(error))
    return web.json_response(refusal.body(), status=refusal.status)


def _shown(record: Connection) -> dict[str, Any]:
    end = record.closed_at or time.monotonic()
    return {
        "path": record.path,
        "credential": record.credential,
        "scenario": record.scenario,
        "model": record.model,
        "resumed": bool(((record.setup or {}).get("sessionResumption") or {}).get("handle")),
        "frames": len(record.frames),
        "audio_frames": record.audio_frames,
        "audio_bytes": record.audio_bytes,
        "video_frames": record.video_frames,
        "sent": list(record.sent),
        "seconds": round(end - record.opened_at, 3),
        "is_open": record.is_open,
        "close_code": record.close_code,
        "close_reason": record.close_reason,
        "ended_with": record.ended_with,
        "refused": record.refused,
    }
