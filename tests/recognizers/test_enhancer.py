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
from vivavoce.recognizers.enhancer import Enhanced, Enhancement, Enhancer, enhancer_path
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
        enhanced = enhancer.enhance(heard).audio
        likeness = np.fft.irfft(np.fft.rfft(enhanced) * np.fft.rfft(said).conj(), len(said))
        assert np.argmax(likeness) == 0


def test_noise_in_pauses_is_nearly_halved(enhancer: Enhancer) -> None:
    samples = noisy()
    # The network needs some frames to know the noise.
    pause = slice(SECOND // 2, SECOND)
    assert enhancer.enhance(samples).audio[pause].std() < 0.6 * samples[pause].std()


def test_silence_stays_silent(enhancer: Enhancer) -> None:
    assert not enhancer.enhance(np.zeros(SECOND, np.float32)).audio.any()


@settings(max_examples=20, deadline=None)
@given(length=st.integers(0, 2000))
def test_as_many_samples_come_out_as_go_in(enhancer: Enhancer, length: int) -> None:
    enhanced = enhancer.enhance(noisy()[:length]).audio
    assert enhanced.shape == (length,)
    assert enhanced.dtype == np.float32


@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(0, 5000), max_size=6))
def test_what_grows_is_enhanced_as_if_it_were_heard_at_once(enhancer: Enhancer, lengths: list[int]) -> None:
    samples = noisy()
    earlier: Enhancement | None = None
    for length in lengths:
        # Now and then it is shorter than before: a final ends where the speech does.
        earlier = enhancer.enhance(samples[:length], earlier)
        np.testing.assert_array_equal(earlier.audio, enhancer.enhance(samples[:length]).audio)


def test_partials_and_finals_are_of_enhanced_audio(enhancer: Enhancer, whisper: WhisperRecognizer) -> None:
    enhanced = Enhanced(whisper, enhancer)
    request = Request(noisy(), ("en",), final=True)
    for final in (True, False):
        heard = replace(request, final=final)
        clean = replace(heard, audio=enhancer.enhance(heard.audio).audio)
        assert enhanced.recognize(heard) == whisper.recognize(clean) != whisper.recognize(heard)


def test_what_is_given_back_changes_nothing(enhancer: Enhancer, whisper: WhisperRecognizer) -> None:
    enhanced = Enhanced(whisper, enhancer)
    samples = noisy()
    partial = Request(samples[: 2 * SECOND], ("en",), final=False)
    state = enhanced.recognize(partial).state
    longer = replace(partial, audio=samples)
    after_a_cut = replace(longer, final=True, before=samples[:SECOND], audio=samples[SECOND:])
    for request in (longer, replace(longer, final=True), after_a_cut):
        assert enhanced.recognize(replace(request, state=state)) == enhanced.recognize(request)
