"""When each word of a recording is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.material import Recording
from vivavoce.bench.truth import Truth, stretches, timed
from vivavoce.bench.words import SpokenWord
from vivavoce.recognizers.scripted import ScriptedRecognizer, tone, tones

RATE = 16_000
HEARD = [SpokenWord("one", 0.0, 0.5), SpokenWord("two", 0.5, 1.0), SpokenWord("four", 2.0, 2.5)]


def test_a_word_takes_the_time_of_what_was_heard_in_its_place() -> None:
    one, two, *_ = timed(["One,", "two", "four"], HEARD, 3.0)
    assert (one, two) == (SpokenWord("One,", 0.0, 0.5), SpokenWord("two", 0.5, 1.0))


def test_a_word_that_was_not_heard_stands_between_its_neighbours_and_is_not_sure() -> None:
    words = timed(["one", "two", "three", "four"], HEARD, 3.0)
    assert words[2] == SpokenWord("three", 1.5, 1.5, sure=False)


@given(st.floats(0.1, 120))
def test_stretches_follow_one_another_and_fit_the_recogniser(seconds: float) -> None:
    samples = np.random.default_rng(0).standard_normal(round(seconds * RATE)).astype(np.float32)
    ranges = stretches(samples)
    assert [end for _, end in ranges[:-1]] == [start for start, _ in ranges[1:]]
    assert (ranges[0][0], ranges[-1][1]) == (0, len(samples))
    assert all(end - start <= 25 * RATE for start, end in ranges)


def test_a_long_recording_is_cut_where_it_is_quiet() -> None:
    samples = np.ones(40 * RATE, np.float32)
    samples[20 * RATE : 21 * RATE] = 0
    [(_, cut), _] = stretches(samples)
    assert 20 * RATE <= cut <= 21 * RATE


def test_a_recording_is_transcribed_once_and_never_again(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    samples = np.concatenate([tone(0, 0.5), np.zeros(RATE, np.float32), tone(1, 0.5)])
    recording = Recording("tones", samples, "One--two")
    said: list[str] = []

    def words_by(*vocabulary: str) -> tuple[SpokenWord, ...]:
        recognizer = ScriptedRecognizer(tones(vocabulary))
        return Truth(tmp_path, lambda: recognizer, tmp_path / "words", said.append).words(recording)

    words = [words_by("one", "two"), words_by("other", "words")]
    assert words[0] == words[1]
    assert [word.text for word in words[0]] == ["One", "two"]
    assert len(said) == 1
