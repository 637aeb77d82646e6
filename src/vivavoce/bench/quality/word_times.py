"""How far the times of words are from those of an alignment: pure."""

from __future__ import annotations

from collections.abc import Sequence

from vivavoce.bench.quality.hearing import Word
from vivavoce.bench.words import HeardWord, SpokenWord, align, plain


def word_time_errors(said: Sequence[SpokenWord], heard: Sequence[Word]) -> list[float]:
    """Seconds, absolute, two for each word that was heard as it was said: of its start and of its end.

    Words whose own times are not sure do not count.
    """
    pairs = align(said, [HeardWord(word.text, word.end) for word in heard])
    right = [
        (said[i], heard[j]) for i, j in pairs if said[i].sure and plain(said[i].text) == plain(heard[j].text)
    ]
    return [
        abs(difference) for one, two in right for difference in (two.start - one.start, two.end - one.end)
    ]
