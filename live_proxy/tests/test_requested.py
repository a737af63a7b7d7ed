"""What a client's set-up asks for."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_proxy.close_codes import CloseCode
from live_proxy.edge.requested import OBJECTS, requested
from live_proxy.errors import ClientFault
from live_proxy.tests.strategies import quickly, values


def test_an_empty_set_up_asks_for_sound_and_for_no_transcription() -> None:
    asked = requested({})
    assert (asked.model, asked.modality, asked.platform) == ("", "AUDIO", "developer")
    assert not asked.input_transcription
    assert not asked.output_transcription


def test_what_is_asked_is_read() -> None:
    setup = {
        "model": "models/gemini-x",
        "generationConfig": {"responseModalities": ["TEXT"]},
        "inputAudioTranscription": {},
        "outputAudioTranscription": {"languageCodes": ["de-DE"]},
    }
    asked = requested(setup, platform="vertex")
    assert (asked.model, asked.modality, asked.platform) == ("models/gemini-x", "TEXT", "vertex")
    assert asked.input_transcription
    assert asked.output_transcription
    assert asked.setup == setup


@pytest.mark.parametrize(("modalities", "modality"), [(None, "AUDIO"), ([], "AUDIO"), (["AUDIO"], "AUDIO")])
def test_sound_is_what_is_meant_by_nothing(modalities: Any, modality: str) -> None:
    assert requested({"generationConfig": {"responseModalities": modalities}}).modality == modality


WRONG: tuple[Any, ...] = ([], "x", 1)


@pytest.mark.parametrize(
    ("setup", "named"),
    [
        *(({name: wrong}, f"setup.{name}") for name in OBJECTS for wrong in WRONG),
        ({"tools": {}}, "setup.tools"),
        ({"model": 5}, "setup.model"),
        ({"model": "x" * 301}, "setup.model"),
        *(
            ({"generationConfig": {"responseModalities": wrong}}, "responseModalities")
            for wrong in (["TEXT", "AUDIO"], ["IMAGE"], "TEXT", {"TEXT": 1}, [5])
        ),
    ],
)
def test_a_wrong_set_up_is_the_clients_fault_and_the_field_is_named(setup: dict[str, Any], named: str) -> None:
    with pytest.raises(ClientFault, match=named) as fault:
        requested(setup)
    assert fault.value.code == CloseCode.BAD_MESSAGE


@quickly(60)
@given(st.dictionaries(st.sampled_from(["model", "tools", "generationConfig", *OBJECTS]), values(), max_size=4))
def test_any_set_up_is_read_or_refused_and_never_changed(setup: dict[str, Any]) -> None:
    before = copy.deepcopy(setup)
    with contextlib.suppress(ClientFault):
        assert requested(setup).modality in ("TEXT", "AUDIO")
    assert setup == before
