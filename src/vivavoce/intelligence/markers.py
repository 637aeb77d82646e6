"""What stands in a transcript in place of what was said: markers with numbers, or masks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from vivavoce.intelligence.capitals import is_ordinary
from vivavoce.intelligence.entities.lists import names
from vivavoce.intelligence.spelled import bare, folded
from vivavoce.protocol.stream import Utterance, Word

MARKER = re.compile(r"\[([A-Z_]+)_(\d+)\]")
"""Its type and its number."""
_AFTER_A_WORD = r"[.,;:!?…。、，？！]*\s*"
_REDACTED = re.compile(rf"\s*(?:\[[A-Z_]+_\d+\]|#+(?:\s+#+)*\s*){_AFTER_A_WORD}")
_HIDDEN = re.compile(r"\S")
_CLOSING = re.compile(rf"{_AFTER_A_WORD}$")


def is_redacted(text: str) -> bool:
    """Whether a word stands for what was said."""
    return _REDACTED.fullmatch(text) is not None


def marker_in(text: str) -> str | None:
    """The marker in a word, without its brackets."""
    found = MARKER.search(text)
    return found and found[0][1:-1]


def masked(word: Word) -> Word:
    """The word with `#` for each of its characters; the space before it and the punctuation after it stay."""
    closing = _closing(word.text)
    return replace(word, text=_HIDDEN.sub("#", word.text.removesuffix(closing)) + closing)


def all_masked(utterance: Utterance) -> Utterance:
    """The utterance with nothing left of its words but how long they are."""
    return replace(utterance, words=tuple(map(masked, utterance.words)))


def marked(words: Sequence[Word], marker: str) -> Word:
    """One word in place of all of them."""
    text = words[0].text
    space = text[: len(text) - len(text.lstrip())]
    closing = _closing(words[-1].text)
    confidence = min(word.confidence for word in words)
    return Word(f"{space}[{marker}]{closing}", words[0].start, words[-1].end, confidence)


def _closing(text: str) -> str:
    found = _CLOSING.search(text)
    # A word that is nothing but punctuation is hidden whole.
    return found[0] if found and found.start() > len(text) - len(text.lstrip()) else ""


@dataclass(slots=True)
class Numbering:
    """Which number the entities of a session have, by type, in the order in which they came."""

    _counts: Counter[str] = field(default_factory=Counter)
    _known: dict[tuple[str, str], int] = field(default_factory=dict)
    _people: dict[int, set[str]] = field(default_factory=dict)

    def copy(self) -> Numbering:
        """To try what numbers there would be."""
        people = {number: set(parts) for number, parts in self._people.items()}
        return Numbering(self._counts.copy(), self._known.copy(), people)

    def resume(self, utterances: Iterable[Utterance]) -> None:
        """Go on after the highest numbers in these utterances, which were redacted before a restart."""
        for utterance in utterances:
            for word in utterance.words:
                for entity_type, number in MARKER.findall(word.text):
                    self._counts[entity_type] = max(self._counts[entity_type], int(number))

    def marker(self, entity_type: str, words: Sequence[Word]) -> str:
        """The marker of an entity that was said with these words. Who was named is known by a part."""
        if entity_type == "NAME":
            number = self._person({as_named(word).casefold() for word in words} - names("titles"))
        else:
            key = entity_type, folded(words)
            if key not in self._known:
                self._known[key] = self._next(entity_type)
            number = self._known[key]
        return f"{entity_type}_{number}"

    def _person(self, parts: set[str]) -> int:
        exact = [number for number, known in self._people.items() if known == parts]
        alike = [number for number, known in self._people.items() if known <= parts or parts <= known]
        if not exact and len(alike) != 1:
            exact = [self._next("NAME")]
        number = (exact or alike)[0]
        self._people.setdefault(number, set()).update(parts)
        return number

    def _next(self, entity_type: str) -> int:
        self._counts[entity_type] += 1
        return self._counts[entity_type]


def as_named(word: Word) -> str:
    """A word of a name without what is added to it."""
    return bare(word.text).removesuffix("'s").removesuffix("’s")


def name_words(words: Sequence[Word], language: str) -> Iterable[str]:
    """The words of a name by which it is known again: in small letters, too, unless it is ordinary then."""
    for word in words:
        text = as_named(word)
        if len(text) > 2 and text.casefold() not in names("titles"):
            if text[0].isupper():
                yield text
            if not is_ordinary(text, language):
                yield text.casefold()
