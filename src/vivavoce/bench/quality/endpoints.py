"""Whether utterances end where somebody stops to speak: pure, from the turns that are known.

Two utterances that follow one another within a turn are an *early cut* unless the speaker paused there: it
is quiet for 0.1 s or more somewhere from 0.2 s before the end of the first one's last word to 0.2 s after
the start of the next one's first. Quiet is 20 dB below the turn's level. A turn is a *late close* if the
next one begins later than endpointing and 0.3 s after its end, and yet one utterance has words of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vivavoce.bench.material import SAMPLE_RATE, Samples
from vivavoce.bench.quality.hearing import Utterance
from vivavoce.bench.quality.items import Stretch

_NEAR = 0.2
_PAUSE = 0.1
_QUIET = 10 ** (-20 / 20)
_STEP = 0.02
_SLACK = 0.3


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`early_cuts` in `turns`, divided into utterances at `cuts` places; `late_closes` of `pauses`."""

    turns: int = 0
    cuts: int = 0
    early_cuts: int = 0
    pauses: int = 0
    late_closes: int = 0

    def __add__(self, other: Endpoints) -> Endpoints:
        return Endpoints(
            self.turns + other.turns,
            self.cuts + other.cuts,
            self.early_cuts + other.early_cuts,
            self.pauses + other.pauses,
            self.late_closes + other.late_closes,
        )


def endpoints(
    turns: Sequence[Stretch], utterances: Sequence[Utterance], samples: Samples, endpointing: float
) -> Endpoints:
    """Of one recording, `samples` of shape (samples,) at 16 kHz; utterances and turns in order."""
    cuts = [
        (turn, Stretch(before.end, after.start))
        for before, after in pairwise(utterances)
        for turn in turns
        if turn.start <= before.end and after.start <= turn.end
    ]
    pauses = [
        (turn, later) for turn, later in pairwise(turns) if later.start - turn.end > endpointing + _SLACK
    ]
    return Endpoints(
        turns=len(turns),
        cuts=len(cuts),
        early_cuts=sum(not _has_pause(turn, cut, samples) for turn, cut in cuts),
        pauses=len(pauses),
        late_closes=sum(
            any(_has_words(one, turn) and _has_words(one, later) for one in utterances)
            for turn, later in pauses
        ),
    )


def _has_words(utterance: Utterance, turn: Stretch) -> bool:
    return any(turn.start <= (word.start + word.end) / 2 <= turn.end for word in utterance.words)


def _has_pause(turn: Stretch, cut: Stretch, samples: Samples) -> bool:
    step = round(_STEP * SAMPLE_RATE)

    def levels(start: float, end: float) -> Samples:
        piece = samples[max(0, round(start * SAMPLE_RATE)) : round(end * SAMPLE_RATE)]
        steps = piece[: len(piece) // step * step].reshape(-1, step)
        level: Samples = np.sqrt(np.mean(np.square(steps), axis=1))
        return level

    quiet = levels(cut.start - _NEAR, cut.end + _NEAR) < _QUIET * np.sqrt(
        np.mean(np.square(levels(turn.start, turn.end)))
    )
    needed = round(_PAUSE / _STEP)
    return (
        bool(np.any(np.convolve(quiet, np.ones(needed), "valid") == needed))
        if len(quiet) >= needed
        else False
    )
