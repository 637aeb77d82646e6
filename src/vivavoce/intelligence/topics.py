"""Where one topic ends and the next begins.

A talk is cut so that the embeddings of each part lie as close together as can be, each cut costing
something: the optimum by dynamic programming (M. Utiyama and H. Isahara, "A statistical model for
domain-independent text segmentation", 2001, with squared distances in place of word counts). A cut is
cheaper after a pause, and where someone announces what comes next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.intelligence.passages import Passage

COST: Final = 1.5
"""What a cut costs, in passages that point away from all others. Parts of noise gain about one by a cut."""

_ANNOUNCED: Final = 0.8
_ASKED: Final = 0.2
_PAUSE: Final = 0.3
"""What is taken off it, in parts of the cost."""
_LONG_PAUSE: Final = 3.0
"""Seconds, and in medians of the pauses."""

_FEWEST: Final = 4
_FEWEST_OF_THE_FIRST: Final = 2
"""Passages of a topic that say something."""
_SHORTEST: Final = 15.0
_SHORTEST_OF_THE_FIRST: Final = 8.0
"""Seconds of a topic."""
_MOST: Final = 40
_MINUTES_OF_ONE: Final = 2.0
"""No more topics than one in so many minutes, and three."""
_FULL: Final = 6
"""Telling words of a passage that counts whole."""

_ROUNDING: Final = 1e-4
"""Vectors no longer than this are what is left of equal ones."""

Floats = NDArray[np.float64]


def topics_of(
    passages: Sequence[Passage], telling: Sequence[int], vectors: NDArray[np.float32]
) -> list[range]:
    """Ranges of passages, which cover all, in order. `vectors` (telling, dimensions), centred, are those of
    the passages with the numbers `telling`.
    """
    if not passages:
        return []
    if len(telling) < _FEWEST_OF_THE_FIRST + _FEWEST:
        return [range(len(passages))]
    weights = np.array([min(passages[n].telling, _FULL) / _FULL for n in telling])
    points = vectors.astype(np.float64)
    points -= np.average(points, axis=0, weights=weights)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), _ROUNDING)
    begins = _begins(passages, telling)
    costs = COST * _mean_weight(weights) * (1 - _cheaper(passages, telling, begins))
    times = np.array([passages[n].sentence.start for n in begins] + [passages[-1].sentence.end])
    most = min(_MOST, 3 + int((times[-1] - times[0]) / 60 / _MINUTES_OF_ONE))
    cuts = _cheapest(points, weights, costs, times)
    while len(cuts) > most:
        costs = costs * 1.25 + 0.05
        cuts = _cheapest(points, weights, costs, times)
    bounds = [0, *(begins[cut] for cut in cuts[1:]), len(passages)]
    return [range(begin, end) for begin, end in pairwise(bounds)]


def _mean_weight(weights: Floats) -> float:
    return float((weights**2).sum() / weights.sum())


def _begins(passages: Sequence[Passage], telling: Sequence[int]) -> list[int]:
    """Where a topic begins whose first passage that says something is each of `telling`: with a word between
    that announces it, if there is one.
    """
    begins = []
    last = -1
    for n in telling:
        announcing = (between for between in range(last + 1, n) if passages[between].announces)
        begins.append(next(announcing, n))
        last = n
    return begins


def _cheaper(passages: Sequence[Passage], telling: Sequence[int], begins: Sequence[int]) -> Floats:
    """What is taken off the cost of a cut before each of `telling`."""
    pauses = np.array(
        [0.0]
        + [max(0.0, later.sentence.start - earlier.sentence.end) for earlier, later in pairwise(passages)]
    )
    long = max(_LONG_PAUSE, _LONG_PAUSE * float(np.median(pauses)))
    off = np.zeros(len(telling))
    for at, (begin, first) in enumerate(zip(begins, telling, strict=True)):
        if any(passages[n].announces for n in range(begin, first + 1)):
            off[at] += _ANNOUNCED
        elif passages[first].is_question:
            off[at] += _ASKED
        if pauses[begin : first + 1].max() >= long:
            off[at] += _PAUSE
    return np.minimum(off, 1.0)


def _cheapest(points: Floats, weights: Floats, costs: Floats, times: Floats) -> list[int]:
    """The first point of each part, such that the squared distances to the parts' means and the costs of the
    cuts are the least together.
    """
    count = len(points)
    sums = np.vstack([np.zeros(points.shape[1]), np.cumsum(points * weights[:, None], axis=0)])
    masses = np.concatenate([[0.0], np.cumsum(weights)])
    best = np.full(count + 1, np.inf)
    best[0] = 0.0
    previous = np.zeros(count + 1, int)
    for end in range(_FEWEST_OF_THE_FIRST, count + 1):
        # All points have length one: a part's distances are its mass less the gain by its mean.
        begin = np.arange(0, max(1, end - _FEWEST + 1))
        mass = masses[end] - masses[begin]
        total = sums[end] - sums[begin]
        scatter = mass - np.einsum("ij,ij->i", total, total) / mass
        so_far = best[begin] + scatter + np.where(begin > 0, costs[begin], 0.0)
        shortest = np.where(begin > 0, _SHORTEST, _SHORTEST_OF_THE_FIRST if end < count else 0.0)
        sum_of = np.where(times[end] - times[begin] >= shortest, so_far, np.inf)
        previous[end] = int(sum_of.argmin())
        best[end] = sum_of[previous[end]]
    cuts = []
    end = count
    while end > 0:
        end = int(previous[end])
        cuts.append(end)
    return cuts[::-1]
