"""Resampling: exact counts, exact times, clean bands, and samples that do not depend on the cutting."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vivavoce.audio.codec import Samples
from vivavoce.audio.resampling import SAMPLE_RATE, Resampler

RATES = [8000, 32000, 44100, 48000]


def noise(frames: int, channels: int = 1) -> Samples:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


def resampled(samples: Samples, rate: int, *cuts: int) -> Samples:
    resampler = Resampler(rate, len(samples))
    pieces = [resampler.feed(piece) for piece in np.split(samples, cuts, axis=1)]
    return np.concatenate([*pieces, resampler.flush()], axis=1)


def tone(frequency: float, rate: int, seconds: float = 1.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def decibels(signal: NDArray[np.floating]) -> float:
    return float(
        10 * np.log10(np.mean(signal.astype(np.float64) ** 2) / np.mean(tone(1000, SAMPLE_RATE) ** 2) + 1e-20)
    )


@settings(deadline=None)
@given(rate=st.sampled_from(RATES), frames=st.integers(0, 5000))
def test_every_number_of_frames_gives_its_exact_number_of_samples(rate: int, frames: int) -> None:
    assert resampled(noise(frames), rate).shape == (1, round(frames * SAMPLE_RATE / rate))


@settings(deadline=None)
@given(
    rate=st.sampled_from(RATES),
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 6000), max_size=12).map(sorted),
)
def test_samples_do_not_depend_on_the_cutting(rate: int, channels: int, cuts: list[int]) -> None:
    samples = noise(6000, channels)
    np.testing.assert_array_equal(resampled(samples, rate, *cuts), resampled(samples, rate))


@pytest.mark.parametrize("rate", RATES)
def test_a_channel_sounds_the_same_alone_and_among_others(rate: int) -> None:
    samples = noise(rate // 4, 8)
    together = resampled(samples, rate)
    for number in range(8):
        np.testing.assert_array_equal(together[number], resampled(samples[number : number + 1], rate)[0])


@pytest.mark.parametrize("rate", RATES)
def test_a_stream_taken_up_again_at_a_block_gives_the_same_samples(rate: int) -> None:
    samples = noise(rate)
    settled = SAMPLE_RATE // 100
    again = resampled(samples[:, rate // 2 :], rate)
    np.testing.assert_array_equal(
        again[:, settled:], resampled(samples, rate)[:, SAMPLE_RATE // 2 + settled :]
    )


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("time", [0.0, 0.1234, 0.5, 0.9])
def test_an_impulse_stays_where_it_was(rate: int, time: float) -> None:
    samples = np.zeros((1, rate), np.float32)
    frame = round(time * rate)
    samples[0, frame] = 1
    peak = int(np.argmax(np.abs(resampled(samples, rate))))
    assert abs(peak / SAMPLE_RATE - frame / rate) <= 0.5 / SAMPLE_RATE


@pytest.mark.parametrize("rate", RATES)
def test_little_is_held_back(rate: int) -> None:
    resampler = Resampler(rate, 1)
    frame = rate // 100
    held_back = 0.0
    produced = 0
    for number in range(1, 101):
        produced += resampler.feed(noise(frame)).shape[1]
        held_back = max(held_back, number * frame / rate - produced / SAMPLE_RATE)
    assert held_back <= 0.0101


@pytest.mark.parametrize("rate", RATES)
def test_at_most_a_block_and_half_a_filter_are_held_back(rate: int) -> None:
    resampler = Resampler(rate, 1)
    produced = 0
    for frames in range(1, rate // 20):
        produced += resampler.feed(noise(1)).shape[1]
        assert frames / rate - produced / SAMPLE_RATE <= 0.0135


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.88])
def test_the_band_of_speech_is_unchanged(rate: int, share: float) -> None:
    frequency = share * min(rate, SAMPLE_RATE) / 2
    output = resampled(tone(frequency, rate)[None].astype(np.float32), rate)[0]
    error = output - tone(frequency, SAMPLE_RATE)
    assert decibels(error[1000:-1000]) < -75


@pytest.mark.parametrize(
    ("rate", "frequency"), [(32000, 9000), (44100, 10000), (48000, 9000), (48000, 20000)]
)
def test_what_16_khz_cannot_hold_is_gone_not_folded_back(rate: int, frequency: float) -> None:
    output = resampled(tone(frequency, rate)[None].astype(np.float32), rate)[0]
    assert decibels(output[1000:-1000]) < -75


def test_no_images_appear_above_telephone_audio() -> None:
    output = resampled(tone(3000, 8000)[None].astype(np.float32), 8000)[0]
    spectrum = np.abs(np.fft.rfft(output[1000:-1000] * np.hanning(len(output) - 2000)))
    images = spectrum[len(spectrum) // 2 :]
    assert 20 * np.log10(images.max() / spectrum.max()) < -75


@pytest.mark.parametrize("rate", RATES)
def test_it_agrees_with_an_offline_resampler(rate: int) -> None:
    narrow = sum(tone(frequency, rate) for frequency in (300, 777, 1500, 3100)) / 4
    expected = soxr.resample(narrow, rate, SAMPLE_RATE, quality="VHQ")
    output = resampled(np.asarray(narrow, np.float32)[None], rate)[0]
    assert len(output) == len(expected)
    assert decibels((output - expected)[500:-500]) < -75


@pytest.mark.parametrize("rate", RATES)
def test_full_scale_stays_within_full_scale(rate: int) -> None:
    square = np.sign(tone(1100, rate))[None].astype(np.float32)
    assert np.abs(resampled(square, rate)).max() <= 1
