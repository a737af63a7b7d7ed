"""The whole service in the test's own event loop: uvicorn with the real application, and the simulator as Google."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from live_proxy.config import live_config
from live_proxy.server import listen, make_server
from project.tests.doctoring import CANARY, KEY, World
from project.tests.driving import Service
from simulator import KnownModel, Simulator

HALF_CASCADE = KnownModel("gemini-live-2.5-flash", platforms=("vertex",), modalities=("TEXT", "AUDIO"))


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serves the first Live name of the default family, in text too, so that a climb is one step."""
    async with Simulator(models=[HALF_CASCADE]) as simulator:
        yield simulator


@pytest.fixture
def google(simulator: Simulator, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The service's settings point at the simulator, with credentials that the simulator made."""
    key = tmp_path / "service-account.json"
    simulator.create_service_account(key)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    settings.GOOGLE_CLOUD_PROJECT = "demo-project"
    settings.GOOGLE_CLOUD_LOCATION = "us-central1"
    settings.GOOGLE_API_KEY = ""
    settings.GOOGLE_VERTEX_BASE_URL = settings.GOOGLE_GEMINI_BASE_URL = simulator.base_url
    settings.LIVE_TOKEN_SOURCES = ["google-auth"]
    settings.LIVE_TRANSPORTS = ["websocket"]  # what this rung does by itself; tests of the ladder ask for all
    settings.LIVE_DRAIN_TIMEOUT = 5.0
    return simulator


@pytest.fixture
async def service(transactional_db: None, google: Simulator) -> AsyncIterator[Service]:
    """The running service. Alice, Bob and Charlie may sign in."""
    live_config.cache_clear()
    users = get_user_model().objects
    for name in ("alice", "bob", "charlie"):
        await sync_to_async(users.create_user)(name, password=None)
    from project.asgi import application

    listener = listen("127.0.0.1", 0)
    server = make_server(application)
    running = asyncio.create_task(server._serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    service = Service(f"127.0.0.1:{listener.getsockname()[1]}", google)
    try:
        yield service
    finally:
        await service.leave()
        server.should_exit = True
        await asyncio.wait_for(running, 15)
        live_config.cache_clear()


@pytest.fixture
async def world(
    google: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[World]:
    """Both platforms, all models there, on plain requests and sockets."""
    google.api_keys = {KEY}
    key_file = tmp_path / "service-account.json"
    key_file.chmod(0o600)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    settings.SECRET_KEY = f"secret-{CANARY}"
    settings.GOOGLE_API_KEY = KEY
    settings.LIVE_TRANSPORTS = ["websocket", "rest"]
    settings.LIVE_MODELS = ["gemini-live-2.5-flash"]
    settings.LIVE_STANDARD_MODELS = ["gemini-2.5-flash"]
    settings.LIVE_SETUP_TIMEOUT = 1.0
    settings.DEBUG = True
    live_config.cache_clear()
    yield World(google, settings, monkeypatch, tmp_path, key_file)
    live_config.cache_clear()


@pytest.hookimpl(tryfirst=True)  # the browser's own tests have to stay the last
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker waits for another at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
