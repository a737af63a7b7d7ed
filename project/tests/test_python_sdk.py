"""Google's Python SDK, unchanged, through the whole service: every mode, every way to talk."""

from __future__ import annotations

import pytest
from google.genai import errors, types

from project.tests.driving import Service
from project.tests.programs import python_client, token_for, turn, typed

pytestmark = pytest.mark.filterwarnings("ignore:The SDK's ephemeral token support is experimental")

MODES = ("developer", "ephemeral", "express", "vertex")
MODEL = {mode: "gemini-live-2.5-flash" if mode in ("express", "vertex") else "gemini-2.5-flash-live" for mode in MODES}


@pytest.mark.parametrize("mode", MODES)
async def test_a_typed_turn(service: Service, mode: str) -> None:
    _, key = await token_for()
    client = python_client(service.address, key, mode)
    config = types.LiveConnectConfig(response_modalities=[types.Modality.TEXT])
    async with client.aio.live.connect(model=MODEL[mode], config=config) as session:
        await session.send_client_content(turns=typed("hello"), turn_complete=True)
        text, _, messages = await turn(session)
    assert text
    assert (session.session_id is not None) is (mode in ("express", "vertex"))
    usage = messages[-1].usage_metadata
    assert usage is not None and usage.total_token_count


@pytest.mark.parametrize("mode", MODES)
async def test_a_wrong_key_is_refused_in_words(service: Service, mode: str) -> None:
    client = python_client(service.address, "no-such-key", mode)
    with pytest.raises(errors.APIError) as refused:
        async with client.aio.live.connect(model=MODEL[mode]):
            pass
    assert refused.value.code in (1007, 1008)
    assert "valid" in str(refused.value)
