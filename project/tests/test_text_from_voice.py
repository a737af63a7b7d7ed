"""Text asked of a model that only speaks: its words as text parts, its voice for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from google.genai import types

from conversations.models import Message
from project.tests.driving import Service
from project.tests.programs import python_client, token_for, turn, typed
from simulator import KnownModel, Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(models=[KnownModel("gemini-3.8-live", platforms=("vertex",), modalities=("AUDIO",))]) as made:
        yield made


async def test_its_words_arrive_as_text(service: Service) -> None:
    _, key = await token_for()
    client = python_client(service.address, key, "developer")
    config = types.LiveConnectConfig(response_modalities=[types.Modality.TEXT])
    async with client.aio.live.connect(model="gemini-3.8-live", config=config) as session:
        await session.send_client_content(turns=typed("hello"), turn_complete=True)
        text, sound, messages = await turn(session)
    assert "hello" in text and not sound
    assert not any(m.server_content.output_transcription for m in messages if m.server_content)
    message = await Message.objects.aget(role="model")
    assert (message.text, message.transport, message.modality) == (text, "websocket", "text")
