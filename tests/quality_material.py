"""Recordings and utterances for the tests of the figures."""

from __future__ import annotations

from pathlib import Path

from vivavoce.bench.quality.figures import Trial
from vivavoce.bench.quality.hearing import Heard, Utterance, Way, Word
from vivavoce.bench.quality.items import Item, Stretch


def item(
    name: str,
    language: str = "en",
    reference: str | None = "red green",
    *,
    kind: str = "read",
    turns: tuple[Stretch, ...] = (),
    derived: bool = False,
) -> Item:
    languages = tuple(language.split("+")) if language else ()
    return Item(Path(f"{name}.wav"), languages, kind, reference, turns, derived, 60.0, is_mono=True)


def utterance(text: str, start: float, end: float, language: str = "en") -> Utterance:
    """Its words take equal shares of the time."""
    words = text.split()
    share = (end - start) / max(1, len(words))
    timed = (Word(word, start + n * share, start + (n + 1) * share) for n, word in enumerate(words))
    return Utterance(0, start, end, language, text, tuple(timed))


def trial(*heard: tuple[Item, str]) -> Trial:
    return Trial(Way(), tuple(Heard(one, (utterance(text, 0.0, 2.0),)) for one, text in heard))
