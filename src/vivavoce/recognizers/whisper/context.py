"""How hard to try: how much audio the encoder is shown, and how many texts the decoder follows.

Showing the encoder what is said and a little silence costs a fraction of Whisper's 30 s.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

FULL_CONTEXT = 30
"""Seconds: what Whisper was trained on."""

_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Effort:
    """`least` seconds are shown, and `silence` seconds after the speech; `beam_size` texts are followed."""

    least: float
    silence: float
    beam_size: int

    def context(self, duration: float) -> float:
        """The encoder's context for `duration` seconds of audio: a multiple of half a second, 30 at most."""
        return min(max(self.least, ceil((duration + self.silence) / _STEP) * _STEP), float(FULL_CONTEXT))


FINAL = Effort(least=6.0, silence=2.0, beam_size=5)
PARTIAL = Effort(least=2.0, silence=1.0, beam_size=1)
