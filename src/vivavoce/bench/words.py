"""What was said and what was heard, word by word, and which belongs to which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SUBSTITUTION = 1.0
_GAP = 0.7
_PER_SECOND = 0.2
_FARTHEST = 3.0

_SILENT = re.compile(r"[^\w']")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word and when it was said, in seconds of its audio.

    `sure`: the time was measured, not guessed from the words around it.
    """

    text: str
    start: float
    end: float
    sure: bool = True

    def later(self, seconds: float) -> SpokenWord:
        return SpokenWord(self.text, self.start + seconds, self.end + seconds, self.sure)


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as a server wrote it; `end` in seconds of the session's audio, if the server says."""

    text: str
    end: float | None = None


def plain(text: str) -> str:
    """A word without what nobody hears: case and punctuation."""
    return _SILENT.sub("", text.lower())


def align(said: Sequence[SpokenWord | HeardWord], heard: Sequence[HeardWord]) -> list[tuple[int, int]]:
    """Pairs of indices, rising in both: which word of `heard` stands for which of `said`.

    The cheapest alignment of the two sequences (Needleman and Wunsch 1970): a pair of equal words costs
    nothing, of different ones 1, a word without a partner 0.7; where both have times, a pair costs 0.2
    more for each second between them, and beyond 3 s it cannot be.
    """
    a, b = [plain(word.text) for word in said], [plain(word.text) for word in heard]
    rows = [[_GAP * j for j in range(len(b) + 1)]]
    for i, first in enumerate(said):
        row = [_GAP * (i + 1)]
        above = rows[-1]
        for j, second in enumerate(heard):
            pair = above[j] + _cost(a[i] == b[j], first.end, second.end)
            row.append(min(pair, above[j + 1] + _GAP, row[j] + _GAP))
        rows.append(row)
    pairs = []
    i, j = len(a), len(b)
    while i and j:
        cost = _cost(a[i - 1] == b[j - 1], said[i - 1].end, heard[j - 1].end)
        if rows[i][j] == rows[i - 1][j - 1] + cost:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif rows[i][j] == rows[i - 1][j] + _GAP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _cost(equal: bool, said: float | None, heard: float | None) -> float:
    text = 0.0 if equal else _SUBSTITUTION
    if said is None or heard is None:
        return text
    apart = abs(said - heard)
    return text + _PER_SECOND * apart if apart <= _FARTHEST else float("inf")
