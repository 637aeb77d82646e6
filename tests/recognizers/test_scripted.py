"""The recogniser that tests and benchmarks script."""

from __future__ import annotations

import numpy as np
import pytest

from vivavoce.errors import RecognizerError
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, tone, tones, word_every


def _texts(recognizer: ScriptedRecognizer, audio: np.ndarray) -> list[str]:
    heard = recognizer.recognize(Request(audio, (), True))
    return [word.text for word in heard.words]


def test_words_are_counted_by_the_seconds_of_sound() -> None:
    silence = np.zeros(8_000, np.float32)
    audio = np.concatenate([tone(0, 0.5), silence, tone(3, 0.5)])
    assert _texts(ScriptedRecognizer(word_every(0.5)), audio) == [" word0", " word1"]


def test_tones_are_read_as_their_words() -> None:
    vocabulary = ["alpha", "bravo", "charlie", "delta"]
    order = [2, 0, 3, 1]
    audio = np.concatenate([tone(index, 0.2) for index in order])
    assert _texts(ScriptedRecognizer(tones(vocabulary)), audio) == [f" {vocabulary[i]}" for i in order]


def test_a_word_is_where_its_tone_is() -> None:
    audio = np.concatenate([np.zeros(16_000, np.float32), tone(0, 0.5), np.zeros(8_000, np.float32)])
    heard = ScriptedRecognizer(tones(["alpha"])).recognize(Request(audio, (), True))
    [word] = heard.words
    assert (word.start, word.end) == pytest.approx((1.0, 1.5), abs=0.03)


def test_it_fails_when_told_to() -> None:
    recognizer = ScriptedRecognizer(word_every(0.5), fails=lambda request: request.final)
    audio = tone(0, 1.0)
    assert recognizer.recognize(Request(audio, (), False)).words
    with pytest.raises(RecognizerError):
        recognizer.recognize(Request(audio, (), True))
