"""Keywords of the topics of a talk: runs of words that mean something, as RAKE takes them (S. Rose et al., "Automatic
keyword extraction from individual documents", 2010), ranked by how they belong to their topic alone, and by embeddings.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from vivavoce.intelligence.cues import CUES
from vivavoce.intelligence.passages import Passage, stop_words, tokens
from vivavoce.intelligence.talk import Embeds, Talk
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES

MOST: Final = 6
"""Keywords of a topic."""

_LONGEST: Final = 3
"""Words that mean something in a keyword."""
_SHORTEST: Final = 3
"""Letters of a keyword."""
_RANKED: Final = 14
"""Candidates of a topic whose vectors are computed."""
_BY_EMBEDDINGS: Final = 0.5
_OF_LENGTH: Final = (1.0, 1.5, 1.6)
_AFTER_AN_ARTICLE: Final = 1.0
_NAME: Final = 0.6
_FIRST: Final = 0.5

_CLAUSES = re.compile(r"[.,;:!?…()\"«»„“”–—]+(?:\s+|$)|\s[-–—]\s")
_NUMBER = re.compile(r"\d[\d.,]*\w?")


@dataclass(slots=True)
class _Candidate:
    written: Counter[str] = field(default_factory=Counter)
    weight: float = 0.0
    words: int = 1


def keywords_of(talk: Talk, embedder: Embeds) -> list[tuple[str, ...]]:
    """For each topic the best first; none in languages without spaces between words, where they are not known."""
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
        for words, weight in _runs(passage):
            key = " ".join(words).lower()
            candidate = found.setdefault(key, _Candidate())
            candidate.written[" ".join(words)] += 1
            candidate.weight += weight + (_FIRST if number < 2 else 0.0)
            candidate.words = sum(word.lower() not in stop_words(passage.language) for word in words)
    _add_up(found)
    return found


def _add_up(found: Mapping[str, _Candidate]) -> None:
    """A longer keyword is worth what the words in it are said again alone: "marketing budget", then "the budget"."""
    alone = {key: candidate.weight for key, candidate in found.items() if " " not in key}
    for key, candidate in found.items():
        if " " in key:
            candidate.weight += 0.5 * sum(alone.get(word, 0.0) for word in key.split())


def _runs(passage: Passage) -> Iterator[tuple[list[str], float]]:
    """Keywords in a passage, each with its weight."""
    stops = stop_words(passage.language)
    cues = CUES.get(passage.language)
    articles = cues.articles if cues else frozenset[str]()
    within = cues.within if cues else frozenset[str]()
    first = True
    for clause in _CLAUSES.split(passage.text):
        run: list[str] = []
        before = ""
        for word in [*tokens(clause), ""]:
            lower = word.lower()
            if word and lower not in stops and not _NUMBER.fullmatch(word):
                run.append(word)
            elif run and lower in within and run[-1].lower() not in within:
                run.append(word)
            else:
                yield from _keyword(run, passage.language, before in articles, first)
                run, before = [], lower
            first = False if word else first


def _keyword(
    run: list[str], language: str, after_an_article: bool, first: bool
) -> Iterator[tuple[list[str], float]]:
    stops = stop_words(language)
    while run and run[-1].lower() in stops:
        run = run[:-1]
    while sum(word.lower() not in stops for word in run) > _LONGEST:
        run = run[1:]
        while run and run[0].lower() in stops:
            run = run[1:]
    if not run or len("".join(run)) < _SHORTEST:
        return
    # Nouns have capitals in German, and nothing but nouns are keywords.
    if language == "de" and not run[-1][:1].isupper():
        return
    name = language != "de" and run[0][:1].isupper() and not first
    yield run, 1.0 + (_AFTER_AN_ARTICLE if after_an_article else 0.0) + (_NAME if name else 0.0)


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
        stems = {_stem(word) for word in key.split()}
        if not stems & known:
            found.append(key)
            known |= stems
    return found


def _stem(word: str) -> str:
    return word[: max(4, len(word) - 2)]


def _written(candidate: _Candidate) -> str:
    return candidate.written.most_common(1)[0][0]
