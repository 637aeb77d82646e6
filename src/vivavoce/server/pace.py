"""How fast one connection's frames are looked at: each takes the event loop some time, however small."""

from __future__ import annotations

from typing import Final

FRAMES_PER_SECOND: Final = 250
FRAMES_AT_ONCE: Final = 1000
"""So many may come together before that holds."""
BYTES_A_FRAME: Final = 16_384
"""So many bytes count as one frame more."""


class Pace:
    """A pure machine: time, in seconds, is an argument."""

    def __init__(self, now: float) -> None:
        self.frames = 0
        """All that came so far."""
        # When what came would have come at the greatest pace, had none of it been early.
        self._earned = now

    def frames_came(self, frames: int, now: float) -> None:
        self.frames += frames
        self._spend(frames, now)

    def bytes_came(self, size: int, now: float) -> None:
        self._spend(size / BYTES_A_FRAME, now)

    def wait(self, now: float) -> float:
        """Seconds until more may come; not positive if it may come now."""
        return self._earned - now - FRAMES_AT_ONCE / FRAMES_PER_SECOND

    def _spend(self, frames: float, now: float) -> None:
        self._earned = max(self._earned, now) + frames / FRAMES_PER_SECOND
