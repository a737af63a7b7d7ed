"""The doctor where something outside the configuration is broken: certificates, the public address, the token sources,
and the files that it writes."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from live_proxy.doctor import network_checks
from live_proxy.doctor.findings import Status
from live_proxy.tests.stand_in_gcloud import Gcloud
from live_proxy.transports import http_client, websocket
from project.tests.doctoring import CANARY, World, causes, look, the
from project.tests.driving import Service
from simulator import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]


def certificate(folder: Path, *, host: str = "127.0.0.1", days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own making, and the server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    try:
        subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path, secret = folder / "cert.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return path, context


@pytest.mark.parametrize(
    ("cause", "trusted", "host", "days", "advice"),
    [
        ("untrusted", False, "127.0.0.1", 1, "SSL_CERT_FILE"),
        ("expired", True, "127.0.0.1", -1, "clock"),
        ("wrong_name", True, "elsewhere.example", 1, "base URL"),
    ],
)
async def test_certificates(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cause: str,
    trusted: bool,
    host: str,
    days: int,
    advice: str,
) -> None:
    path, context = certificate(tmp_path, host=host, days=days)
    mine = ssl.create_default_context(cafile=str(path)) if trusted else ssl.create_default_context()
    for module in (websocket, http_client, network_checks):
        monkeypatch.setattr(module, "tls_context", lambda: mine)
    async with Simulator(ssl_context=context) as google:
        world.set(GOOGLE_VERTEX_BASE_URL=google.base_url, GOOGLE_GEMINI_BASE_URL=google.base_url)
        examination = await look(world)
    assert ("tls", cause) in causes(examination)
    assert advice in the(examination, "tls", cause).advice
    assert {found for found in causes(examination) if found[0] == "egress"} == set()


async def test_the_public_address_of_a_service_that_is_there(service: Service, world: World) -> None:
    examination = await look(world, "public_url", url=f"http://{service.address}")
    (finding,) = examination.findings
    assert finding.status is Status.OK, finding


@asynccontextmanager
async def in_front_of(address: str, mode: str) -> AsyncIterator[str]:
    """A reverse proxy with one fault."""

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if mode == "redirected":
            return web.Response(status=301, headers={"Location": "https://gateway.example/"})
        if mode == "nobody_behind":
            return web.Response(status=502, text="Bad Gateway")
        if mode == "another_service":
            return web.Response(text="<html>Welcome to nginx!</html>", content_type="text/html")
        headers = {"Host": "not-allowed.example"} if mode == "host_not_allowed" else {}
        async with (
            ClientSession() as client,
            client.request(request.method, f"http://{address}{request.path}", headers=headers) as answer,
        ):
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("mode", "advice"),
    [
        ("redirected", "no redirect"),
        ("nobody_behind", "Start the service"),
        ("another_service", "right address"),
        ("host_not_allowed", "ALLOWED_HOSTS"),
        ("upgrade_dropped", "deploy/nginx.conf"),
    ],
)
async def test_what_stands_in_front_of_the_service(service: Service, world: World, mode: str, advice: str) -> None:
    async with in_front_of(service.address, mode) as url:
        examination = await look(world, "public_url", url=url)
    assert causes(examination) == [("public_url", mode)]
    assert advice in the(examination, "public_url", mode).advice


async def test_a_page_whose_origin_is_refused(service: Service, world: World) -> None:
    # The service is known by another name than the one that people type.
    examination = await look(world, "public_url", url=f"http://{service.address.replace('127.0.0.1', 'localhost')}")
    assert causes(examination) == []
    world.set(ALLOWED_HOSTS=["127.0.0.1"])
    examination = await look(world, "public_url", url=f"http://{service.address.replace('127.0.0.1', 'localhost')}")
    assert causes(examination) == [("public_url", "host_not_allowed")]


@pytest.mark.parametrize("url", ["gateway.example", "ftp://gateway.example", "http://"])
async def test_an_address_that_is_none(world: World, url: str) -> None:
    assert causes(await look(world, "public_url", url=url)) == [("public_url", "bad_url")]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'ERROR: (gcloud) nobody is signed in' >&2; exit 1", "gcloud: exit status 1"),
        (f"echo 'Your token is: ya29.{CANARY}'", "gcloud: printed something other than one token"),
    ],
)
async def test_gcloud_that_gives_no_token(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    Gcloud(tmp_path / "bin").does(script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    world.set(LIVE_TOKEN_SOURCES=["gcloud"], GOOGLE_API_KEY="")
    examination = await look(world, "credentials")
    assert causes(examination) == [("credentials", "no_token")]
    assert says in the(examination, "credentials", "no_token").says


async def test_a_check_that_breaks_is_a_finding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: Any) -> Any:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("live_proxy.doctor.examination.check_redis", breaks)
    examination = await look(world)
    assert causes(examination) == [("redis", "check_broke")]


async def test_a_check_that_hangs_is_a_finding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: Any) -> Any:
        await asyncio.sleep(3600)

    monkeypatch.setattr("live_proxy.doctor.examination.check_redis", hangs)
    monkeypatch.setattr("live_proxy.doctor.examination.LIMIT", 0.1)
    examination = await look(world, "redis")
    assert causes(examination) == [("redis", "too_slow")]


async def test_a_trace_is_written_as_recordings_are(world: World) -> None:
    world.set(LIVE_MODELS=["gemini-live-2.5-flash", "gemini-live-tomorrow"])
    examination = await look(world)
    served = next(probe for probe in examination.probes if probe.failure is None and probe.trace is not None)
    assert served.trace is not None
    written = served.trace.written(examination.redactor)
    records: list[tuple[bytes, Any, bytes]] = []
    at = 0
    while at < len(written):
        head = re.compile(rb"([<>])(\d+) ").match(written, at)
        assert head is not None
        end = head.end() + int(head[2])
        assert written[end - 1 : end] == b"\n"
        records.append((head[1], json.loads(written[head.end() : end - 1]), written[head.end() : end - 1]))
        at = end
    assert [(direction, list(message)) for direction, message, _ in records] == [
        (b">", ["setup"]),
        (b"<", ["setupComplete"]),
    ]
    assert records[0][1]["setup"]["model"].startswith("projects/REDACTED/locations/us-central1/")
    assert b"\n" not in records[0][2]
    assert records[1][2].startswith(b"{\n  ")
    assert "demo-project" not in written.decode()
