"""The comparison shows what is stored twice, and that a session without audio has no recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from disturbed.check import Stored, differences
from disturbed.material import Take
from disturbed.run import Run
from scripted_server import scripted_server
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

FORMAT = AudioFormat("wav/pcm", 16, 16_000, 1)
AUDIO = bytes(200)
SAID = {"start": 0.0, "end": 1.0, "text": "hello", "channel": 0}
ONCE = Stored("done", [SAID], [("00_0", SAID)], wav_header(FORMAT, len(AUDIO)) + AUDIO)
TWICE = replace(ONCE, finals=ONCE.finals * 2)


def found(stored: Stored, broken: int) -> list[str]:
    return list(differences(stored, ONCE, AUDIO, FORMAT, broken=broken))


def test_a_final_that_is_stored_twice_shows_unless_its_connection_broke() -> None:
    assert found(ONCE, broken=0) == []
    assert found(TWICE, broken=0) == ["00_0 is stored 2 times, after 0 connections that broke"]
    assert found(TWICE, broken=1) == []


def test_a_final_that_is_stored_again_in_other_words_shows() -> None:
    other = replace(ONCE, finals=[*ONCE.finals, ("00_0", SAID | {"text": "goodbye"})])
    assert found(other, broken=1) == ["finals are stored again in other words: 00_0 0.0-1.0 'goodbye'"]


def test_a_session_that_was_stopped_before_its_audio_came_has_no_recording(tmp_path: Path) -> None:
    with scripted_server(tmp_path) as url:
        run = Run(1)
        assert run.undisturbed(url, Take(0.0, 1.0, FORMAT), b"").recording == b""
        assert run.different == 0
