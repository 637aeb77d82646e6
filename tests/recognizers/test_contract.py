"""What every recogniser promises to the engine."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from speech import clip
from vivavoce.recognizers.base import SAMPLE_RATE, Hypothesis, Recognizer, Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every


@dataclass(frozen=True, slots=True)
class Speech:
    language: str
    audio: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE


def _whisper(request: pytest.FixtureRequest) -> Recognizer:
    recognizer: Recognizer = request.getfixturevalue("whisper")
    return recognizer


def _two_models(request: pytest.FixtureRequest) -> Recognizer:
    recognizer: Recognizer = request.getfixturevalue("two_models")
    return recognizer


def _transducer(request: pytest.FixtureRequest) -> Recognizer:
    recognizer: Recognizer = request.getfixturevalue("transducer_of_many")
    return recognizer


def _scripted(request: pytest.FixtureRequest) -> Recognizer:
    return ScriptedRecognizer(word_every(0.4))


@pytest.fixture(
    scope="module",
    params=[_whisper, _two_models, _transducer, _scripted],
    ids=["whisper", "two", "transducer", "scripted"],
)
def recognizer(request: pytest.FixtureRequest) -> Recognizer:
    build: Callable[[pytest.FixtureRequest], Recognizer] = request.param
    return build(request)


@pytest.fixture(scope="module", params=[True, False], ids=["final", "partial"])
def final(request: pytest.FixtureRequest) -> bool:
    value: bool = request.param
    return value


@pytest.fixture(scope="module")
def speeches() -> list[Speech]:
    names = [("en", "quick_brown_fox"), ("es", "hola_mundo"), ("fr", "comptage")]
    return [Speech(language, clip(language, name).samples()) for language, name in names]


@pytest.fixture(scope="module")
def heard(recognizer: Recognizer, speeches: list[Speech], final: bool) -> list[Hypothesis]:
    """Each speech decoded alone, its language left open."""
    return [recognizer.recognize(Request(speech.audio, (), final)) for speech in speeches]


def test_speech_gives_words(heard: list[Hypothesis]) -> None:
    assert all(hypothesis.words for hypothesis in heard)


def test_words_rise_within_the_audio(heard: list[Hypothesis], speeches: list[Speech]) -> None:
    for hypothesis, speech in zip(heard, speeches, strict=True):
        words = hypothesis.words
        assert words[0].start >= 0.0
        assert words[-1].end <= speech.seconds
        assert all(word.start <= word.end for word in words)
        assert all(before.end <= after.start for before, after in pairwise(words))


def test_word_confidence_is_a_probability(heard: list[Hypothesis]) -> None:
    assert all(0.0 < word.confidence <= 1.0 for hypothesis in heard for word in hypothesis.words)


def test_an_open_language_is_one_that_it_knows(heard: list[Hypothesis], recognizer: Recognizer) -> None:
    assert {hypothesis.language for hypothesis in heard} <= recognizer.capabilities.languages
    assert all(0.0 < hypothesis.language_probability <= 1.0 for hypothesis in heard)


def test_a_given_language_is_kept(recognizer: Recognizer, speeches: list[Speech]) -> None:
    hypothesis = recognizer.recognize(Request(speeches[0].audio, ("fr",), False))
    assert (hypothesis.language, hypothesis.language_probability) == ("fr", 1.0)


def test_only_a_candidate_is_heard(recognizer: Recognizer, speeches: list[Speech]) -> None:
    hypothesis = recognizer.recognize(Request(speeches[0].audio, ("de", "it"), False))
    assert hypothesis.language in {"de", "it"}


@pytest.mark.parametrize("seconds", [0.0, 0.01, 30.0])
def test_silence_gives_no_words(recognizer: Recognizer, final: bool, seconds: float) -> None:
    silence = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    hypothesis = recognizer.recognize(Request(silence, ("en",), final))
    assert hypothesis.words == ()


@pytest.mark.parametrize("samples", [1, 159, 321])
def test_a_moment_of_sound_is_no_trouble(recognizer: Recognizer, final: bool, samples: int) -> None:
    sound = np.full(samples, 0.5, np.float32)
    hypothesis = recognizer.recognize(Request(sound, ("en",), final))
    assert all(word.end <= samples / SAMPLE_RATE for word in hypothesis.words)


def test_threads_do_not_disturb_each_other(
    recognizer: Recognizer, heard: list[Hypothesis], speeches: list[Speech], final: bool
) -> None:
    requests = [Request(speech.audio, (), final) for speech in speeches]
    with ThreadPoolExecutor(len(requests)) as pool:
        at_once = list(pool.map(recognizer.recognize, requests))
    assert at_once == heard
