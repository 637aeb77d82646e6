"""Silero's speech probabilities."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import speech
from engine.samples import vad
from vivavoce.speech.endpointing import WINDOW


def windows(seconds: float) -> NDArray[np.float32]:
    samples = speech.two_cities().samples()[: round(seconds * 16_000)]
    return samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)


def test_a_probability_comes_for_each_window() -> None:
    probabilities = vad().stream().probabilities(windows(3))
    assert probabilities.shape == (93,)
    assert probabilities.dtype == np.float32
    assert 0 <= probabilities.min() < 0.1
    assert 0.9 < probabilities.max() <= 1


def test_silence_and_noise_are_no_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, (100, WINDOW)).astype(np.float32)
    assert vad().stream().probabilities(noise).max() < 0.5
    assert vad().stream().probabilities(np.zeros((100, WINDOW), np.float32)).max() < 0.1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_however_a_stream_is_cut_its_probabilities_are_the_same(sizes: list[int]) -> None:
    heard = windows(0.032 * sum(sizes) + 0.001)
    whole = vad().stream().probabilities(heard)
    stream = vad().stream()
    pieces = [stream.probabilities(piece) for piece in np.split(heard, np.cumsum(sizes)[:-1])]
    assert np.array_equal(np.concatenate(pieces), whole)


def test_streams_of_one_model_do_not_hear_each_other() -> None:
    heard = windows(3)
    alone = vad().stream().probabilities(heard)
    one, other = vad().stream(), vad().stream()
    mine = []
    for window in heard:
        mine.append(one.probabilities(window[None]))
        other.probabilities(window[None, ::-1])
    assert np.array_equal(np.concatenate(mine), alone)
