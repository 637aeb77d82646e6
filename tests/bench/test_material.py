"""Which recordings are used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vivavoce.bench.material import recordings
from vivavoce.errors import ConfigurationError

GOOD = {"file": "a.wav", "language": "en", "reference": "hello", "duration_s": 1.0}


def collection(directory: Path, *entries: dict[str, object], rate: int = 16_000) -> Path:
    soundfile.write(directory / "a.wav", np.zeros(rate), rate)
    manifest = directory / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    return manifest


def test_a_manifest_or_its_directory_gives_the_recordings(tmp_path: Path) -> None:
    manifest = collection(tmp_path, GOOD)
    assert [one.reference for one in recordings(manifest)] == ["hello"]
    assert [one.name for one in recordings(tmp_path)] == ["a"]


def test_every_recording_comes_at_16_khz(tmp_path: Path) -> None:
    [one] = recordings(collection(tmp_path, GOOD, rate=8_000))
    assert one.samples.shape == (16_000,)


@pytest.mark.parametrize(
    "flaw",
    [
        {"language": "fr"},
        {"reference": ""},
        {"reference": None},
        {"uncertain": True},
        {"kind": "multi-speaker"},
        {"duration_s": 40.0},
    ],
)
def test_what_is_not_clear_english_of_one_voice_is_left_out(tmp_path: Path, flaw: dict[str, object]) -> None:
    assert len(recordings(collection(tmp_path, GOOD, GOOD | flaw), longest=30.0)) == 1
    with pytest.raises(ConfigurationError, match="no English recording"):
        recordings(collection(tmp_path, GOOD | flaw), longest=30.0)


def test_without_recordings_the_error_says_where_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make bench"):
        recordings(tmp_path)


def test_a_line_that_describes_no_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 2"):
        recordings(collection(tmp_path, GOOD, {"file": "a.wav"}))
