"""Noise is taken out of what is recognised, and nothing moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech import clip
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.enhancer import Enhanced, Enhancer, enhancer_path
from vivavoce.recognizers.whisper import WhisperRecognizer

SECOND = 16_000


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer(enhancer_path())


def noisy() -> NDArray[np.float32]:
    """A second of silence, a sentence, and white noise 10 dB below the sentence over all of it."""
    said = clip("en", "quick_brown_fox").samples()
    noise = np.random.default_rng(1).normal(0, said.std() * 10**-0.5, SECOND + len(said))
    samples: NDArray[np.float32] = (np.pad(said, (SECOND, 0)) + noise).astype(np.float32)
    return samples


def test_speech_stays_where_it_is(enhancer: Enhancer) -> None:
    said = clip("en", "quick_brown_fox").samples()
    for heard in (said, noisy()[SECOND:]):
        enhanced = enhancer.enhance(heard)
        likeness = np.fft.irfft(np.fft.rfft(enhanced) * np.fft.rfft(said).conj(), len(said))
        assert np.argmax(likeness) == 0


def test_noise_in_pauses_is_nearly_halved(enhancer: Enhancer) -> None:
    samples = noisy()
    # The network needs some frames to know the noise.
    pause = slice(SECOND // 2, SECOND)
    assert enhancer.enhance(samples)[pause].std() < 0.6 * samples[pause].std()


def test_silence_stays_silent(enhancer: Enhancer) -> None:
    assert not enhancer.enhance(np.zeros(SECOND, np.float32)).any()


@settings(max_examples=20, deadline=None)
@given(length=st.integers(0, 2000))
def test_as_many_samples_come_out_as_go_in(enhancer: Enhancer, length: int) -> None:
    enhanced = enhancer.enhance(noisy()[:length])
    assert enhanced.shape == (length,)
    assert enhanced.dtype == np.float32


def test_finals_are_of_enhanced_audio_and_partials_are_not(
    enhancer: Enhancer, whisper: WhisperRecognizer
) -> None:
    enhanced = Enhanced(whisper, enhancer)
    final = Request(noisy(), ("en",), final=True)
    partial = replace(final, final=False)
    assert enhanced.recognize(final) == whisper.recognize(replace(final, audio=enhancer.enhance(final.audio)))
    assert enhanced.recognize(partial) == whisper.recognize(partial)
