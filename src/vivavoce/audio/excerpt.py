"""A part of what a session has recorded, as recognition would hear it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vivavoce.audio.codec import codec
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.resampling import SAMPLE_RATE, Resampler


def excerpt_bytes(format: AudioFormat, start: float, end: float) -> tuple[int, int]:
    """Where that time is in raw audio of `format`, half-open, in whole frames. Seconds."""
    first, last = (round(seconds * format.sample_rate) * format.frame_bytes for seconds in (start, end))
    return first, max(first, last)


def excerpt(data: bytes, format: AudioFormat, channel: int) -> NDArray[np.float32]:
    """One channel of whole frames: float32, shape (samples,), 16 kHz, -1 to 1."""
    samples = codec(format)(data)[channel : channel + 1]
    if format.sample_rate != SAMPLE_RATE:
        resampler = Resampler(format.sample_rate, 1)
        samples = np.concatenate([resampler.feed(samples), resampler.flush()], axis=1)
    return np.asarray(samples[0], np.float32)
