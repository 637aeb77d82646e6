"""The stretch of a channel's audio that coming finals may still need."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vivavoce.speech.endpointing import WINDOW

_SILENCE = 1e-10
_VOICED = 0.5


def level(window: NDArray[np.float32]) -> float:
    """Mean power of `window` (samples,), in dBFS; digital silence is -100."""
    return 10 * math.log10(float(np.dot(window, window)) / len(window) + _SILENCE)


class AudioBuffer:
    """Windows of 512 samples with the probability that somebody speaks, appended at the end and discarded at
    the front; samples keep their number."""

    def __init__(self) -> None:
        self._windows: list[NDArray[np.float32]] = []
        self._probabilities: list[float] = []
        self._first = 0

    def append(self, window: NDArray[np.float32], probability: float) -> None:
        self._windows.append(window)
        self._probabilities.append(probability)

    def slice(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples [start, end) as one array. Raises IndexError if any of them is not held."""
        first, last = self._held(start, end)
        joined = np.concatenate(self._windows[first:last])
        skipped = start // WINDOW * WINDOW
        return joined[start - skipped : end - skipped]

    def voiced(self, start: int, end: int) -> float:
        """In which share of samples [start, end), by windows, somebody rather speaks than not. Raises
        IndexError if any of them is not held."""
        first, last = self._held(start, end)
        return sum(probability > _VOICED for probability in self._probabilities[first:last]) / (last - first)

    def discard(self, before: int) -> None:
        """Let go of whole windows before sample `before`."""
        excess = min(before // WINDOW - self._first, len(self._windows))
        if excess > 0:
            del self._windows[:excess], self._probabilities[:excess]
            self._first += excess

    def _held(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last index, exclusive, of the windows that hold samples [start, end)."""
        first, last = start // WINDOW, -(-end // WINDOW)
        held = range(self._first, self._first + len(self._windows))
        if start >= end or first not in held or last - 1 not in held:
            raise IndexError(f"samples {start} to {end} are asked for, windows {held} are held")
        return first - self._first, last - self._first
