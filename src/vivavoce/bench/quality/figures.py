"""The figures of a run: pure, from what was heard and what is known."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import TypeVar

from vivavoce.bench.error_rate import Errors, errors, normalizer, total
from vivavoce.bench.quality.endpoints import Endpoints, endpoints
from vivavoce.bench.quality.hearing import Heard, Way
from vivavoce.bench.quality.intervals import Interval, difference_interval, rate_interval
from vivavoce.bench.quality.items import Item
from vivavoce.bench.quality.word_times import word_time_errors
from vivavoce.bench.quantiles import Spread, spread
from vivavoce.bench.words import SpokenWord

G = TypeVar("G", bound=tuple[str, ...])

LONG_ENOUGH = 3.0
"""Seconds of an utterance whose language should be known."""

# Thai to Burmese, Khmer, kana and Han.
_SPACELESS = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was heard of the recordings in one way of sending them."""

    way: Way
    heard: tuple[Heard, ...]

    @property
    def texts(self) -> dict[Item, str]:
        return {one.item: one.text for one in self.heard}


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Of the recordings of a language, or of a language and a kind. `streamed`: of each trial.

    The intervals are those of the rates, and of how far those of the trials are above offline.
    """

    language: str
    kind: str
    recordings: int
    seconds: float
    streamed: tuple[Errors, ...]
    streamed_within: tuple[Interval | None, ...]
    offline: Errors | None
    offline_within: Interval | None
    above_offline_within: tuple[Interval | None, ...]


@dataclass(frozen=True, slots=True)
class FalseWords:
    """Words written where nobody speaks. `streamed`: of each trial."""

    kind: str
    recordings: int
    seconds: float
    streamed: tuple[int, ...]
    offline: int | None


@dataclass(frozen=True, slots=True)
class Detection:
    """Of utterances over 3 s: how many have the spoken language. `candidates`: none leaves all open."""

    candidates: tuple[str, ...]
    language: str
    right: int
    of: int


def by_language(trials: Sequence[Trial], offline: Mapping[Item, str]) -> list[WordErrors]:
    """Of each language, without recordings that are made of others."""
    return _word_errors(trials, offline, lambda item: None if item.derived else (item.language, ""))


def by_kind(trials: Sequence[Trial], offline: Mapping[Item, str]) -> list[WordErrors]:
    """Of each language and kind; recordings that are made of others are kinds of their own."""
    return _word_errors(
        trials, offline, lambda item: (item.language, f"{item.kind}, joined" if item.derived else item.kind)
    )


def false_words(trials: Sequence[Trial], offline: Mapping[Item, str]) -> list[FalseWords]:
    """Of each kind of recording in which nothing is said."""
    texts = [trial.texts for trial in trials]
    return [
        FalseWords(
            kind=kind,
            recordings=len(items),
            seconds=sum(item.seconds for item in items),
            streamed=tuple(_count(items, heard) for heard in texts),
            offline=_count(items, offline) if offline else None,
        )
        for (kind,), items in _grouped(
            trials, lambda item: (item.kind,) if item.reference == "" else None
        ).items()
    ]


def detection(trial: Trial) -> list[Detection]:
    """Of each language, over recordings of one language."""
    right: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for one in trial.heard:
        if len(one.item.languages) == 1:
            long = [each for each in one.utterances if each.end - each.start > LONG_ENOUGH]
            all_of[one.item.language] += len(long)
            right[one.item.language] += sum(each.language == one.item.language for each in long)
    candidates = trial.way.candidates or ()
    return [Detection(candidates, language, right[language], of) for language, of in sorted(all_of.items())]


def endpoint_figures(trial: Trial) -> Endpoints:
    """Over all recordings of one channel whose turns are known."""
    return sum(
        (
            endpoints(one.item.turns, one.utterances, one.item.samples[0], trial.way.endpointing)
            for one in trial.heard
            if one.item.turns and one.item.is_mono
        ),
        Endpoints(),
    )


def word_times(trial: Trial, alignment: Mapping[Item, Sequence[SpokenWord]]) -> Spread | None:
    """Over all recordings that were aligned."""
    return spread(
        chain.from_iterable(
            word_time_errors(alignment[one.item], [word for each in one.utterances for word in each.words])
            for one in trial.heard
            if one.item in alignment
        )
    )


def _word_errors(
    trials: Sequence[Trial],
    offline: Mapping[Item, str],
    group: Callable[[Item], tuple[str, str] | None],
) -> list[WordErrors]:
    texts = [trial.texts for trial in trials]

    def word_errors(language: str, kind: str, items: Sequence[Item]) -> WordErrors:
        streamed = [_errors(items, heard) for heard in texts]
        alone = _errors(items, offline) if offline else None
        return WordErrors(
            language=language,
            kind=kind,
            recordings=len(items),
            seconds=sum(item.seconds for item in items),
            streamed=tuple(map(total, streamed)),
            streamed_within=tuple(map(rate_interval, streamed)),
            offline=total(alone) if alone else None,
            offline_within=rate_interval(alone) if alone else None,
            above_offline_within=tuple(
                difference_interval(each, alone) if alone else None for each in streamed
            ),
        )

    groups = _grouped(trials, lambda item: group(item) if item.reference else None)
    return [word_errors(language, kind, items) for (language, kind), items in groups.items()]


def _grouped(trials: Sequence[Trial], group: Callable[[Item], G | None]) -> dict[G, list[Item]]:
    """The items that all trials heard, by their groups, sorted; those without a group are left out."""
    groups = defaultdict[G, list[Item]](list)
    texts = [trial.texts for trial in trials]
    for item in texts[0]:
        name = group(item)
        if name is not None and all(item in heard for heard in texts):
            groups[name].append(item)
    return dict(sorted(groups.items()))


def _errors(items: Sequence[Item], heard: Mapping[Item, str]) -> list[Errors]:
    """Of each recording."""
    return [errors(item.language, [(item.reference or "", heard[item])]) for item in items]


def _count(items: Sequence[Item], heard: Mapping[Item, str]) -> int:
    return sum(_words(normalizer("")(heard[item])) for item in items)


def _words(text: str) -> int:
    """Two letters are a word where no spaces tell: what is written of nothing is of any language."""
    others, letters = _SPACELESS.subn(" ", text)
    return ceil(letters / 2) + len(others.split())
