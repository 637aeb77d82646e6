"""How many frames of one connection are looked at: each takes the event loop some time, however small."""

from __future__ import annotations

from typing import Final

FRAMES_PER_SECOND: Final = 500
FRAMES_AT_ONCE: Final = 1000
"""So many may come together before that holds."""


class Pace:
    """A pure machine: time, in seconds, is an argument."""

    def __init__(self, now: float) -> None:
        self.frames = 0
        """All that came so far."""
        # When the frames that came would have come at the greatest pace, had the first not been early.
        self._earned = now

    def count(self, frames: int, now: float) -> None:
        """So many have come."""
        self.frames += frames
        self._earned = max(self._earned, now) + frames / FRAMES_PER_SECOND

    def wait(self, now: float) -> float:
        """Seconds until the next may come; not positive if it may come now."""
        return self._earned - now - FRAMES_AT_ONCE / FRAMES_PER_SECOND
