"""A talk with what summaries and chapters are made from: its passages, their vectors and topics, what each
tells.

A passage tells much when it lies close to the others of its topic and of the talk (G. Erkan and D. Radev,
"LexRank", 2004), names a decision, a reason, a figure, and can be read alone. Passages are chosen one after
the other, each for what it adds to those before (J. Carbonell and J. Goldstein, "The use of MMR", 1998).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from vivavoce.intelligence.base import Wanted, always, go_on
from vivavoce.intelligence.passages import Passage, language_of, passages_of
from vivavoce.intelligence.topics import topics_of
from vivavoce.protocol.stream import Utterance

MOST_EMBEDDED: Final = 600
"""Passages of which vectors are computed; in longer talks, of so many stretches the one that says most."""

MOST_CHARACTERS: Final = 40_000
"""Of all passages that vectors are computed of, if not more of them than that have a few each."""
_FEWEST_CHARACTERS: Final = 80

_AT_ONCE: Final = 32
"""Texts that become vectors before it is asked whether anybody waits still."""
_ROUNDING: Final = 1e-4
"""Vectors no longer than this are what is left of equal ones."""

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
_FEW_WORDS: Final = 7
_MANY_WORDS: Final = 28
_FEW_PASSAGES: Final = 4

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

    def topic_of_rows(self) -> list[int]:
        """By number, of each row."""
        rows = {row: number for number, topic in enumerate(self.topics) for row in self.rows_of(topic)}
        return [rows[row] for row in range(len(self.embedded))]


def talk_of(utterances: Iterable[Utterance], embedder: Embeds, wanted: Wanted = always) -> Talk:
    """Raises `AddOnError`, and what `embedder` raises."""
    passages = passages_of(utterances)
    embedded = _worth_a_vector(passages)
    vectors = np.zeros((0, 1), np.float32)
    if embedded:
        longest = max(_FEWEST_CHARACTERS, MOST_CHARACTERS // len(embedded))
        vectors = _centred(
            _vectors([passages[number].text[:longest] for number in embedded], embedder, wanted)
        )
    topics = topics_of(passages, embedded, vectors)
    scores = _scores(passages, embedded, vectors, topics)
    return Talk(tuple(passages), tuple(embedded), vectors, tuple(topics), scores)


def _vectors(texts: Sequence[str], embedder: Embeds, wanted: Wanted) -> NDArray[np.float32]:
    """Of a long talk, half a minute's work: not on when nobody waits for it."""
    parts: list[NDArray[np.float32]] = []
    for begin in range(0, len(texts), _AT_ONCE):
        go_on(wanted)
        parts.append(embedder.embed(texts[begin : begin + _AT_ONCE]))
    return np.concatenate(parts)


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
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), _ROUNDING), np.float32)


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
    # Where all say the same, none is like another any more than like the mean.
    alike /= np.maximum(alike.sum(axis=1, keepdims=True), 1e-9)
    count = len(vectors)
    rank = np.full(count, 1 / count)
    for _ in range(_ROUNDS):
        rank = _DAMPING / count + (1 - _DAMPING) * (rank @ alike)
    return np.asarray(rank / rank.max())
