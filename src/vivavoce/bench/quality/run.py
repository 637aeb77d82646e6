"""One run: the recordings heard in each way, offline, and aligned; and all its figures, as JSON too."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vivavoce.bench.error_rate import WITHOUT_SPACES
from vivavoce.bench.material import Recording
from vivavoce.bench.quality.endpoints import Endpoints
from vivavoce.bench.quality.figures import (
    Detection,
    FalseWords,
    Trial,
    WordErrors,
    by_kind,
    by_language,
    detection,
    endpoint_figures,
    false_words,
    word_times,
)
from vivavoce.bench.quality.hearing import Listener, Way
from vivavoce.bench.quality.items import Item
from vivavoce.bench.quality.offline import Offline
from vivavoce.bench.quantiles import Spread
from vivavoce.bench.surroundings import Surroundings
from vivavoce.bench.truth import Truth
from vivavoce.bench.words import SpokenWord

SEVEN = ("en", "es", "fr", "de", "it", "pt", "ru")
"""The languages between which detection has to choose."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What docs/quality.md explains. `endpoints` and `word_times`: one for each of `ways`."""

    surroundings: Surroundings
    recordings: int
    seconds: float
    ways: tuple[Way, ...]
    by_language: list[WordErrors]
    by_kind: list[WordErrors]
    detection: list[Detection]
    false_words: list[FalseWords]
    endpoints: list[Endpoints]
    word_times: list[Spread | None]
    losses: list[str]
    texts: list[dict[str, Any]]

    def write_json(self, path: Path) -> None:
        """Every figure and every text, with the machine, the versions and the settings."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears; `offline` and `truth` where there is time. `begin` is told what is next, and of how many."""

    listener: Listener
    offline: Offline | None
    truth: Truth | None
    begin: Callable[[str, int], None]


def evaluate(
    ears: Ears, items: Sequence[Item], ways: Sequence[Way], detect: bool, where: Surroundings
) -> Outcome:
    """Hear the items in all `ways`; with `detect` also without their languages, in the first way."""
    losses: list[str] = []

    def trial(items: Sequence[Item], way: Way) -> Trial:
        heard, lost = ears.listener.hear(items, way)
        losses.extend(lost)
        return Trial(way, tuple(heard))

    trials = []
    for way in ways:
        ears.begin(f"endpointing {way.endpointing:g} s", len(items))
        trials.append(trial(items, way))
    detected: list[Detection] = []
    for candidates in ((), SEVEN) if detect else ():
        of_these = [item for item in items if len(item.languages) == 1]
        if candidates:
            of_these = [item for item in of_these if item.language in candidates]
        ears.begin(f"languages asked for: {' '.join(candidates) or 'any'}", len(of_these))
        detected += detection(trial(of_these, replace(ways[0], candidates=candidates)))
    offline = _offline(ears, items)
    alignment = _alignment(ears, items)
    return Outcome(
        surroundings=where,
        recordings=len(items),
        seconds=sum(item.seconds for item in items),
        ways=tuple(ways),
        by_language=by_language(trials, offline),
        by_kind=by_kind(trials, offline),
        detection=detected,
        false_words=false_words(trials, offline),
        endpoints=[endpoint_figures(one) for one in trials],
        word_times=[word_times(one, alignment) for one in trials],
        losses=losses,
        texts=[
            {
                "name": item.name,
                "reference": item.reference,
                "offline": offline.get(item),
                "streamed": [one.texts.get(item) for one in trials],
            }
            for item in items
        ],
    )


def _offline(ears: Ears, items: Sequence[Item]) -> Mapping[Item, str]:
    if not ears.offline:
        return {}
    known = [item for item in items if item.reference is not None]
    ears.begin("offline, with the same weights", len(known))
    return {item: ears.offline.hear(item) for item in known}


def _alignment(ears: Ears, items: Sequence[Item]) -> Mapping[Item, Sequence[SpokenWord]]:
    if not ears.truth:
        return {}
    aligned = [item for item in items if item.reference and item.is_mono and _has_words(item)]
    ears.begin("times of the words", len(aligned))
    return {
        item: ears.truth.words(Recording(item.name, item.samples[0], item.reference or "", item.language))
        for item in aligned
    }


def _has_words(item: Item) -> bool:
    """Words between spaces, of one language."""
    return len(item.languages) == 1 and item.language not in WITHOUT_SPACES
