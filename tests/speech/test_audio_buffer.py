"""The buffer of a channel's audio: samples keep their number while the front is let go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.speech.audio import AudioBuffer, level
from vivavoce.speech.endpointing import WINDOW

SAMPLES = np.arange(8 * WINDOW, dtype=np.float32)


def filled() -> AudioBuffer:
    buffer = AudioBuffer()
    for number, window in enumerate(SAMPLES.reshape(-1, WINDOW)):
        buffer.append(window, number % 2)
    return buffer


places = st.integers(0, len(SAMPLES))


@given(places, places, places)
def test_samples_keep_their_number_whatever_was_discarded(discarded: int, start: int, end: int) -> None:
    buffer = filled()
    buffer.discard(discarded)
    if discarded <= start < end:
        assert np.array_equal(buffer.slice(start, end), SAMPLES[start:end])


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (2 * WINDOW - 1, 3 * WINDOW), (0, 9 * WINDOW), (5, 5), (8 * WINDOW, 8 * WINDOW + 1)],
)
def test_samples_that_are_not_held_are_an_error(start: int, end: int) -> None:
    buffer = filled()
    buffer.discard(2 * WINDOW)
    with pytest.raises(IndexError, match=f"samples {start} to {end} are asked for"):
        buffer.slice(start, end)


def test_only_whole_windows_are_discarded() -> None:
    buffer = filled()
    buffer.discard(2 * WINDOW + 511)
    assert buffer.slice(2 * WINDOW, 2 * WINDOW + 1) == [2 * WINDOW]


def test_more_may_be_discarded_than_there_is() -> None:
    buffer = filled()
    buffer.discard(100 * WINDOW)
    buffer.append(SAMPLES[:WINDOW], 1.0)
    assert np.array_equal(buffer.slice(8 * WINDOW, 9 * WINDOW), SAMPLES[:WINDOW])


def test_what_was_sliced_does_not_change_with_the_audio_it_came_from() -> None:
    buffer = AudioBuffer()
    window = np.ones(WINDOW, np.float32)
    buffer.append(window, 1.0)
    sliced = buffer.slice(0, WINDOW)
    window[:] = 0
    assert sliced.all()


@given(places, places, places)
def test_windows_keep_how_likely_somebody_speaks(discarded: int, start: int, end: int) -> None:
    buffer = filled()
    buffer.discard(discarded)
    if discarded <= start < end:
        touched = range(start // WINDOW, (end - 1) // WINDOW + 1)
        assert buffer.voiced(start, end) == sum(number % 2 for number in touched) / len(touched)


@pytest.mark.parametrize(("amplitude", "decibels"), [(1.0, 0.0), (0.1, -20.0), (0.001, -60.0), (0.0, -100.0)])
def test_the_level_is_the_mean_power_in_decibels(amplitude: float, decibels: float) -> None:
    assert level(np.full(WINDOW, amplitude, np.float32)) == pytest.approx(decibels, abs=0.01)
