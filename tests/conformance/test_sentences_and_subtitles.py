"""Sentences and subtitles of real speech, asked for and read with the official SDK."""

from __future__ import annotations

import re
import threading
import time
from itertools import pairwise

import pytest
from gladiaio_sdk import GladiaClient
from gladiaio_sdk.v2.live.generated_types import LiveV2Transcription

from conformance.contract import REQUEST, SECONDS, pieces, recording, word_error_rate

# How the SDK uses `websockets` is the SDK's affair.
pytestmark = pytest.mark.filterwarnings(
    "ignore:connect.* must be used as a context manager:DeprecationWarning"
)

TIMES = re.compile(r"00:00:(\d\d[,.]\d{3}) --> 00:00:(\d\d[,.]\d{3})")


def test_real_speech_comes_as_sentences_srt_and_vtt_to_the_socket_and_in_the_result(live_server: str) -> None:
    live = GladiaClient(api_key="unused", api_url=live_server).live()
    asked = {"sentences": True, "subtitles": True, "subtitles_config": {"formats": ["srt", "vtt"]}}
    session = live.start_session({**REQUEST, "post_processing": asked})
    posted: list[LiveV2Transcription] = []
    ended = threading.Event()

    def received(message: object) -> None:
        if getattr(message, "type", None) == "post_transcript":
            posted.append(message.data)
        elif getattr(message, "type", None) == "post_final_transcript":
            posted.append(message.data.transcription)

    session.on("message", received)
    session.on("ended", lambda _: ended.set())
    assert session.wait_until_ready(10)
    for piece in pieces(recording()):
        session.send_audio(piece)
        time.sleep(0.1)  # the speed of speech
    session.stop_recording()
    assert ended.wait(60)

    assert session.session_id is not None
    result = live.get(session.session_id).result
    assert result is not None
    stored = result.transcription
    assert stored is not None
    assert [(told(one), one.subtitles) for one in posted] == [(told(stored), stored.subtitles)] * 2
    check_sentences(stored)
    assert stored.subtitles is not None
    assert [one.format for one in stored.subtitles] == ["srt", "vtt"]
    for one in stored.subtitles:
        check_cues(one.subtitles)
    assert stored.subtitles[0].subtitles.startswith("1\n00:00:")
    assert stored.subtitles[1].subtitles.startswith("WEBVTT\n\n00:00:")


def told(transcription: LiveV2Transcription) -> list[list[str] | None]:
    """The sentences without the time that they took, which is another each time they are made."""
    return [one.results for one in transcription.sentences or ()]


def check_sentences(transcription: LiveV2Transcription) -> None:
    assert transcription.sentences is not None
    (sentences,) = transcription.sentences
    assert sentences.success
    assert sentences.results
    assert " ".join(sentences.results) == transcription.full_transcript


def check_cues(text: str) -> None:
    times = [tuple(float(time.replace(",", ".")) for time in found) for found in TIMES.findall(text)]
    assert len(times) >= 3
    assert all(0 < end - start <= 7 for start, end in times)
    assert all(end <= start for (_, end), (start, _) in pairwise(times))
    assert times[-1][0] < SECONDS
    lines = [line for line in text.splitlines() if not line.isdigit() and "-->" not in line]
    assert all(len(line) <= 42 for line in lines)
    assert word_error_rate(" ".join(lines).removeprefix("WEBVTT")) <= 0.1
