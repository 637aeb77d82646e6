"""Tells invented words from heard ones.

Whisper fails in a few known ways (Radford et al. 2022, section 4.5): it loops, it writes more than can be
said, and it writes where nobody speaks. Each leaves a trace in the decoding itself; no list of phrases is
consulted.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TOKENS_PER_SECOND = 25.0
"""More than anybody says, in the languages that take most tokens."""

_SPARE_TOKENS = 12
_MAX_COMPRESSION_RATIO = 2.4
_MIN_MEAN_LOG_PROBABILITY = -1.0
_MAX_NO_SPEECH = 0.6
_LONGEST_LOOP = 24


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the decoder wrote. `finished`: it ended by itself rather than at the limit of tokens."""

    tokens: tuple[int, ...]
    text: str
    duration: float
    mean_log_probability: float
    no_speech_probability: float
    finished: bool


def is_silence(decoding: Decoding) -> bool:
    """The model doubts both that somebody speaks and what it wrote."""
    return (
        decoding.no_speech_probability > _MAX_NO_SPEECH
        and decoding.mean_log_probability < _MIN_MEAN_LOG_PROBABILITY
    )


def is_runaway(decoding: Decoding) -> bool:
    """The text loops, or there is more of it than the audio has room for."""
    allowed = _SPARE_TOKENS + MAX_TOKENS_PER_SECOND * decoding.duration
    return (
        not decoding.finished
        or len(decoding.tokens) > allowed
        or compression_ratio(decoding.text) > _MAX_COMPRESSION_RATIO
    )


def is_suspicious(decoding: Decoding) -> bool:
    """Worth a second, more careful decoding."""
    return (
        is_runaway(decoding)
        or decoding.mean_log_probability < _MIN_MEAN_LOG_PROBABILITY
        or decoding.no_speech_probability > _MAX_NO_SPEECH
    )


def compression_ratio(text: str) -> float:
    """Length of the text over its length compressed: above 2.4 it mostly repeats itself."""
    data = text.encode("utf-8")
    return len(data) / len(zlib.compress(data))


def without_loop(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens without the further rounds of a loop (three or more) that runs to their end."""
    for period in range(1, min(_LONGEST_LOOP, len(tokens) // 3) + 1):
        looped = 0
        while looped < len(tokens) - period and tokens[-1 - looped] == tokens[-1 - looped - period]:
            looped += 1
        if looped >= 2 * period:
            return tuple(tokens[: len(tokens) - looped])
    return tuple(tokens)
