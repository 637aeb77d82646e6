"""Tells invented words from heard ones.

Whisper fails in a few known ways (Radford et al. 2022, section 4.5): it loops, it writes more than can be
said, and it writes where nobody speaks. Each leaves a trace in the decoding itself; no list of phrases is
consulted.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from vivavoce.recognizers.whisper.model import Decoding

_TOKENS_PER_SECOND = 15
_SPARE_TOKENS = 10
_MAX_COMPRESSION_RATIO = 2.4
_MIN_MEAN_LOG_PROBABILITY = -1.0
_MAX_NO_SPEECH = 0.6
_LONGEST_ROUND = 24
_ROUNDS = 3


def token_limit(duration: float) -> int:
    """More tokens than are needed for what is said in that many seconds, in almost any language."""
    return _SPARE_TOKENS + round(_TOKENS_PER_SECOND * duration)


def is_silence(decoding: Decoding) -> bool:
    """The model wrote nothing that can be said, or doubts both that somebody speaks and what it wrote."""
    return not any(map(str.isalnum, decoding.text)) or (
        decoding.no_speech_probability > _MAX_NO_SPEECH
        and decoding.mean_log_probability < _MIN_MEAN_LOG_PROBABILITY
    )


def is_runaway(decoding: Decoding) -> bool:
    """The text did not come to an end, or it loops."""
    return not decoding.finished or compression_ratio(decoding.text) > _MAX_COMPRESSION_RATIO


def compression_ratio(text: str) -> float:
    """Length of the text over its length compressed: above 2.4 it mostly repeats itself."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data))


def without_loop(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens with only the first round of a loop, of three rounds or more, that runs to their end."""
    for period in range(1, min(_LONGEST_ROUND, len(tokens) // _ROUNDS) + 1):
        looped = 0
        while looped < len(tokens) - period and tokens[-1 - looped] == tokens[-1 - looped - period]:
            looped += 1
        if looped >= (_ROUNDS - 1) * period:
            return tuple(tokens[: len(tokens) - looped])
    return tuple(tokens)
