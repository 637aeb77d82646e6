"""When words were said, and how surely, from when their tokens were.

What places the tokens is vague about pauses, so a word is narrowed to where there is sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE

_SECONDS_PER_STEP = 0.02
_STEP = round(_SECONDS_PER_STEP * SAMPLE_RATE)
_QUIET = 1e-3
_LAST_SOUND = 0.3
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class Piece:
    """Text and how many tokens write it: `length` in all, `spoken` without the punctuation at its end."""

    text: str
    length: int
    spoken: int


def continues(before: str, text: str, *, spaceless: bool) -> bool:
    """Whether `text` goes on with the word that `before` writes, in a language written without spaces or
    with: words and numbers in Latin letters stay whole among characters."""
    if text.startswith(" "):
        return False
    return not spaceless or (_latin(before[-1:]) and _latin(text[:1]))


def loud_steps(audio: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which steps of 20 ms are within 30 dB of the loudest of `audio` (samples,)."""
    power = np.square(audio[: len(audio) // _STEP * _STEP]).reshape(-1, _STEP).mean(axis=1)
    return np.asarray(power > power.max(initial=0.0) * _QUIET)


def timed_words(
    pieces: Sequence[Piece],
    times: Sequence[float],
    probabilities: Sequence[float],
    loud: NDArray[np.bool_],
) -> tuple[Word, ...]:
    """Words from their first to their last loud step, each for one step at least if there are so many.

    `times` (one more than tokens) and `probabilities` belong to the tokens, `loud` to steps of 20 ms. A
    word's confidence is the geometric mean of its tokens' probabilities.
    """
    spans = []
    confidences = []
    first = 0
    for piece in pieces:
        after = first + piece.length
        start, spoken_until = times[first], times[first + piece.spoken]
        # What its punctuation takes is a pause, but for the last sound of the word.
        end = min(times[after], spoken_until + _LAST_SOUND)
        spans.append(_loud_part(start, end, loud) or (start, spoken_until))
        logs = [log(max(probability, _LEAST_PROBABILITY)) for probability in probabilities[first:after]]
        confidences.append(min(1.0, exp(sum(logs) / piece.length)))
        first = after
    return tuple(
        Word(piece.text, start, end, confidence)
        for piece, (start, end), confidence in zip(
            pieces, _parted(spans, times[-1]), confidences, strict=True
        )
    )


def _parted(spans: Sequence[tuple[float, float]], total: float) -> list[tuple[float, float]]:
    """The same spans, in order, but each a step long at least: what places the tokens may leave no time for
    some. They take it from those that follow, or at the end, at `total` seconds, from those before.
    """
    parted: list[tuple[float, float]] = []
    for start, end in spans:
        start = max(start, parted[-1][1] if parted else 0.0)
        parted.append((start, max(end, start + _SECONDS_PER_STEP)))
    latest = total
    for number in range(len(parted) - 1, -1, -1):
        start, end = parted[number]
        end = min(end, latest)
        latest = max(0.0, min(start, end - _SECONDS_PER_STEP))
        parted[number] = latest, end
    return parted


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _loud_part(start: float, end: float, loud: NDArray[np.bool_]) -> tuple[float, float] | None:
    first = round(start / _SECONDS_PER_STEP)
    steps = np.flatnonzero(loud[first : round(end / _SECONDS_PER_STEP)])
    if not len(steps):
        return None
    return (
        max(start, (first + int(steps[0])) * _SECONDS_PER_STEP),
        min(end, (first + int(steps[-1]) + 1) * _SECONDS_PER_STEP),
    )
