"""Finds out early that audio is not in the format that its session declared, and in which it is.

Audio is predictable; audio read in a wrong format is noise. So the first seconds are read in every
format that people mix up, and a reading that would compress clearly better than the declared one is the
true one. Compression is estimated, not done: the code length of what linear prediction leaves
(T. Robinson, "SHORTEN: Simple lossless and near-lossless waveform compression", 1994), in bits per bit of
the stream, about 0.5 for speech and 1 for noise. Real noise is noise in every reading.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.codec import alaw_table, ulaw_table, widen_24_bit
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.protocol.stream import Diagnosis

_SECONDS = 10
_VOTES = 2
_MARGIN = 0.05
"""In bits per bit. Rightly declared speech leads all other readings by 0.04; misread, it trails by 0.06."""
_TRUST = 3
_LEAD = 0.04
_EXAMINED_BYTES = 16 * 1024
"""Of each second: enough to tell, and a bound on what it costs."""
_SEGMENT_BYTES = 480
"""Of each channel, taken to be equally loud. Whole samples of every width."""
_ORDER = 4
"""Of the linear prediction: enough for a tone in noise."""

Decode = Callable[[bytearray], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to understand the bytes: as integers, in steps of its resolution.

    `remedy` says what to do when it is the true one and was not declared.
    """

    name: str
    sample_bytes: int
    decode: Decode
    remedy: str


class FormatDoctor:
    """Takes a stream's bytes from the start, as they were sent; speaks once at most.

    It looks at the first ten seconds that are not silent and speaks when two of them agree; when three leave
    no doubt that the format is right, it looks no further.
    """

    def __init__(self, format: AudioFormat) -> None:
        self._format = format
        self._head = StreamHead(format)
        self._declared, self._others = _readings(format)
        unit = _SEGMENT_BYTES * format.channels
        self._second = format.bytes_per_second // unit * unit
        self._examined = min(self._second, _EXAMINED_BYTES // unit * unit)
        self._bytes = bytearray()
        self._votes: Counter[str] = Counter()
        self._left = _SECONDS
        self._doubts = _TRUST

    def feed(self, raw: bytes) -> Diagnosis | None:
        """A diagnosis with the code "format_mismatch" once it is clear. Raises as `StreamHead.feed` does."""
        if not self._left:
            return None
        self._bytes += self._head.feed(raw)
        found = None
        while found is None and self._left and len(self._bytes) >= self._second:
            found = self._examine(self._bytes[: self._examined])
            del self._bytes[: self._second]
        if found is None and self._left:
            return None
        self._left = 0
        self._bytes.clear()
        if found is None:
            return None
        mismatch = f"the audio looks like {found.name}, but the session was declared as {self._format}"
        return Diagnosis("format_mismatch", f"{mismatch}: {found.remedy}")

    def _examine(self, data: bytearray) -> _Reading | None:
        """The true reading, once enough seconds point to it."""
        repetition = _repetition(data)
        if repetition < _MARGIN:
            return None
        self._left -= 1
        costs = [self._cost(reading, data) for reading in self._others]
        declared = min(self._cost(self._declared, data), repetition)
        if min(costs) > declared - _MARGIN:
            self._doubts -= min(costs) > declared + _LEAD
            if not self._doubts:
                self._left = 0
            return None
        best = self._others[costs.index(min(costs))]
        self._votes[best.name] += 1
        return best if self._votes[best.name] == _VOTES else None

    def _cost(self, reading: _Reading, data: bytearray) -> float:
        """Bits per bit that `data` takes in this reading when compressed, at most 1."""
        values = reading.decode(data)
        bits = np.bitwise_or.reduce(values)
        # Samples that were widened end in zeros, which cost nothing.
        samples = values / max(1, bits & -bits)
        channels = self._format.channels
        start = _ORDER * channels
        past = np.stack([samples[start - lag : -lag] for lag in range(channels, start + 1, channels)])
        coefficients, *_ = np.linalg.lstsq(past @ past.T, past @ samples[start:])
        residual = np.zeros(len(samples))
        residual[start:] = samples[start:] - coefficients @ past
        segments = residual.reshape(-1, _SEGMENT_BYTES // reading.sample_bytes, channels)
        # The entropy of rounded Gaussian noise up to a constant, 0 for silence.
        entropy = np.log2(1 + 12 * np.mean(segments**2, axis=1)) / 2
        return float(np.mean(np.minimum(entropy / (8 * reading.sample_bytes), 1)))


def _repetition(data: bytearray) -> float:
    """What is left of the bytes, as a share, when those that come again are taken out.

    Clipped audio, test tones and silence repeat themselves and are no noise, whatever their energy says.
    """
    # With fixed codes, only repetition shortens anything, not how often a byte occurs.
    compressor = zlib.compressobj(strategy=zlib.Z_FIXED)
    return (len(compressor.compress(data)) + len(compressor.flush())) / len(data)


def _readings(format: AudioFormat) -> tuple[_Reading, list[_Reading]]:
    """The declared reading, and the others."""
    pcm = 'create the session with encoding "wav/pcm" and bit_depth'
    readings = [
        _Reading("8-bit PCM", 1, lambda data: _integers(data, "u1") - 128, f"{pcm} 8"),
        _Reading("16-bit PCM", 2, lambda data: _integers(data, "<i2"), f"{pcm} 16"),
        _Reading(
            "16-bit big-endian PCM",
            2,
            lambda data: _integers(data, ">i2"),
            f"swap the two bytes of each sample, and {pcm} 16",
        ),
        _Reading("24-bit PCM", 3, lambda data: widen_24_bit(data).astype(np.int64), f"{pcm} 24"),
        _Reading("32-bit PCM", 4, lambda data: _integers(data, "<i4"), f"{pcm} 32"),
        _Reading("32-bit float", 4, _floats, f"send 16-bit integers, and {pcm} 16"),
        _Reading("A-law", 1, _companded(alaw_table()), 'create the session with encoding "wav/alaw"'),
        _Reading("µ-law", 1, _companded(ulaw_table()), 'create the session with encoding "wav/ulaw"'),
    ]
    declared = next(reading for reading in readings if reading.name == format.sample_name)
    return declared, [reading for reading in readings if reading is not declared]


def _integers(data: bytearray, dtype: str) -> NDArray[np.int64]:
    return np.frombuffer(data, dtype).astype(np.int64)


def _floats(data: bytearray) -> NDArray[np.int64]:
    """Floats in steps of 2**-31. Bytes of another kind give some that no audio has: then all is noise."""
    values = np.frombuffer(data, "<f4")
    plausible = (values == 0) | ((np.abs(values) > 2.0**-31) & (np.abs(values) < 4))
    if np.mean(plausible) < 0.999:
        return np.random.default_rng(0).integers(-(2**31), 2**31, len(values))
    return np.rint(np.where(plausible, values, 0).astype(np.float64) * 2.0**31).astype(np.int64)


def _companded(table: NDArray[np.float32]) -> Decode:
    """The rank of each code's value among all: the steps in which companded audio is quantised."""
    ranks = np.argsort(np.argsort(table, kind="stable")) - 128
    return lambda data: ranks[np.frombuffer(data, np.uint8)]
