"""A talk with what summaries and chapters are made from: its passages, their vectors and topics, what each
tells.

A passage tells much when it lies close to the others of its topic and of the talk (G. Erkan and D. Radev,
"LexRank", 2004), names a decision, a reason, a figure, and can be read alone. Passages are chosen one after
the other, each for what it adds to those before (J. Carbonell and J. Goldstein, "The use of MMR", 1998).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.intelligence.passages import Passage, language_of, passages_of
from vivavoce.intelligence.topics import topics_of
from vivavoce.protocol.stream import Utterance

MOST_EMBEDDED: Final = 600
"""Passages of which vectors are computed; in longer talks, of so many stretches the one that says most."""

MOST_CHARACTERS: Final = 40_000
"""Of all passages that vectors are computed of, if not more of them than that have a few each."""
_FEWEST_CHARACTERS: Final = 80

_DAMPING: Final = 0.15
_ROUNDS: Final = 30
_CENTRAL_IN_TOPIC: Final = 0.8
_CENTRAL_IN_TALK: Final = 0.4
_CUE: Final = 0.2
_FIGURE: Final = 0.15
_FIRST: Final = 0.1
_BEFORE: Final = -0.4
"""For what is said before somebody announces the topic: greetings, who is late."""
_QUESTION: Final = -0.5
_CHATTER: Final = -0.8
_ANNOUNCING: Final = -0.3
_DANGLING: Final = -0.45
_SHORT: Final = -0.25
_LONG: Final = -0.2
_OTHER_LANGUAGE: Final = -0.3
_FEWEST_WORDS: Final = 5
_FEW_WORDS: Final = 7
_MANY_WORDS: Final = 28
_FEW_PASSAGES: Final = 4
_MANY_PASSAGES: Final = 6
_SMALL_TOPIC: Final = -0.4
_ALIKE: Final = 0.6
"""What is taken off for being like what was chosen already, and for a topic that has had its share."""
_SHARE: Final = 0.35
_NEAR: Final = 10.0
"""Seconds within which a passage can be what the next one refers to."""

_FIGURES = re.compile(r"\d")
_NAMES = re.compile(r"(?<=\w )[A-ZÀ-ÖØ-Þ]\w{2,}")

Floats = NDArray[np.float64]


class Embeds(Protocol):
    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (texts, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class Talk:
    """`embedded`: which passages have a vector and a score, by number. `vectors` (embedded, dimensions) are
    centred, `scores` (embedded,). `topics` cover all passages.
    """

    passages: tuple[Passage, ...]
    embedded: tuple[int, ...]
    vectors: NDArray[np.float32]
    topics: tuple[range, ...]
    scores: Floats

    @property
    def length(self) -> int:
        return sum(passage.length for passage in self.passages)

    def rows_of(self, topic: range) -> list[int]:
        return [row for row, number in enumerate(self.embedded) if number in topic]

    def chosen(self, length: int, most: int, within: range | None = None) -> list[int]:
        """Numbers of the passages that tell most in so many words and passages together, in order; one at
        least, where any has a vector.
        """
        rows = self.rows_of(within) if within is not None else list(range(len(self.embedded)))
        rows = [row for row in rows if self._tells(row)] or rows
        if not rows:
            return []
        topic_of = self._topic_of()
        shares = dict.fromkeys(topic_of, 0)
        for row in rows:
            shares[topic_of[row]] += self.passages[self.embedded[row]].length
        whole = sum(shares.values())
        taken: dict[int, int] = dict.fromkeys(shares, 0)
        scores = self.scores if within is not None else self.scores + self._of_small_topics(topic_of)
        gains = scores.copy()
        found: set[int] = set()
        left = length
        while rows and len(found) < most:
            row = max(
                rows, key=lambda row: gains[row] - self._excess(taken, shares, topic_of[row], length, whole)
            )
            rows.remove(row)
            passage = self.passages[self.embedded[row]]
            numbers = self._with_its_antecedent(self.embedded[row], found)
            cost = sum(self.passages[number].length for number in numbers)
            fits = (cost <= left or not found) and len(found) + len(numbers) <= max(most, 1)
            if numbers and fits and not any(self.passages[n].text == passage.text for n in found):
                found |= numbers
                left -= cost
                taken[topic_of[row]] += cost
                gains = np.minimum(
                    gains, self.scores - _ALIKE * np.maximum(0.0, self.vectors @ self.vectors[row])
                )
        return sorted(found)

    def _tells(self, row: int) -> bool:
        passage = self.passages[self.embedded[row]]
        return not (passage.is_question or passage.is_chatter or passage.length < _FEWEST_WORDS)

    def _topic_of(self) -> list[int]:
        return [
            next(topic for topic, numbers in enumerate(self.topics) if number in numbers)
            for number in self.embedded
        ]

    @staticmethod
    def _of_small_topics(topic_of: Sequence[int]) -> Floats:
        """What is taken off each row: greetings and farewells are topics too."""
        counts = Counter(topic_of)
        return np.array([_SMALL_TOPIC * max(0.0, 1 - counts[topic] / _MANY_PASSAGES) for topic in topic_of])

    @staticmethod
    def _excess(taken: dict[int, int], shares: dict[int, int], topic: int, length: int, whole: int) -> float:
        share = max(1.0, length * shares[topic] / whole)
        return _SHARE * taken[topic] / share

    def _with_its_antecedent(self, number: int, found: set[int]) -> set[int]:
        """The passage, with that before if it refers to it; none if it cannot be read with that either."""
        passage = self.passages[number]
        if not passage.is_dangling or number - 1 in found:
            return {number}
        if number == 0 or passage.is_question:
            return set() if found else {number}
        before = self.passages[number - 1]
        readable = not (before.is_dangling or before.is_question or before.is_chatter)
        near = passage.sentence.start - before.sentence.end <= _NEAR
        if readable and near and before.sentence.channel == passage.sentence.channel:
            return {number - 1, number} - found
        return set() if found else {number}


def talk_of(utterances: Iterable[Utterance], embedder: Embeds) -> Talk:
    """Raises `AddOnError`, and what `embedder` raises."""
    passages = passages_of(utterances)
    embedded = _worth_a_vector(passages)
    vectors = np.zeros((0, 1), np.float32)
    if embedded:
        longest = max(_FEWEST_CHARACTERS, MOST_CHARACTERS // len(embedded))
        vectors = _centred(embedder.embed([passages[number].text[:longest] for number in embedded]))
    topics = topics_of(passages, embedded, vectors)
    scores = _scores(passages, embedded, vectors, topics)
    return Talk(tuple(passages), tuple(embedded), vectors, tuple(topics), scores)


def _worth_a_vector(passages: Sequence[Passage]) -> list[int]:
    numbers = [n for n, passage in enumerate(passages) if passage.tells]
    if len(numbers) <= MOST_EMBEDDED:
        return numbers
    bounds = np.linspace(0, len(numbers), MOST_EMBEDDED + 1).astype(int)
    return [max(numbers[begin:end], key=lambda n: passages[n].telling) for begin, end in pairwise(bounds)]


def _centred(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(vectors) == 1:
        return vectors
    moved = vectors - vectors.mean(axis=0)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), np.float32)


def _scores(
    passages: Sequence[Passage],
    embedded: Sequence[int],
    vectors: NDArray[np.float32],
    topics: Sequence[range],
) -> Floats:
    if not embedded:
        return np.zeros(0)
    language = language_of(passages)
    scores = np.array([_alone(passages[number], language) for number in embedded])
    scores += _CENTRAL_IN_TALK * _lexrank(vectors)
    for topic in topics:
        rows = [row for row, number in enumerate(embedded) if number in topic]
        if rows:
            mean = vectors[rows].mean(axis=0)
            central = vectors[rows] @ mean / max(float(np.linalg.norm(mean)), 1e-9)
            # In a topic of few passages each makes the mean what it is.
            scores[rows] += _CENTRAL_IN_TOPIC * central * len(rows) / (len(rows) + _FEW_PASSAGES)
            scores[rows[0]] += _FIRST
            scores[[row for row in rows if embedded[row] < _announcing(passages, topic)]] += _BEFORE
    return scores


def _announcing(passages: Sequence[Passage], topic: range) -> int:
    """The number of a passage near the beginning that announces the topic, or the first."""
    near = topic[: max(_FEW_PASSAGES, len(topic) // 4)]
    return next((number for number in near if passages[number].announces), topic.start)


def _alone(passage: Passage, language: str) -> float:
    """What can be told of a passage without the others."""
    score = 0.0
    if passage.cues is not None and passage.cues.weighty.search(passage.text):
        score += _CUE
    if _FIGURES.search(passage.text) or _NAMES.search(passage.text):
        score += _FIGURE
    if passage.is_question:
        score += _QUESTION
    if passage.is_chatter:
        score += _CHATTER
    if passage.announces:
        score += _ANNOUNCING
    if passage.is_dangling:
        score += _DANGLING
    if passage.length < _FEW_WORDS:
        score += _SHORT
    if passage.length > _MANY_WORDS:
        score += _LONG
    if passage.language != language:
        score += _OTHER_LANGUAGE
    return score


def _lexrank(vectors: NDArray[np.float32]) -> Floats:
    """Of each row, the greatest being 1."""
    alike = np.maximum(0.0, vectors @ vectors.T).astype(np.float64)
    alike /= alike.sum(axis=1, keepdims=True)
    count = len(vectors)
    rank = np.full(count, 1 / count)
    for _ in range(_ROUNDS):
        rank = _DAMPING / count + (1 - _DAMPING) * (rank @ alike)
    return np.asarray(rank / rank.max())
