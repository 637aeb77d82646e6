"""Beam search: the likeliest text, given what a network says may follow.

Scores are sums of logarithms of probabilities, not normalised by length (a beam prefers to say things twice
then). They only fall as a text grows, so the search is over once a finished text beats all unfinished ones.
Such sums favour texts that stop too soon; so a text ends only where nothing is likelier than its end.

What the words of a text cost, if that is given, is taken off while texts are compared. Where a text may end,
and the score that it has in the end, are the network's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# Texts that are this much less likely than the best one hardly ever catch up, and each costs time.
_WIDTH = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What may follow each of `rows` texts.

    `candidates` (rows, n) are the likeliest tokens and `scores` (rows, n) the logarithms of their
    probabilities, falling; `writing` (rows,) is the share of the probability that any text has; `attention`
    (heads, rows, steps) is where in the audio the network looked.
    """

    candidates: NDArray[np.int64]
    scores: NDArray[np.float32]
    writing: NDArray[np.float32]
    attention: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A text. `probabilities` has one for each of `tokens`; `attention` (heads, tokens + 1, steps) one more.

    `score` is the sum of the tokens' scores (and the end's), `finished` whether the text ended by itself.
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    attention: NDArray[np.float32]
    score: float
    finished: bool


Advance = Callable[[Sequence[int], Sequence[int]], Prediction]
"""Appends a token to each of the rows that go on, named by where they are now, and predicts what follows."""


class Costs(Protocol):
    """What the words of a text cost, in logarithms of probabilities, never less than 0.

    The last word of a text is open, and costs nothing yet, until a token parts from it what comes next.
    """

    def costs(self, open_words: Sequence[bytes], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each of the `candidates` (rows, n) costs that may follow texts with these `open_words`."""
        ...

    def open_word(self, before: bytes, token: int) -> bytes:
        """What is open after `token`, which follows a text whose open word was the one `before`."""
        ...


def beam_search(
    first: Prediction,
    advance: Advance,
    *,
    end: int,
    beam_size: int,
    max_tokens: int,
    not_first: frozenset[int] = frozenset(),
    width: float = _WIDTH,
    costs: Costs | None = None,
) -> Found:
    """The best text that starts where `first` (one row) was predicted: likely, and of words that cost little.

    No text begins with `not_first`. Texts that are more than `width` below the best one are given up.
    `end` is the token that ends a text. At `max_tokens` the best unfinished text is taken.
    """
    predictions = [first]
    # For each further prediction, the parents and tokens of its rows.
    steps: list[tuple[list[int], list[int]]] = []
    totals = np.zeros(1)
    open_words = [b""]
    best: tuple[float, int, int] | None = None  # score, prediction and row after which it ended
    barred = not_first
    while True:
        newest = predictions[-1]
        sums = totals[:, None] + newest.scores
        if costs:
            sums -= costs.costs(open_words, newest.candidates)
        order = np.argsort(-sums, axis=None, kind="stable")[: 2 * beam_size + len(barred)]
        parents: list[int] = []
        tokens: list[int] = []
        kept: list[float] = []
        ends = [_likeliest(row, barred) == end for row in newest.candidates]
        for row, column in zip(*np.unravel_index(order, sums.shape), strict=True):
            token, score = int(newest.candidates[row, column]), float(sums[row, column])
            if token in barred:
                continue
            if len(tokens) == beam_size or (kept and score < kept[0] - width):
                break
            if token != end:
                parents.append(int(row))
                tokens.append(token)
                kept.append(score)
            elif ends[row] and (best is None or score > best[0]):
                best = score, len(predictions) - 1, int(row)
        barred = frozenset()
        if best is not None and (not kept or best[0] >= kept[0]):
            return _traced(predictions, steps, best[1], best[2], end)
        if len(steps) == max_tokens:
            return _traced(predictions, steps, len(steps), int(np.argmax(totals)))
        steps.append((parents, tokens))
        totals = np.array(kept)
        if costs:
            open_words = [
                costs.open_word(open_words[row], token) for row, token in zip(parents, tokens, strict=True)
            ]
        predictions.append(advance(parents, tokens))


def _likeliest(candidates: NDArray[np.int64], barred: frozenset[int]) -> int | None:
    return next((token for token in candidates.tolist() if token not in barred), None)


def _traced(
    predictions: Sequence[Prediction],
    steps: Sequence[tuple[list[int], list[int]]],
    last: int,
    row: int,
    end: int | None = None,
) -> Found:
    """Follow the text that `row` of prediction `last` continues, and `end` ends, back to its beginning."""
    attention = [predictions[last].attention[:, row]]
    tokens: list[int] = []
    probabilities: list[float] = []
    score = 0.0 if end is None else _score(predictions[last], row, end)
    for number in range(last - 1, -1, -1):
        parents, appended = steps[number]
        token, row = appended[row], parents[row]
        before = predictions[number]
        token_score = _score(before, row, token)
        score += token_score
        tokens.append(token)
        probabilities.append(float(np.exp(token_score) * before.writing[row]))
        attention.append(before.attention[:, row])
    return Found(
        tuple(tokens[::-1]),
        tuple(probabilities[::-1]),
        np.stack(attention[::-1], axis=1),
        score,
        end is not None,
    )


def _score(prediction: Prediction, row: int, token: int) -> float:
    [column] = np.flatnonzero(prediction.candidates[row] == token)
    return float(prediction.scores[row, column])
