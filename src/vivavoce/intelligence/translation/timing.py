"""Words for a translated text, at the times of the original. Pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Utterance, Word

_SPACED = re.compile(r"\S+")
# A letter of a script without spaces stands alone, but for the marks and the punctuation that belong to it; a
# marker of what is redacted is one.
_RUN = re.compile(r"\s*(?:\[[A-Z_]+_\d+\]|[A-Za-z0-9À-ɏ'’.,:/@_-]+|.)", re.DOTALL)
_OPENING = ("Ps", "Pi")
_JOINER = "\N{ZERO WIDTH JOINER}"


def in_time(text: str, original: Utterance, language: str) -> Utterance:
    """`original` as `text`, in `language`.

    What is said at a third of the text is taken to be said at a third of the original, by letters: a
    pause stays where it was. No word begins before the one before it ends, and all are within the original.
    """
    pieces = _pieces(text, language)
    clock = _Clock(original.words)
    ends = list(accumulate(map(len, pieces), initial=0))
    times = list(accumulate((clock.at(end / ends[-1]) for end in ends), max)) if pieces else []
    confidence = original.confidence
    words = tuple(
        Word(piece, start, end, confidence)
        for piece, (start, end) in zip(pieces, pairwise(times), strict=True)
    )
    return replace(original, language=language, words=words)


class _Clock:
    """When how much of the text has been said."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._said = list(accumulate((len(word.text) for word in words), initial=0))

    def at(self, share: float) -> float:
        said = share * self._said[-1]
        index = min(max(bisect_right(self._said, said) - 1, 0), len(self._words) - 1)
        word = self._words[index]
        within = (said - self._said[index]) / max(len(word.text), 1)
        return min(max(word.start + within * (word.end - word.start), word.start), word.end)


def _pieces(text: str, language: str) -> list[str]:
    """The words of a text, each with a space before it where the language has them."""
    if language not in WRITTEN_WITHOUT_SPACES:
        return [f" {word}" for word in _SPACED.findall(text)]
    return list(_joined(_RUN.findall(text.strip())))


def _joined(runs: Sequence[str]) -> Iterator[str]:
    """Marks and punctuation with what they follow, but what opens with what comes after it."""
    whole = ""
    for run in runs:
        if whole and not _belongs(run, whole):
            yield whole
            whole = ""
        whole += run
    if whole:
        yield whole


def _belongs(run: str, before: str) -> bool:
    category = unicodedata.category(run[-1])
    if before.endswith(_JOINER) or unicodedata.category(before[-1]) in _OPENING:
        return True
    # What changes how the letter before it looks, such as an emoji's colour, and what joins two.
    if category[0] == "M" or category in ("Cf", "Sk"):
        return True
    return category[0] == "P" and category not in _OPENING and len(run.strip()) == 1
