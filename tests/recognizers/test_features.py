"""The log-mel spectrogram, against an independent implementation of Whisper's."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech import clip
from vivavoce.recognizers.base import SAMPLE_RATE
from vivavoce.recognizers.whisper.features import HOP, LogMel

_SILENT = np.float32((-10 + 4) / 4)


def _reference(audio: NDArray[np.float32], n_mels: int, n_frames: int) -> NDArray[np.float32]:
    padded = np.zeros(n_frames * HOP, np.float32)
    padded[: len(audio)] = audio
    features: NDArray[np.float32] = FeatureExtractor(feature_size=n_mels)(padded, padding=0)
    return features


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("samples", [None, 40_000, 40_001, 39_999, 1_000])
def test_features_are_whispers(n_mels: int, samples: int | None) -> None:
    audio = clip("en", "quick_brown_fox").samples()[:samples]
    features = LogMel(n_mels)(audio, 12 * SAMPLE_RATE // HOP)
    assert features.dtype == np.float32
    assert features.shape == (n_mels, 1200)
    np.testing.assert_allclose(features, _reference(audio, n_mels, 1200), atol=1e-4)


@given(samples=st.integers(0, 20_000), seed=st.integers(0, 99))
def test_noise_of_any_length_gives_whispers_features(samples: int, seed: int) -> None:
    audio = np.random.default_rng(seed).standard_normal(samples).astype(np.float32) * 0.1
    np.testing.assert_allclose(LogMel(80)(audio, 200), _reference(audio, 80, 200), atol=1e-4)


def test_silence_is_the_lowest_value_everywhere() -> None:
    np.testing.assert_allclose(LogMel(80)(np.zeros(16_000, np.float32), 200), _SILENT, atol=1e-6)


def test_what_lies_beyond_the_frames_is_not_heard() -> None:
    audio = np.random.default_rng(1).standard_normal(32_000).astype(np.float32)
    log_mel = LogMel(80)
    np.testing.assert_array_equal(log_mel(audio, 100), log_mel(audio[:16_000], 100))
