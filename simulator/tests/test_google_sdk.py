"""The official Python SDK, unchanged, against the simulator over TLS."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google import genai
from google.genai import errors, types
from google.oauth2 import service_account

from simulator.server import Simulator
from simulator.tests.driving import silence, tone


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulator")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@pytest_asyncio.fixture
async def tls(tmp_path: Path) -> AsyncIterator[tuple[Simulator, ssl.SSLContext]]:
    public, private = certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(public, private)
    async with Simulator(ssl_context=server) as sim:
        assert sim.base_url.startswith("https://127.0.0.1:")
        yield sim, ssl.create_default_context(cafile=str(public))


def options(sim: Simulator, context: ssl.SSLContext) -> types.HttpOptions:
    return types.HttpOptions(base_url=sim.base_url, async_client_args={"ssl": context})


async def said(session: Any) -> tuple[str, bytes, list[Any]]:
    """Transcript, sound and messages of one turn."""
    text, pcm, messages = "", b"", []
    async for message in session.receive():
        messages.append(message)
        if message.data:
            pcm += message.data
        if message.server_content and message.server_content.output_transcription:
            text += message.server_content.output_transcription.text or ""
    return text, pcm, messages


CONFIG = types.LiveConnectConfig(
    response_modalities=[types.Modality.AUDIO],
    output_audio_transcription=types.AudioTranscriptionConfig(),
    input_audio_transcription=types.AudioTranscriptionConfig(),
    tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="get_time", description="the time")])],
)


@pytest.mark.asyncio
async def test_developer_text_audio_and_tools(tls: tuple[Simulator, ssl.SSLContext]) -> None:
    sim, context = tls
    client = genai.Client(api_key="sim-key", http_options=options(sim, context))
    async with client.aio.live.connect(model="gemini-3.8-live", config=CONFIG) as session:
        await session.send_client_content(turns=types.Content(role="user", parts=[types.Part(text="hello")]))
        text, pcm, messages = await said(session)
        assert text.endswith("You said: “hello”.")
        assert len(pcm) > 48_000
        assert messages[-1].usage_metadata.response_token_count > 0

        blob = types.Blob(data=tone(0.6) + silence(0.6), mime_type="audio/pcm;rate=16000")
        await session.send_realtime_input(audio=blob)
        text, pcm, messages = await said(session)
        assert "I heard 0.6 seconds" in text
        assert messages[0].server_content.input_transcription.text == "(speech,"

        await session.send_realtime_input(text="use get_time")
        async for message in session.receive():
            if message.tool_call:
                assert message.tool_call.function_calls
                (call,) = message.tool_call.function_calls
                answer = types.FunctionResponse(id=call.id, name=call.name, response={"output": "noon"})
                await session.send_tool_response(function_responses=answer)
                break
        text, _, _ = await said(session)
        assert 'get_time answered: {"output": "noon"}' in text
    await sim.wait_for(lambda s: s.open_connections == 0)
    assert sim.connections[0].close_code == 1000
    assert sim.connections[0].credential == "api_key_header"


@pytest.mark.asyncio
async def test_vertex(tls: tuple[Simulator, ssl.SSLContext], tmp_path: Path) -> None:
    sim, context = tls
    async with Simulator() as plain:
        # The library that fetches the token knows nothing of the test's certificate.
        path = tmp_path / "account.json"
        info = plain.create_service_account(path)
        credentials = service_account.Credentials.from_service_account_info(
            info, scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        sim._tokens = plain._tokens
        client = genai.Client(
            vertexai=True,
            project="demo-project",
            location="us-central1",
            credentials=credentials,
            http_options=options(sim, context),
        )
        model = "gemini-live-2.5-flash-native-audio"
        async with client.aio.live.connect(model=model, config=CONFIG) as session:
            assert session.session_id
            await session.send_client_content(turns=types.Content(role="user", parts=[types.Part(text="hello")]))
            text, _, messages = await said(session)
            assert text.endswith("“hello”.")
            assert messages[-1].usage_metadata.response_token_count > 0
    assert sim.connections[0].credential == "bearer"


@pytest.mark.asyncio
async def test_refusals_reach_the_sdk(tls: tuple[Simulator, ssl.SSLContext]) -> None:
    sim, context = tls
    client = genai.Client(api_key="sim-key", http_options=options(sim, context))
    with pytest.raises(errors.APIError) as refused:
        async with client.aio.live.connect(model="gemini-2.0-flash-live-001"):
            pass
    assert refused.value.code == 1008
    assert "is not found for API version v1" in str(refused.value)
