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

from vivavoce.audio.codec import Samples, alaw_table, ulaw_table, widen_24_bit
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.protocol.stream import Diagnosis

_SECONDS = 10
_VOTES = 2
_MARGIN = 0.05
"""In bits per bit. Declared rightly, speech is 0.09 ahead of other readings; wrongly, 0.08 behind one."""
_EXAMINED_FRAMES = 8192
"""Of each second: enough to tell, and a bound on what it costs."""
_SEGMENT_BYTES = 480
"""Of one channel, taken to be equally loud. Whole samples of every width."""
_LEAST_VARIETY = 1 / 6
"""Of a second's bytes, as zlib sees them. Silence, test tones and the like suit many readings."""
_MOST_CLIPPED = 0.1
"""Of a segment's samples. Clipping, too, is quieter in some wrong readings than in the right one."""
_LEAST_TELLING = 1 / 4
"""Of a second's segments that are not clipped."""
_ORDER = 4
"""Of the linear prediction: enough for a tone in noise."""

Decode = Callable[[bytes], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A way to understand the bytes of one channel: as integers, in steps of its resolution.

    `remedy` says what to do when it is the true one and was not declared.
    """

    name: str
    sample_bytes: int
    decode: Decode
    remedy: str


class FormatDoctor:
    """Takes a stream's bytes from the start, as they were sent; speaks once at most.

    It looks at the first ten seconds that have sound in the first channel and speaks when two of them agree.
    """

    def __init__(self, format: AudioFormat) -> None:
        self._format = format
        self._head = StreamHead(format)
        self._declared, self._others = _readings(format)
        unit = _SEGMENT_BYTES * format.channels
        self._second = format.bytes_per_second // unit * unit
        self._examined = min(self._second, _EXAMINED_FRAMES * format.frame_bytes // unit * unit)
        self._bytes = bytearray()
        self._votes: Counter[str] = Counter()
        self._left = _SECONDS

    def feed(self, raw: bytes) -> Diagnosis | None:
        """A diagnosis with the code "format_mismatch" once it is clear. Raises as `StreamHead.feed` does."""
        if not self._left:
            return None
        self._bytes += self._head.feed(raw)
        while self._left and len(self._bytes) >= self._second:
            found = self._examine(self._bytes[: self._examined])
            del self._bytes[: self._second]
            if found is not None:
                self._left = 0
                self._bytes.clear()
                return Diagnosis(
                    "format_mismatch",
                    f"the audio looks like {found.name}, but the session was declared as {self._format}: "
                    f"{found.remedy}",
                )
        if not self._left:
            self._bytes.clear()
        return None

    def _examine(self, data: bytearray) -> _Reading | None:
        """The true reading, once enough seconds point to it."""
        if len(zlib.compress(data, level=1)) < _LEAST_VARIETY * len(data):
            return None
        segments = self._segments(self._declared, data)
        full_scale = 2 ** (8 * self._declared.sample_bytes - 1) - 1
        telling = np.mean(np.abs(segments) >= 0.999 * full_scale, axis=1) <= _MOST_CLIPPED
        if np.mean(telling) < _LEAST_TELLING:
            return None
        self._left -= 1
        costs = [
            _cost(self._segments(reading, data), telling, reading.sample_bytes) for reading in self._others
        ]
        if min(costs) > _cost(segments, telling, self._declared.sample_bytes) - _MARGIN:
            return None
        best = self._others[costs.index(min(costs))]
        self._votes[best.name] += 1
        return best if self._votes[best.name] == _VOTES else None

    def _segments(self, reading: _Reading, data: bytearray) -> NDArray[np.int64]:
        """The first channel in this reading, shape (segments, samples)."""
        frames = np.frombuffer(data, np.uint8).reshape(-1, self._format.channels * reading.sample_bytes)
        values = reading.decode(frames[:, : reading.sample_bytes].tobytes())
        return values.reshape(-1, _SEGMENT_BYTES // reading.sample_bytes)


def _cost(segments: NDArray[np.int64], telling: NDArray[np.bool], sample_bytes: int) -> float:
    """Bits per bit that the telling segments take when compressed, at most 1."""
    bits = np.bitwise_or.reduce(segments, axis=None)
    # Samples that were widened end in zeros, which cost nothing.
    samples = segments.ravel() / max(1, bits & -bits)
    past = np.stack([samples[_ORDER - lag : -lag] for lag in range(1, _ORDER + 1)])
    coefficients, *_ = np.linalg.lstsq(past @ past.T, past @ samples[_ORDER:])
    residual = np.zeros(segments.shape)
    residual.flat[_ORDER:] = samples[_ORDER:] - coefficients @ past
    energy = np.mean(residual**2, axis=1)[telling]
    # The entropy of rounded Gaussian noise up to a constant, 0 for silence.
    entropy = np.log2(1 + 12 * energy) / 2
    return float(np.mean(np.minimum(entropy / (8 * sample_bytes), 1)))


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


def _integers(data: bytes, dtype: str) -> NDArray[np.int64]:
    return np.frombuffer(data, dtype).astype(np.int64)


def _floats(data: bytes) -> NDArray[np.int64]:
    """Floats in steps of 2**-31. Bytes of another kind give some that no audio has: then all is noise."""
    values = np.frombuffer(data, "<f4")
    plausible = (values == 0) | ((np.abs(values) > 2.0**-31) & (np.abs(values) < 4))
    if np.mean(plausible) < 0.999:
        return np.random.default_rng(0).integers(-(2**31), 2**31, len(values))
    return np.rint(np.where(plausible, values, 0).astype(np.float64) * 2.0**31).astype(np.int64)


def _companded(table: Samples) -> Decode:
    """The rank of each code's value among all: the steps in which companded audio is quantised."""
    ranks = np.argsort(np.argsort(table, kind="stable")) - 128
    return lambda data: ranks[np.frombuffer(data, np.uint8)]
