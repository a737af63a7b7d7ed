"""Every transport keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from live_proxy.candidates import TransportName
from live_proxy.catalogue import Platform
from live_proxy.credentials import TokenProvider
from live_proxy.errors import Action, ErrorKind, Scope
from live_proxy.tests import generate_upstream
from live_proxy.tests.stand_in_gcloud import isolate, share_one_key
from live_proxy.tests.transport_contract import Ends, Factory, TransportContract
from live_proxy.tests.upstreams import candidate_for, setup_for, websocket_to
from live_proxy.transports.generate import GenerateTransport
from simulator import Simulator

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
    "cut": (K.NETWORK, A.RETRY, None),
}
LATER: dict[str, Ends] = {
    "internal_after_setup": (K.INTERNAL, A.RESUME, None),
    "internal_mid_turn": (K.INTERNAL, A.RESUME, None),
    "cut_mid_turn": (K.NETWORK, A.RESUME, None),
    "clean_mid_turn": (K.SESSION_LIMIT, A.RESUME, None),
    "go_away": (K.DEADLINE, A.RESUME, None),
    "go_away_after_turn": (K.DEADLINE, A.RESUME, None),
    "session_idle_close": (K.SESSION_LIMIT, A.RESUME, None),
}


AT_OPEN_BY_REQUEST: dict[str, Ends] = {
    "nothing_works": (K.UNAVAILABLE, A.RETRY, None),
    "http_unavailable": (K.UNAVAILABLE, A.RETRY, None),
    "http_not_found": (K.MODEL_NOT_FOUND, A.SKIP, S.MODEL),
    "http_permission_denied": (K.PERMISSION, A.SKIP, S.PLATFORM),
    "http_hang": (K.CONNECT_TIMEOUT, A.SKIP, S.MODEL),
}
LATER_BY_REQUEST: dict[str, Ends] = {
    "http_quota": (K.QUOTA, A.SKIP, S.MODEL),
    "http_error_mid_stream": (K.UNAVAILABLE, A.RETRY, None),
    "http_cut_mid_stream": (K.NETWORK, A.RETRY, None),
    "http_bad_json": (K.BAD_MESSAGE, A.SKIP, S.MODEL),
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


def by_request(name: TransportName, platform: Platform) -> Factory:
    class_ = generate_upstream.CLASSES[name]

    def make(base: str, tokens: TokenProvider) -> GenerateTransport:
        return generate_upstream.transport(name, base, platform, tokens=tokens)

    unauthorized = A.REAUTH
    at_open = AT_OPEN_BY_REQUEST | {"http_unauthorized": (K.UNAUTHENTICATED, unauthorized, None)}
    if class_ is generate_upstream.CLASSES["sdk"]:
        at_open = at_open | {"rest_only": (K.UNAVAILABLE, A.RETRY, None)}
    return Factory(
        name=f"{name}-{platform}",
        platform=platform,
        make=make,
        setup=lambda: generate_upstream.setup(name, platform),
        at_open=at_open,
        later=LATER_BY_REQUEST,
        by_request=True,
        hangs=("http_hang",),
        dies="http_cut_mid_stream",
    )


FACTORIES = (
    websocket_on("vertex"),
    websocket_on("developer"),
    by_request("sdk", "vertex"),
    by_request("sdk", "developer"),
    by_request("rest", "vertex"),
    by_request("rest", "developer"),
)


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
