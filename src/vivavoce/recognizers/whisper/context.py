"""How much audio the encoder is shown: a few fixed lengths instead of Whisper's 30 s.

The encoder costs in proportion to what it is shown, and nothing is lost as long as some silence follows
the speech. A length depends on the audio's own duration alone, so whatever shares a batch is equal.
"""

from __future__ import annotations

from bisect import bisect_left

FULL_CONTEXT = 30

_FINAL_CONTEXTS = (12, 15, 18, 24, FULL_CONTEXT)
_FINAL_SILENCE = 3.0
_PARTIAL_CONTEXTS = (6, 9, *_FINAL_CONTEXTS)
_PARTIAL_SILENCE = 1.5


def context_seconds(duration: float, *, final: bool) -> int:
    """The encoder's context, in seconds, for that many seconds of audio."""
    contexts, silence = (_FINAL_CONTEXTS, _FINAL_SILENCE) if final else (_PARTIAL_CONTEXTS, _PARTIAL_SILENCE)
    return contexts[min(bisect_left(contexts, duration + silence), len(contexts) - 1)]
