from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from simulator.server import Simulator
from simulator.tests.driving import DEVELOPER_PATH, dial, open_session


@pytest.mark.asyncio
async def test_steering_over_http(sim: Simulator) -> None:
    async with aiohttp.ClientSession(sim.base_url) as http:
        async with http.get("/simulator/") as response:
            about = await response.json()
            assert response.headers["x-simulator"] == "live-proxy simulator"
        assert about["scenario"] == "normal"
        assert "not Google" in about["what"]
        assert {"name": "quota", "what": "429 at the handshake, with Retry-After and RetryInfo."} in about["scenarios"]
        async with http.put("/simulator/scenario", json={"name": "quota"}) as response:
            assert (response.status, sim.scenario) == (200, "quota")
        async with http.post("/simulator/script", json={"names": ["normal"]}) as response:
            assert response.status == 200
        async with dial(sim, DEVELOPER_PATH + "?key=sim-secret", {"Authorization": ""}) as ws:
            await open_session(ws)
            async with http.get("/simulator/connections") as response:
                text = await response.text()
                (shown,) = (await response.json())["connections"]
        assert "sim-secret" not in text
        assert (shown["credential"], shown["is_open"], shown["scenario"]) == ("api_key_query", True, "normal")


@pytest.mark.asyncio
async def test_bad_requests(sim: Simulator) -> None:
    async with aiohttp.ClientSession(sim.base_url) as http:
        bad_names: list[Any] = [{"name": "x"}, {"name": ["x"]}, {}, [], "x"]
        for body in bad_names:
            async with http.put("/simulator/scenario", json=body) as response:
                assert response.status == 400
                assert (await response.json())["error"]["status"] == "INVALID_ARGUMENT"
        bad_scripts: list[Any] = [{"names": "quota"}, {"names": ["x"]}, {"names": [{}]}, {"names": ["quota"] * 1001}]
        for body in bad_scripts:
            async with http.post("/simulator/script", json=body) as response:
                assert response.status == 400
        for method, path in (("GET", "/token"), ("POST", "/v1/models/x:predict"), ("GET", "/simulator/x")):
            async with http.request(method, path) as response:
                assert response.status == 404
                assert (await response.json())["error"]["status"] == "NOT_FOUND"
    assert sim.scenario == "normal"


@pytest.mark.asyncio
async def test_waiting_has_a_deadline(sim: Simulator) -> None:
    with pytest.raises(TimeoutError):
        await sim.wait_for(lambda s: s.open_connections == 1, timeout=0.01)
