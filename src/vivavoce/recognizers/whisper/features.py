"""The log-mel spectrogram that Whisper hears, in numpy.

Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), section 2.2:
25 ms Hann windows every 10 ms, 80 or 128 mel bands, log10 with 8 decades of range below the loudest
value, scaled to about -1 to 1. The bands are Slaney's (Auditory Toolbox, 1998): linear up to 1 kHz,
logarithmic above, each of unit area.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.base import SAMPLE_RATE

WINDOW = 400
HOP = 160

_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27
_FLOOR = 1e-10
_DECADES = 8.0

# Products of so few frames are computed in the calling thread. For larger ones the linear algebra library
# wakes a thread for every core, which costs twenty times what it computes and disturbs the decoders.
_BLOCK = 16


def mel_filterbank(n_mels: int) -> NDArray[np.float32]:
    """Slaney's triangular bands from 0 to 8 kHz, shape (201, n_mels)."""
    top = _LOG_START_MEL + np.log(SAMPLE_RATE / 2 / _LOG_START_HZ) / _LOG_STEP
    mels = np.linspace(0.0, top, n_mels + 2)
    hertz = np.where(
        mels < _LOG_START_MEL,
        mels * _LINEAR_HZ_PER_MEL,
        _LOG_START_HZ * np.exp(_LOG_STEP * (mels - _LOG_START_MEL)),
    )
    low, centre, high = hertz[:-2], hertz[1:-1], hertz[2:]
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    bands = np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (high - low)
    return np.asarray(bands, np.float32)


class LogMel:
    """Features of `n_mels` bands; one instance serves all threads."""

    def __init__(self, n_mels: int) -> None:
        self.n_mels = n_mels
        self._bands = mel_filterbank(n_mels)
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)

    def __call__(self, audio: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
        """Features of shape (n_mels, n_frames) for `audio` followed by silence up to `n_frames` * 10 ms.

        Only the frames that audio reaches are computed. Audio beyond `n_frames` is not heard.
        """
        audio = audio[: n_frames * HOP]
        heard = min(n_frames, (len(audio) + WINDOW // 2 - 1) // HOP + 1)
        log_mel = np.full((self.n_mels, n_frames), np.log10(_FLOOR), np.float32)
        # The first window is centred on sample 0; what it sees before that is the mirrored beginning.
        computed = -(-heard // _BLOCK) * _BLOCK
        samples = np.zeros((computed - 1) * HOP + WINDOW, np.float32)
        samples[WINDOW // 2 : WINDOW // 2 + len(audio)] = audio[: len(samples) - WINDOW // 2]
        samples[: WINDOW // 2] = samples[WINDOW // 2 + 1 : WINDOW + 1][::-1]
        windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
        spectrum = np.fft.rfft(windows * self._window)
        power = (spectrum.real**2 + spectrum.imag**2).reshape(-1, _BLOCK, spectrum.shape[1])
        mel = (power @ self._bands).reshape(-1, self.n_mels)[:heard]
        np.log10(np.maximum(mel.T, _FLOOR), out=log_mel[:, :heard])
        np.maximum(log_mel, log_mel.max() - _DECADES, out=log_mel)
        log_mel += 4
        log_mel /= 4
        return log_mel
