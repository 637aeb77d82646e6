"""Custom vocabulary: what sounds like an entry becomes the entry."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import takewhile
from math import log10
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from vivavoce.protocol.stream import Word
from vivavoce.wording.letters import is_letter

Sounds = Callable[[Sequence[str], str], Sequence[str]]
"""How words of a language sound, one string a word, in which a letter is a sound."""

# Words that may be heard where an entry was said; up to the second number if the entry is longer than they.
_MOST_WORDS, _MOST_LONG_WORDS = 3, 10
# How alike an entry and what was heard must be at intensity 0.5, on a scale to 1, if the recogniser was
# entirely unsure of what it heard; and how much more if it was entirely sure.
_LIKENESS = 0.45
_IF_SURE = 0.33
# Likeness over several words is less often chance: what each after the first, up to the third, is worth.
_BY_WORD = 0.05
# The more entries there are, the likelier one is alike by chance: what ten times as many than 50 cost. Fewer
# than 10 count as 10.
_BY_COUNT = 0.06
# What the whole range of intensities is worth.
_BY_INTENSITY = 0.4
# Less is not enough, whatever is asked for.
_LEAST = 0.4
_WITHIN = tuple(".,;:!?…。、，？！；：")
_APOSTROPHES = "'’"
_OPENING = frozenset("¿¡")
_CLOSING = frozenset(".!?…")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or a name, how it may be pronounced, spelled out, and in which language.

    Without a `language` it is pronounced as in the speech around it. `intensity`: 0 to 1, how readily it is
    written.
    """

    value: str
    pronunciations: tuple[str, ...] = ()
    intensity: float = 0.5
    language: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """The entries as one language says them, a row for every pronunciation; `rows` by what they write."""

    entries: list[Entry]
    sounds: list[str]
    letters: list[str]
    needed: NDArray[np.float64]
    rows: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class _Window:
    """Words from `first` on, `count` of them; what is looked at is from `start` to `end` of their text."""

    first: int
    count: int
    text: str
    start: int
    end: int
    confidence: float

    @property
    def heard(self) -> str:
        return self.text[self.start : self.end]


class CustomVocabulary:
    """Entries to listen for. What was heard is compared by sound and by spelling: where a recogniser does
    not know a word, it writes something that is pronounced or spelled alike, and is unsure of it.
    """

    def __init__(self, entries: Sequence[Entry], sounds: Sounds) -> None:
        self._entries = entries
        self._sounds = sounds
        self._spoken: dict[str, _Spoken] = {}
        self._needed = _LIKENESS + _BY_COUNT * log10(max(len(entries), 10) / 50)
        self._abbreviated = {
            _letters(" ".join(parts[:count]))
            for parts in (entry.value.split() for entry in entries)
            for count in range(1, len(parts))
            if parts[count - 1].endswith(_WITHIN)
        }
        self._longest = max((len(_letters(entry.value)) for entry in entries), default=0)

    def apply(self, words: tuple[Word, ...], language: str) -> tuple[Word, ...]:
        """The words with entries in place of what sounds like them; what becomes one word lasts as long."""
        windows = list(self._windows(words))
        if not windows or not self._entries:
            return words
        spoken = self._in(language)
        likeness = self._likeness(windows, spoken, language)
        alike = np.where(likeness < _LEAST, -np.inf, likeness - spoken.needed)
        more = [min(window.count, _MOST_WORDS) - 1 for window in windows]
        sure = [window.confidence for window in windows]
        alike += _BY_WORD * np.array([more]).T - _IF_SURE * np.array([sure]).T
        best = alike.argmax(axis=1)
        written: dict[int, tuple[_Window, str]] = {}
        taken: set[int] = set()
        for index in np.argsort(-alike[np.arange(len(windows)), best], kind="stable").tolist():
            window = windows[index]
            places = range(window.first, window.first + window.count)
            if alike[index, best[index]] < 0:
                break
            if taken.isdisjoint(places):
                taken.update(places)
                written[window.first] = window, spoken.entries[best[index]].value
        return tuple(_written(words, written))

    def asking(self, sounds: Sounds) -> CustomVocabulary:
        """The same vocabulary, which asks `sounds`; what either finds out of its entries both know."""
        other = copy(self)
        other._sounds = sounds
        return other

    def prepare(self, language: str) -> None:
        """Find out how the entries sound in speech of that language, so that `apply` need not."""
        self._in(language)

    def _in(self, language: str) -> _Spoken:
        if language not in self._spoken:
            rows = [(e, said) for e in self._entries for said in dict.fromkeys((e.value, *e.pronunciations))]
            written: dict[str, list[int]] = {}
            for row, (entry, _) in enumerate(rows):
                written.setdefault(_letters(entry.value), []).append(row)
            self._spoken[language] = _Spoken(
                entries=[entry for entry, _ in rows],
                sounds=self._pronounced([(said, entry.language or language) for entry, said in rows]),
                letters=[_letters(said) + _symbols(said) for _, said in rows],
                needed=np.array([self._needed + _BY_INTENSITY * (0.5 - e.intensity) for e, _ in rows]),
                rows=written,
            )
        return self._spoken[language]

    def _windows(self, words: tuple[Word, ...]) -> Iterator[_Window]:
        for first in range(len(words)):
            text = ""
            for count, word in enumerate(words[first:], start=1):
                text += word.text
                if count > _MOST_WORDS and (count > _MOST_LONG_WORDS or len(_letters(text)) > self._longest):
                    break
                confidence = fmean(word.confidence for word in words[first : first + count])
                for start, end in _inner(text, len(words[first].text), len(text) - len(word.text)):
                    yield _Window(first, count, text, start, end, confidence)
                # What is said on either side of a comma is no name, but for "St. Gallen".
                if text.rstrip().endswith(_WITHIN) and _letters(text) not in self._abbreviated:
                    break

    def _likeness(self, windows: list[_Window], spoken: _Spoken, language: str) -> NDArray[np.float64]:
        """How alike windows and pronunciations are, (windows, pronunciations): the mean of how alike they
        sound and are spelled; 2 for what is the entry but for its case and punctuation, 3 if that is the
        same, too."""
        letters = [_letters(window.heard) for window in windows]
        spelled = _alike(letters, spoken.letters)
        parts = [window.heard.split() for window in windows]
        known = list(dict.fromkeys(part for heard in parts for part in heard))
        sounds = dict(zip(known, self._sounds([_bare(part) for part in known], language), strict=True))
        heard = ["".join(sounds[part] for part in each) for each in parts]
        sounding = _alike(heard, spoken.sounds)
        # Of what cannot be pronounced only the spelling is known.
        silent = np.logical_or.outer([not sound for sound in heard], [not sound for sound in spoken.sounds])
        alike = (np.where(silent, spelled, sounding) + spelled) / 2
        for index, said in enumerate(letters):
            for row in spoken.rows.get(said, ()):
                value = spoken.entries[row].value
                if _is_whole(windows[index], value):
                    alike[index, row] = 3
                elif not _symbols(value):
                    alike[index, row] = 2
        return alike

    def _pronounced(self, texts: Sequence[tuple[str, str]]) -> list[str]:
        """How texts sound, each in its language. One language is asked for after the other, each once."""
        found: dict[tuple[str, str], str] = {}
        for language in dict.fromkeys(language for _, language in texts):
            parts = list(dict.fromkeys(p for text, of in texts if of == language for p in text.split()))
            sounds = self._sounds([_bare(part) for part in parts], language)
            found |= {(part, language): sound for part, sound in zip(parts, sounds, strict=True)}
        return ["".join(found[part, language] for part in text.split()) for text, language in texts]


def _alike(heard: Sequence[str], said: Sequence[str]) -> NDArray[np.float64]:
    return cdist(
        heard, said, scorer=Levenshtein.normalized_similarity, score_cutoff=_LEAST / 2, dtype=np.float64
    )


def _inner(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Where in `text` an entry may stand, whose first word ends at `first` and whose last starts at `last`:
    without punctuation, and without what an apostrophe sets apart before it or after it."""
    seen = [place for place, character in enumerate(text) if is_letter(character)]
    if not seen or seen[0] >= first or seen[-1] < last:
        return
    start, end = seen[0], seen[-1] + 1
    yield start, end
    for place, character in enumerate(text):
        if character in _APOSTROPHES and start < place < end - 1:
            if place < first:
                yield place + 1, end
            if place > last:
                yield start, place


def _letters(text: str) -> str:
    return "".join(filter(is_letter, unicodedata.normalize("NFKC", text).casefold()))


def _bare(part: str) -> str:
    return "".join(letter for letter in part if is_letter(letter) or letter in "-" + _APOSTROPHES)


def _written(words: tuple[Word, ...], found: dict[int, tuple[_Window, str]]) -> Iterator[Word]:
    place = 0
    while place < len(words):
        if place not in found:
            yield words[place]
            place += 1
            continue
        window, value = found[place]
        replaced = words[place : place + window.count]
        place += window.count
        texts = _texts(window, value)
        if len(texts) == len(replaced):
            for text, word in zip(texts, replaced, strict=True):
                yield Word(text, word.start, word.end, word.confidence)
        else:
            confidence = min(word.confidence for word in replaced)
            yield Word("".join(texts), replaced[0].start, replaced[-1].end, confidence)


def _texts(window: _Window, value: str) -> list[str]:
    """The words to write: those of the value, with what stood around what was heard."""
    parts = value.split()
    texts = [parts[0], *(f" {part}" for part in parts[1:])]
    # Punctuation of the value's own may have been heard with it.
    opening, closing = _around(value)
    before, after = window.text[: window.start], window.text[window.end :]
    texts[0] = before.removesuffix(opening) + texts[0]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(after, closing, strict=False)))
    texts[-1] += after[shared:]
    return texts


def _around(value: str) -> tuple[str, str]:
    """The punctuation before its first and after its last letter."""
    letters = [place for place, character in enumerate(value) if is_letter(character)] or [0]
    return value[: letters[0]], value[letters[-1] + 1 :]


def _is_whole(window: _Window, value: str) -> bool:
    """Whether the punctuation around what was heard has all that the value has."""
    opening, closing = _around(value)
    return window.text[: window.start].endswith(opening) and window.text[window.end :].startswith(closing)


def _symbols(value: str) -> str:
    """What stands around its letters and is part of it, as in "C++" and ".NET": no mere punctuation."""
    opening, closing = _around(value)
    return "" if _OPENING.issuperset(opening) and _CLOSING.issuperset(closing) else opening + closing
