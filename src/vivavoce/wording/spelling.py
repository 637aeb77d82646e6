"""Custom spelling: variants that were heard become the spelling that is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from vivavoce.protocol.folding import folded
from vivavoce.protocol.stream import Word
from vivavoce.wording.letters import is_letter


class Spelling:
    """Spellings to write, each with the variants that it replaces.

    A variant matches whole words, one or several, in any case; the longest one wins, and of equal ones the
    first. Punctuation around it stays, punctuation within it is part of it. What was written is not read
    again.
    """

    def __init__(self, variants: Mapping[str, Sequence[str]]) -> None:
        self._written: dict[str, str] = {}
        for spelling, heard in variants.items():
            for variant in heard:
                self._written.setdefault(folded(variant), spelling)
        self._longest = max(map(len, self._written), default=0)

    def apply(self, words: tuple[Word, ...], language: str = "") -> tuple[Word, ...]:
        """The words as they are to be written; those that a variant of several words matches become one."""
        written: list[Word] = []
        place = 0
        while place < len(words):
            word, count = self._longest_match(words[place:])
            written.append(word)
            place += count
        return tuple(written)

    def _longest_match(self, words: tuple[Word, ...]) -> tuple[Word, int]:
        """What to write for the first words, and for how many of them."""
        best = words[0], 1
        text = ""
        for count, word in enumerate(words, start=1):
            text += word.text
            for start, end in _inner(text):
                # Both outer words have a share in the match: neither is only its punctuation.
                if start >= len(words[0].text) or end <= len(text) - len(word.text):
                    continue
                spelling = self._written.get(folded(text[start:end]))
                if spelling is not None:
                    best = _merged(words[:count], text[:start] + spelling + text[end:]), count
                    break
            if sum(map(is_letter, text)) > self._longest:
                break
        return best


def _inner(text: str) -> Iterator[tuple[int, int]]:
    """Where a variant may stand: all but the white space around, then less and less of the punctuation."""
    seen = [place for place, character in enumerate(text) if not character.isspace()]
    said = [place for place in seen if is_letter(text[place])] or seen
    starts = [place for place in seen if place <= said[0]]
    ends = [place + 1 for place in seen if place >= said[-1]]
    yield from sorted(product(starts, ends), key=lambda place: place[0] - place[1])


def _merged(words: tuple[Word, ...], text: str) -> Word:
    return Word(text, words[0].start, words[-1].end, min(word.confidence for word in words))
