"""Which recordings are judged, and how they are sent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vivavoce.bench.quality.items import Stretch, read_items
from vivavoce.errors import ConfigurationError

LINE = {"file": "a.wav", "language": "en", "reference": "hello", "duration_s": 1.0, "kind": "read"}


def collection(directory: Path, *lines: dict[str, object], rate: int = 16_000, channels: int = 1) -> Path:
    soundfile.write(directory / "a.wav", np.full((rate, channels), 0.25), rate)
    (directory / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return directory


def test_recordings_are_chosen_by_language_and_kind(tmp_path: Path) -> None:
    call = LINE | {"kind": "telephone"}
    source = collection(tmp_path, LINE, call, LINE | {"language": "fr"}, LINE | {"language": "en+fr"})
    assert len(read_items(source)) == 4
    assert [item.kind for item in read_items(source, languages=["en"])] == ["read", "telephone"]
    assert [item.languages for item in read_items(source, kinds=["telephone"])] == [("en",)]
    assert [item.languages for item in read_items(source, limit=4)][-1] == ("en", "fr")
    with pytest.raises(ConfigurationError, match="it has en read, en telephone, en\\+fr read, fr read"):
        read_items(source, languages=["de"])


def test_a_doubtful_reference_is_not_known_and_an_empty_one_is(tmp_path: Path) -> None:
    source = collection(tmp_path, LINE | {"uncertain": True}, LINE | {"reference": ""})
    assert [item.reference for item in read_items(source)] == [None, ""]


def test_turns_are_known_where_they_have_times_and_nobody_interrupts(tmp_path: Path) -> None:
    turns = [{"start": 0.0, "end": 1.0, "speaker": "A"}, {"start": 1.0, "end": 2.0, "speaker": "B"}]
    crossed = [{"start": 0.0, "end": 1.5}, {"start": 1.0, "end": 2.0}]
    source = collection(
        tmp_path, *(LINE | {"speakers": each} for each in (turns, crossed, [{"text": "hi"}], None))
    )
    assert [item.turns for item in read_items(source)] == [(Stretch(0, 1), Stretch(1, 2)), (), (), ()]


@pytest.mark.parametrize(
    ("flaw", "message"),
    [
        ({"reference": ...}, "line 2 of .*: reference: Field required"),
        ({"language": 3}, "line 2 of .*: language: "),
        ({"file": "b.wav"}, "line 2 of .*: there is no file .*b.wav"),
        ({"file": "manifest.jsonl"}, "line 2 of .*: .*manifest.jsonl cannot be read as audio"),
        ({"speakers": [{"start": "soon"}]}, "line 2 of .*: speakers.0.start: "),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, flaw: dict[str, object], message: str) -> None:
    wrong = {name: value for name, value in (LINE | flaw).items() if value is not ...}
    with pytest.raises(ConfigurationError, match=message):
        read_items(collection(tmp_path, LINE, wrong))


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_audio_is_sent_as_it_was_recorded(tmp_path: Path, rate: int) -> None:
    [item] = read_items(collection(tmp_path, LINE, rate=rate, channels=2))
    form, audio = item.stream()
    assert (form["sample_rate"], form["channels"]) == (rate, 2)
    assert audio == np.full(2 * rate, 8_192, "<i2").tobytes()


def test_audio_at_a_rate_that_sessions_do_not_take_is_resampled(tmp_path: Path) -> None:
    [item] = read_items(collection(tmp_path, LINE, rate=24_000))
    form, audio = item.stream()
    assert (form["sample_rate"], len(audio)) == (16_000, 32_000)


def test_a_rate_that_is_not_resampled_is_named(tmp_path: Path) -> None:
    [item] = read_items(collection(tmp_path, LINE, rate=22_050))
    with pytest.raises(ConfigurationError, match="has 22050 samples per second; convert it"):
        item.stream()
