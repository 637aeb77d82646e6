"""Streaming resampling to 16 kHz with exact time accounting.

A linear-phase polyphase filter written as a matrix product: within a block of 10 ms every phase of
the filter is a column, so a block of outputs is one product of the inputs around it. Blocks are
always the same and always multiplied alone, which makes the samples independent, to the last bit, of
how the stream is cut, of how many channels come along, and of everything more than a filter length
away. That is why this is not `soxr`: its quick settings hold back up to 60 ms of telephone audio (this
one up to 13 ms) and dampen it from 3 kHz on, and where its blocks lie depends on where a stream begins.

Source of the design: J. O. Smith, "Digital Audio Resampling" (band-limited interpolation), with a
Kaiser window: A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", 3rd edition, section 7.5.3.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from vivavoce.audio.codec import Samples

SAMPLE_RATE = 16_000
"""The rate of everything after this module, in hertz."""

_BLOCKS_PER_SECOND = 100
_ATTENUATION = 80.0
"""Of images and aliases, and of the error in the passband, in dB."""
_TRANSITION = 0.2
"""Width of the transition band as a share of the lower Nyquist frequency, which is its middle."""


class Resampler:
    """Turns `channels` of `rate` hertz, a multiple of 100, into 16 kHz.

    Output sample n belongs to time n / 16000. At most 10 ms and half a filter (3.3 ms from 8 kHz, 1.6 ms
    from higher rates) are held back.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._reach = _reach(rate)
        # A row is a fraction of a block, as long as the pattern of phases allows: the shorter a row, the
        # fewer zeros there are in the matrix.
        row_outputs = math.lcm(SAMPLE_RATE // math.gcd(rate, SAMPLE_RATE), 16)
        self._row_inputs = row_outputs * rate // SAMPLE_RATE
        self._block_inputs = rate // _BLOCKS_PER_SECOND
        self._matrix = _matrix(rate, self._reach, row_outputs)
        self._pending: Samples = np.zeros((channels, self._reach), np.float32)
        self._frames = 0
        self._produced = 0

    def feed(self, samples: Samples) -> Samples:
        """What can be told of the output so far: float32, shape (channels, n), n possibly 0."""
        self._frames += samples.shape[1]
        return self._advance(samples)

    def flush(self) -> Samples:
        """The rest, so that in all round(frames * 16000 / rate) samples came out. Nothing may follow."""
        missing = round(self._frames * SAMPLE_RATE / self._rate) - self._produced
        silence = np.zeros((len(self._pending), self._block_inputs + 2 * self._reach), np.float32)
        return self._advance(silence)[:, :missing]

    def _advance(self, samples: Samples) -> Samples:
        inputs = np.concatenate([self._pending, samples], axis=1)
        blocks = max(0, inputs.shape[1] - 2 * self._reach) // self._block_inputs
        consumed = blocks * self._block_inputs
        self._pending = inputs[:, consumed:]
        channels, stride = len(inputs), inputs.itemsize
        windows = as_strided(
            inputs,
            shape=(channels, blocks, self._block_inputs // self._row_inputs, len(self._matrix)),
            strides=(inputs.strides[0], self._block_inputs * stride, self._row_inputs * stride, stride),
        )
        output: Samples = (np.ascontiguousarray(windows) @ self._matrix).reshape(channels, -1)
        self._produced += output.shape[1]
        # Between two full-scale samples the waveform may rise above them.
        return np.clip(output, -1, 1, out=output)


def _reach(rate: int) -> int:
    """Inputs on either side of an output that the filter sees: half of Kaiser's estimate of its length."""
    nyquist = min(rate, SAMPLE_RATE) / 2
    transition = 2 * math.pi * _TRANSITION * nyquist / rate
    return math.ceil((_ATTENUATION - 7.95) / (2.285 * transition) / 2)


def _matrix(rate: int, reach: int, outputs: int) -> NDArray[np.float32]:
    """The filter as seen by each output of a row: shape (inputs around the row, outputs)."""
    positions = np.arange(outputs) * rate / SAMPLE_RATE
    inputs = np.arange(-reach, outputs * rate // SAMPLE_RATE + reach)
    distance = inputs[:, None] - positions
    cutoff = min(rate, SAMPLE_RATE) / rate
    beta = 0.1102 * (_ATTENUATION - 8.7)
    window = np.i0(beta * np.sqrt(np.maximum(0.0, 1 - (distance / reach) ** 2)))
    taps = np.where(np.abs(distance) < reach, window, 0.0) * np.sinc(cutoff * distance)
    matrix: NDArray[np.float32] = (taps / taps.sum(axis=0)).astype(np.float32)
    return matrix
