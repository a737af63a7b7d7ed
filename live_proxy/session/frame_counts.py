"""Frames, counted where they pass and handed to the metrics now and then: a counter's lock is too dear for each."""

from __future__ import annotations

from live_proxy import metrics
from live_proxy.session.answer_relay import AnswerRelay
from live_proxy.session.client_input import ClientInput


def count_frames(sent: ClientInput, got: AnswerRelay) -> None:
    metrics.MEDIA_UP.inc(sent.media_frames)
    metrics.CONTROL_UP.inc(sent.control_frames)
    metrics.MEDIA_DOWN.inc(got.media_frames)
    metrics.CONTROL_DOWN.inc(got.control_frames)
    sent.media_frames = sent.control_frames = got.media_frames = got.control_frames = 0
