"""Keywords of the topics of a talk: runs of words that mean something, as RAKE takes them (S. Rose et al.,
"Automatic keyword extraction from individual documents", 2010), ranked by how they belong to their topic
alone, and by embeddings.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vivavoce.intelligence.cues import cues_of, dull_words, stop_words
from vivavoce.intelligence.markers import MARKER
from vivavoce.intelligence.passages import TOKEN, Passage
from vivavoce.intelligence.talk import Embeds, Talk
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES

MOST: Final = 6
"""Keywords of a topic."""

_LONGEST: Final = 3
"""Words that mean something in a keyword."""
_SHORTEST: Final = 3
"""Letters of a keyword."""
_STEM: Final = 4
"""Letters of a word that are the same in its forms."""
_RANKED: Final = 14
"""Candidates of a topic whose vectors are computed."""
_BY_EMBEDDINGS: Final = 0.5
_OF_LENGTH: Final = (1.0, 1.5, 1.6)
_AFTER_AN_ARTICLE: Final = 1.0
_BARE: Final = 0.4
_NAME: Final = 0.6
_FIRST: Final = 0.5

_CLAUSES = re.compile(r"…|[.,;:!?()\"«»„“”–—]+(?:\s+|$)|\s[-–—]\s")
_NUMBER = re.compile(r"\d[\d.,]*\w?")
_INFLECTED = re.compile(r"e[nrms]?$")


@dataclass(slots=True)
class _Candidate:
    written: Counter[str] = field(default_factory=Counter)
    weight: float = 0.0
    words: int = 1


def keywords_of(talk: Talk, embedder: Embeds) -> list[tuple[str, ...]]:
    """For each topic the best first; none in languages without spaces, where words are not known."""
    found = [_candidates(talk.passages[topic.start : topic.stop]) for topic in talk.topics]
    spread = Counter(key for candidates in found for key in candidates)
    return [
        _ranked(talk, topic, candidates, spread, embedder)
        for topic, candidates in zip(talk.topics, found, strict=True)
    ]


def _candidates(passages: Sequence[Passage]) -> dict[str, _Candidate]:
    found: dict[str, _Candidate] = {}
    for number, passage in enumerate(passages):
        if passage.language in WRITTEN_WITHOUT_SPACES or passage.is_chatter:
            continue
        for written, weight in _runs(passage):
            candidate = found.setdefault(written.lower(), _Candidate())
            candidate.written[written] += 1
            candidate.weight += weight + (_FIRST if number < 2 else 0.0)
            candidate.words = len(written.split())
    _add_up(found)
    return found


def _add_up(found: Mapping[str, _Candidate]) -> None:
    """A longer keyword gains by its words' being said alone: "marketing budget", then "the budget"."""
    alone = {key: candidate.weight for key, candidate in found.items() if " " not in key}
    for key, candidate in found.items():
        if " " in key:
            candidate.weight += 0.5 * sum(alone.get(word, 0.0) for word in key.split())


def _runs(passage: Passage) -> Iterator[tuple[str, float]]:
    """Keywords in a passage as they are written, each with its weight."""
    grammar = _Grammar(passage.language)
    # What stands for something redacted is no word, and ends what stood before it.
    clauses = [clause for clause in _CLAUSES.split(MARKER.sub("…", passage.text)) if clause.strip()]
    for number, clause in enumerate(clauses):
        found = list(TOKEN.finditer(clause))
        # Who is spoken to: "Priya, where are we?"
        if len(found) == 1 and number in (0, len(clauses) - 1) and found[0][0][:1].isupper():
            continue
        for begin, end in grammar.runs([match[0] for match in found]):
            written = clause[found[begin].start() : found[end - 1].end()]
            before = found[begin - 1][0].lower() if begin else ""
            yield written, grammar.weight(written, before, begin == number == 0)


class _Grammar:
    """Where keywords begin and end in a clause."""

    def __init__(self, language: str) -> None:
        cues = cues_of(language)
        self._language = language
        self._stops = stop_words(language)
        self._dull = dull_words()
        self.articles = cues.articles if cues else frozenset[str]()
        self._within = cues.within if cues else frozenset[str]()

    def weight(self, written: str, before: str, first: bool) -> float:
        """What says whether it is a noun: the word before, a capital that no sentence begins with."""
        weight = 1.0
        if self._is_article(before):
            weight += _AFTER_AN_ARTICLE
        elif self.articles and not written[:1].isupper():
            weight = _BARE
        if self._language != "de" and written[:1].isupper() and not first:
            weight += _NAME
        return weight

    def runs(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        begin = 0
        while begin < len(words):
            if not self.tells(words[begin]):
                begin += 1
                continue
            end = self._end(words, begin)
            first, last = self._trimmed(words, begin, end)
            if first < last and sum(map(len, words[first:last])) >= _SHORTEST:
                yield first, last
            begin = end

    def tells(self, word: str) -> bool:
        lower = word.lower()
        return not (
            lower in self._stops or lower in self._dull or word[-1] in "'’" or _NUMBER.fullmatch(word)
        )

    def _end(self, words: Sequence[str], begin: int) -> int:
        """After the words that tell, with what may stand between two of them: "price of the steel"."""
        end = begin + 1
        while end < len(words) and not self._is_after_a_noun(words, end):
            step = 1 if self.tells(words[end]) else self._joining(words, end)
            if step == 0:
                break
            end += step
        return end

    def _is_after_a_noun(self, words: Sequence[str], at: int) -> bool:
        """Nouns have capitals in German: what is written small after one belongs to no keyword."""
        return self._language == "de" and words[at - 1][0].isupper() and not words[at][0].isupper()

    def _joining(self, words: Sequence[str], at: int) -> int:
        """How many words there are up to one that tells, itself included, if those before it join; else 0."""
        if words[at].lower() not in self._within:
            return 0
        if self.tells(_at(words, at + 1)):
            return 2
        article = self._is_article(_at(words, at + 1))
        return 3 if article and self.tells(_at(words, at + 2)) else 0

    def _is_article(self, word: str) -> bool:
        return word.lower() in self.articles or word[-1:] in ("'", "’")

    def _trimmed(self, words: Sequence[str], begin: int, end: int) -> tuple[int, int]:
        if self._language == "de":
            # Nouns have capitals, and adjectives before them an ending.
            while begin < end and not words[end - 1][:1].isupper():
                end -= 1
            while begin < end and not (words[begin][:1].isupper() or _INFLECTED.search(words[begin])):
                begin += 1
        elif self._language == "en":
            while end - begin > 1 and words[begin].lower().endswith("ing") and not self._named(words, begin):
                begin += 1
        elif self._within:
            # Adjectives follow nouns, but verbs do so too, and come before "of".
            if not (self._named(words, begin) or words[begin][:1].isupper()):
                begin = next((n + 1 for n in reversed(range(begin, end)) if not self.tells(words[n])), begin)
            end = self._end_of_the_noun(words, begin, end)
        while sum(map(self.tells, words[begin:end])) > _LONGEST:
            begin += 1
            while begin < end and not self.tells(words[begin]):
                begin += 1
        return begin, end

    def _named(self, words: Sequence[str], at: int) -> bool:
        return at > 0 and self._is_article(words[at - 1])

    def _end_of_the_noun(self, words: Sequence[str], begin: int, end: int) -> int:
        at = begin + 1
        while at < end and (
            not self.tells(words[at]) or not self.tells(words[at - 1]) or words[at][:1].isupper()
        ):
            at += 1
        return at


def _at(words: Sequence[str], index: int) -> str:
    """A word that tells nothing where there is none."""
    return words[index] if index < len(words) else "'"


def _ranked(
    talk: Talk, topic: range, candidates: Mapping[str, _Candidate], spread: Counter[str], embedder: Embeds
) -> tuple[str, ...]:
    topics = len(talk.topics)
    values = {
        key: candidate.weight
        * _OF_LENGTH[min(candidate.words, _LONGEST) - 1]
        * math.log(1 + topics / spread[key])
        for key, candidate in candidates.items()
    }
    best = sorted(values, key=lambda key: -values[key])[:_RANKED]
    rows = talk.rows_of(topic)
    if best and rows:
        vectors = embedder.embed([candidates[key].written.most_common(1)[0][0] for key in best])
        vectors = vectors - vectors.mean(axis=0)
        mean = talk.vectors[rows].mean(axis=0)
        near = vectors @ mean / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(mean) + 1e-9)
        greatest = values[best[0]]
        ranks = {key: values[key] / greatest + _BY_EMBEDDINGS * float(near[n]) for n, key in enumerate(best)}
        best.sort(key=lambda key: -ranks[key])
    return tuple(_written(candidates[key]) for key in _distinct(best)[:MOST])


def _distinct(keys: Sequence[str]) -> list[str]:
    """Without those that share a word with a better one."""
    found: list[str] = []
    known: set[str] = set()
    for key in keys:
        stems = {_stem(word) for word in key.split() if len(word) >= _STEM}
        if not stems & known:
            found.append(key)
            known |= stems
    return found


def _stem(word: str) -> str:
    return word[: max(_STEM, len(word) - 2)]


def _written(candidate: _Candidate) -> str:
    return candidate.written.most_common(1)[0][0]
