"""Which passages of a talk to tell: one after the other, each for what it adds to those chosen before.

Maximal marginal relevance (J. Carbonell and J. Goldstein, "The use of MMR", 1998), with a share a topic.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np

from vivavoce.intelligence.passages import Passage
from vivavoce.intelligence.talk import Floats, Talk

_ALIKE: Final = 0.6
"""What is taken off a score for being like what was chosen already."""
_SHARE: Final = 0.35
"""Likewise, for a topic that has had its share."""
_SMALL_TOPIC: Final = 0.4
"""For a topic of one passage: greetings and farewells are topics too."""
_MANY_PASSAGES: Final = 6
_FEWEST_WORDS: Final = 5
_NEAR: Final = 10.0
"""Seconds within which a passage can be what the next one refers to."""


def chosen(talk: Talk, words: int, most: int, within: range | None = None) -> list[int]:
    """Numbers of the passages that tell most, in order: so many words together, and `most` passages at most.

    One at least, where any has a vector; the first may be longer. `within`: a topic, else of all.
    """
    rows = talk.rows_of(within) if within is not None else list(range(len(talk.embedded)))
    rows = [row for row in rows if _tells(talk.passages[talk.embedded[row]])] or rows
    return _Choice(talk, rows, words, most).made() if rows else []


def _tells(passage: Passage) -> bool:
    return not (passage.is_question or passage.is_chatter or passage.length < _FEWEST_WORDS)


class _Choice:
    def __init__(self, talk: Talk, rows: list[int], words: int, most: int) -> None:
        self._talk = talk
        self._rows = rows
        self._words = words
        self._most = most
        self._topics = talk.topic_of_rows()
        lengths: Counter[int] = Counter()
        for row in rows:
            lengths[self._topics[row]] += talk.passages[talk.embedded[row]].length
        whole = lengths.total()
        self._shares = {topic: max(1.0, words * length / whole) for topic, length in lengths.items()}
        self._taken: Counter[int] = Counter()
        self._scores = talk.scores - (self._of_small_topics() if len(lengths) > 1 else 0.0)
        self._gains = self._scores.copy()
        self._found: set[int] = set()

    def made(self) -> list[int]:
        left = sorted(self._rows, key=self._gain, reverse=True)
        best = self._talk.embedded[left[0]]
        while left and len(self._found) < self._most:
            row = max(left, key=self._gain)
            left.remove(row)
            numbers = self._with_its_antecedent(self._talk.embedded[row])
            if numbers and self._fit(numbers):
                self._take(row, numbers)
        return sorted(self._found or {best})

    def _gain(self, row: int) -> float:
        topic = self._topics[row]
        return float(self._gains[row]) - _SHARE * self._taken[topic] / self._shares[topic]

    def _fit(self, numbers: set[int]) -> bool:
        if len(self._found) + len(numbers) > self._most:
            return False
        texts = {self._talk.passages[number].text for number in self._found}
        if any(self._talk.passages[number].text in texts for number in numbers):
            return False
        return not self._found or self._length(numbers) <= self._words - self._taken.total()

    def _take(self, row: int, numbers: set[int]) -> None:
        self._found |= numbers
        self._taken[self._topics[row]] += self._length(numbers)
        vectors = self._talk.vectors
        alike = np.maximum(0.0, vectors @ vectors[row])
        self._gains = np.minimum(self._gains, self._scores - _ALIKE * alike)

    def _length(self, numbers: set[int]) -> int:
        return sum(self._talk.passages[number].length for number in numbers)

    def _of_small_topics(self) -> Floats:
        counts = Counter(self._topics)
        missing = [max(0.0, 1 - counts[topic] / _MANY_PASSAGES) for topic in self._topics]
        return _SMALL_TOPIC * np.array(missing)

    def _with_its_antecedent(self, number: int) -> set[int]:
        """The passage, with that before if it refers to it; none if it cannot be read with that either."""
        passage = self._talk.passages[number]
        if not passage.is_dangling or number - 1 in self._found:
            return {number}
        if number == 0:
            return set()
        before = self._talk.passages[number - 1]
        readable = not (before.is_dangling or before.is_question or before.is_chatter)
        near = passage.sentence.start - before.sentence.end <= _NEAR
        of_one_speaker = before.sentence.channel == passage.sentence.channel
        return {number - 1, number} if readable and near and of_one_speaker else set()
