"""How much audio the encoder computes: what is said and a little silence, a fraction of Whisper's 30 s."""

from __future__ import annotations

BLOCK = 6400
"""Samples: 0.4 s at 16 kHz. Contexts are counted in blocks."""

FULL_CONTEXT = 75
"""Blocks: the 30 s that Whisper was trained on."""

_SILENCE = 2


def context(samples: int) -> int:
    """The blocks that hold so many `samples` and some silence after them: `FULL_CONTEXT` at most."""
    return min(-(-samples // BLOCK) + _SILENCE, FULL_CONTEXT)
