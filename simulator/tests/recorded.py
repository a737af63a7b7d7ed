"""Where recordings of real traffic are found. They are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulator.recordings import Recording, read_recording

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("LIVE_RECORDINGS_DIR") or ROOT.parent / "shared" / "recordings")
needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"recordings not found at {FOLDER}: conformance replay skipped"
)

TEXT_SENT = "js-genai/live_ML_Dev_should_send_text_in_async_session.websocket.log"
SPEECH_SENT = "js-genai/live_ML_Dev_should_reply_to_realtime_audio_input.websocket.log"
TOOL_CALLED = "js-genai/live_ML_Dev_should_send_tool_response.websocket.log"
TRANSCRIBED = (
    "js-genai/live_ML_Dev_should_receive_transcription_in_async_session_with_transcription_enabled.websocket.log"
)
SET_UP_ONLY = "js-genai/live_ML_Dev_should_return_error_for_invalid_input_in_async_session.websocket.log"
VERTEX_TEXT_SENT = "js-genai/live_Vertex_should_send_text_in_async_session.websocket.log"
VERTEX_SET_UP_ONLY = "js-genai/live_Vertex_should_initialize_session_without_prefix.websocket.log"
AUDIO_TURN = "pydantic-ai/test_text_in_audio_out_turn.yaml"
TOOL_ROUND = "pydantic-ai/test_tool_call_round.yaml"
EVERY_FILE = (
    TEXT_SENT,
    SPEECH_SENT,
    TOOL_CALLED,
    TRANSCRIBED,
    SET_UP_ONLY,
    VERTEX_TEXT_SENT,
    VERTEX_SET_UP_ONLY,
    AUDIO_TURN,
    TOOL_ROUND,
)


def title(file: str) -> str:
    """A short name for a test's id."""
    return Path(file).name.removesuffix(".websocket.log").removesuffix(".yaml").removeprefix("live_")


def recorded(file: str) -> Recording:
    return read_recording(FOLDER / file)


def is_vertex(recording: Recording) -> bool:
    return str(recording.records[0].message["setup"]["model"]).startswith("projects/")
