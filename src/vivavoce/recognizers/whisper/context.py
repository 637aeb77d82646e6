"""How much audio the encoder is shown: what is said and a little silence, not Whisper's 30 s.

The encoder costs in proportion to what it is shown. The length depends on the audio's own alone.
"""

from __future__ import annotations

from math import ceil

FULL_CONTEXT = 30
"""Seconds: what Whisper was trained on."""

_FINAL_LEAST, _FINAL_SILENCE = 6.0, 2.0
_PARTIAL_LEAST, _PARTIAL_SILENCE = 2.0, 1.0
_STEP = 0.5


def context_seconds(duration: float, *, final: bool) -> float:
    """The encoder's context for that many seconds of audio: a multiple of half a second, 30 at most."""
    least, silence = (_FINAL_LEAST, _FINAL_SILENCE) if final else (_PARTIAL_LEAST, _PARTIAL_SILENCE)
    return min(max(least, ceil((duration + silence) / _STEP) * _STEP), float(FULL_CONTEXT))
