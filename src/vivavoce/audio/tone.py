"""A tone over what nobody is to hear, in every encoding: 1 kHz at -20 dBFS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.codec import alaw_table, ulaw_table
from vivavoce.audio.formats import AudioFormat

HERTZ = 1000.0
PEAK = 0.1
"""A sine from -1 to 1 has 0 dBFS."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames of one channel, from `first` up to `end`, exclusive."""

    channel: int
    first: int
    end: int


def tone(format: AudioFormat, first: int, frames: int) -> NDArray[np.uint8]:
    """Samples of one channel, shape (frames, bytes of a sample), of the tone that began with frame 0."""
    # A second is a whole number of periods.
    seconds = (first % format.sample_rate + np.arange(frames)) / format.sample_rate
    samples = PEAK * np.sin(2 * np.pi * HERTZ * seconds)
    match format.encoding:
        case "wav/alaw":
            return _nearest(alaw_table(), samples)
        case "wav/ulaw":
            return _nearest(ulaw_table(), samples)
    scaled = np.round(samples * 2 ** (format.bit_depth - 1)) + (128 if format.bit_depth == 8 else 0)
    return np.ascontiguousarray(scaled, "<i4").view(np.uint8).reshape(-1, 4)[:, : format.bit_depth // 8]


def covered(data: bytes, at: int, format: AudioFormat, stretches: Iterable[Stretch]) -> bytes:
    """Whole frames, the first of which is frame `at`, with the tone over all stretches among them."""
    frames = np.frombuffer(data, np.uint8).reshape(-1, format.channels, format.sample_bytes).copy()
    for stretch in stretches:
        first, end = max(stretch.first, at), min(stretch.end, at + len(frames))
        if first < end:
            frames[first - at : end - at, stretch.channel] = tone(format, first, end - first)
    return frames.tobytes()


def _nearest(table: NDArray[np.float32], samples: NDArray[np.float64]) -> NDArray[np.uint8]:
    codes = np.argsort(table, kind="stable")
    values = table[codes]
    above = np.clip(np.searchsorted(values, samples), 1, len(values) - 1)
    nearer = np.where(samples - values[above - 1] <= values[above] - samples, above - 1, above)
    return codes[nearer].astype(np.uint8)[:, None]
