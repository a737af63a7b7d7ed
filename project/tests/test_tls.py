"""TLS: the certificate that `make run` makes, and a process that serves with it beside plain HTTP."""

from __future__ import annotations

import datetime
import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from google import genai
from google.genai import types

from live_proxy.config import live_config
from live_proxy.server import listen, make_server, server_context
from project.tests.programs import token_for, turn, typed
from scripts.local_certificate import Files, local_certificate
from simulator import Simulator


def trusting(files: Files) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(files.authority)
    return context


def test_it_is_made_once_and_again_before_it_ends(tmp_path: Path) -> None:
    files = local_certificate(tmp_path / "tls")
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert {path.name for path in (tmp_path / "tls").iterdir()} == {"ca.pem", "cert.pem", "key.pem"}
    first = files.certificate.read_bytes()
    local_certificate(tmp_path / "tls")
    assert files.certificate.read_bytes() == first
    local_certificate(tmp_path / "tls", now=datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=360))
    assert files.certificate.read_bytes() != first
    files.key.write_text("spoilt")
    local_certificate(tmp_path / "tls")
    server_context(str(files.certificate), str(files.key))


@pytest.fixture
async def both_doors(
    transactional_db: None, google: Simulator, tmp_path: Path
) -> AsyncIterator[tuple[int, int, Files]]:
    import asyncio

    from project.asgi import application

    live_config.cache_clear()
    await sync_to_async(get_user_model().objects.create_user)("alice", password=None)
    files = local_certificate(tmp_path / "tls")
    plain, secure = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
    server = make_server(application, tls=(secure, server_context(str(files.certificate), str(files.key))))
    running = asyncio.create_task(server._serve([plain]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield plain.getsockname()[1], secure.getsockname()[1], files
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 15)
        live_config.cache_clear()


async def test_one_process_behind_both_doors(both_doors: tuple[int, int, Files]) -> None:
    plain, secure, files = both_doors
    async with httpx.AsyncClient(verify=trusting(files), trust_env=False) as client:
        for base in (f"http://127.0.0.1:{plain}", f"https://localhost:{secure}"):
            assert (await client.get(f"{base}/health/live")).status_code == 200


async def test_the_python_sdk_as_the_readme_sets_it_up(both_doors: tuple[int, int, Files]) -> None:
    _, secure, files = both_doors
    _, key = await token_for()
    client = genai.Client(
        api_key=key,
        http_options=types.HttpOptions(
            base_url=f"https://localhost:{secure}", async_client_args={"ssl": trusting(files)}
        ),
    )
    config = types.LiveConnectConfig(response_modalities=[types.Modality.TEXT])
    async with client.aio.live.connect(model="gemini-2.5-flash-live", config=config) as session:
        await session.send_client_content(turns=typed("hello"), turn_complete=True)
        text, _, _ = await turn(session)
    assert text


@pytest.mark.parametrize("wrong", ["missing", "no PEM", "key alone", "port alone"])
def test_files_that_do_not_fit_are_said_in_a_sentence(tmp_path: Path, wrong: str) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options: dict[str, Any] = {"tls_cert": str(certificate), "tls_key": str(key), "tls_port": 1}
    if wrong == "no PEM":
        certificate.write_text("x")
        key.write_text("x")
    elif wrong == "key alone":
        options["tls_cert"] = None
    elif wrong == "port alone":
        options = {"tls_port": 1}
    with pytest.raises(CommandError) as said:
        call_command("serve", **options)
    assert "--tls" in str(said.value) or "cannot be read" in str(said.value)
