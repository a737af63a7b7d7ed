"""Every transport keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from live_proxy.catalogue import Platform
from live_proxy.credentials import TokenProvider
from live_proxy.errors import Action, ErrorKind, Scope
from live_proxy.tests.stand_in_gcloud import isolate, share_one_key
from live_proxy.tests.transport_contract import Ends, Factory, TransportContract
from live_proxy.tests.upstreams import candidate_for, setup_for, websocket_to
from simulator import Simulator
from simulator.scenarios import SCENARIOS

K, A, S = ErrorKind, Action, Scope
AT_OPEN: dict[str, Ends] = {
    "no_live_access": (K.ENDPOINT_NOT_FOUND, A.SKIP, S.ENDPOINT),
    "unauthorized": (K.UNAUTHENTICATED, A.REAUTH, None),
    "permission_denied": (K.PERMISSION, A.SKIP, S.PLATFORM),
    "quota": (K.QUOTA, A.SKIP, S.MODEL),
    "unavailable": (K.UNAVAILABLE, A.RETRY, None),
    "never_accepts": (K.CONNECT_TIMEOUT, A.SKIP, S.MODEL),
    "not_found": (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL),
    "publisher_model_not_found": (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL),
    "quota_close": (K.QUOTA, A.SKIP, S.MODEL),
    "internal": (K.INTERNAL, A.RETRY, None),
    "invalid_argument": (K.INVALID_ARGUMENT, A.SKIP, S.MODEL),
    "precondition": (K.PRECONDITION, A.SKIP, S.MODEL),
    "location": (K.LOCATION, A.SKIP, S.PLATFORM),
    "never_setup": (K.SETUP_TIMEOUT, A.SKIP, S.MODEL),
    "cut_before_setup": (K.NETWORK, A.RETRY, None),
}
LATER: dict[str, Ends] = {
    "close_after_setup": (K.INTERNAL, A.RESUME, None),
    "internal_mid_turn": (K.INTERNAL, A.RESUME, None),
    "cut_mid_turn": (K.NETWORK, A.RESUME, None),
    "clean_close_mid_turn": (K.SESSION_LIMIT, A.RESUME, None),
    "go_away": (K.DEADLINE, A.RESUME, None),
    "go_away_after_turn": (K.DEADLINE, A.RESUME, None),
    "session_idle_close": (K.SESSION_LIMIT, A.RESUME, None),
}


def websocket_on(platform: Platform) -> Factory:
    return Factory(
        name=f"websocket-{platform}",
        platform=platform,
        make=lambda base, tokens: websocket_to(base, platform, tokens=tokens),
        setup=lambda: setup_for(candidate_for(platform)),
        at_open=AT_OPEN,
        later=LATER,
    )


FACTORIES = (websocket_on("vertex"), websocket_on("developer"))


@pytest.fixture(params=FACTORIES, ids=lambda factory: factory.name)
def factory(request: pytest.FixtureRequest) -> Factory:
    found = request.param
    assert isinstance(found, Factory)
    return found


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest_asyncio.fixture
async def tokens(
    sim: Simulator, factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TokenProvider]:
    key_file = tmp_path / "key.json"
    share_one_key(monkeypatch)
    isolate(monkeypatch, tmp_path, key_file=key_file)
    if factory.platform == "vertex":
        sim.create_service_account(key_file)
    provider = TokenProvider(("google-auth",))
    if factory.platform == "vertex":
        await provider.token()
    yield provider
    await provider.close()


class TestContract(TransportContract):
    pass


def test_every_scenario_of_the_simulator_has_its_place() -> None:
    goes_on = {scenario.name for scenario in SCENARIOS.values()} - set(AT_OPEN) - set(LATER)
    assert goes_on == GOES_ON


GOES_ON = set(
    """normal stall truncated_json not_json empty_turn no_output blocked big_message flood slow_drip unknown_fields
    text_frames thoughts extended_thinking interrupted_after_complete interrupted_after_generation""".split()
)
