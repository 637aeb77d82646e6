"""An utterance as it would be written: what rules and models read, with the way back to its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from vivavoce.protocol.stream import Word

# Characters of a word that are read: no word is longer.
_LONGEST: Final = 1000
_PARTS: Final = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """What words `first` to `last` are written as. `glued`: no space before it."""

    text: str
    first: int
    last: int
    glued: bool = False
    lead: str = field(init=False, repr=False)
    core: str = field(init=False, repr=False)
    trail: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        match = _PARTS.fullmatch(self.text)
        lead, core, trail = match.groups() if match else ("", self.text, "")
        object.__setattr__(self, "lead", lead)
        object.__setattr__(self, "core", core)
        object.__setattr__(self, "trail", trail)

    @property
    def lower(self) -> str:
        """Without the punctuation around it, in lower case."""
        return self.core.lower()


def tokens_of(words: Sequence[Word]) -> list[Token]:
    """One for each word that is more than space."""
    found = []
    for index, word in enumerate(words):
        text = word.text.strip()[:_LONGEST]
        if text:
            found.append(Token(text, index, index, glued=bool(index) and not word.text[0].isspace()))
    return found


def merged(tokens: Sequence[Token], text: str) -> Token:
    """One token that stands for all of these."""
    return Token(text, tokens[0].first, tokens[-1].last, tokens[0].glued)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text and, of each of its characters, the first and the last word that it stands for."""

    text: str
    first: tuple[int, ...]
    last: tuple[int, ...]

    @classmethod
    def of(cls, tokens: Iterable[Token]) -> Reading:
        text: list[str] = []
        first: list[int] = []
        last: list[int] = []
        for token in tokens:
            written = token.text if token.glued or not text else f" {token.text}"
            text.append(written)
            first += [token.first] * len(written)
            last += [token.last] * len(written)
        return cls("".join(text), tuple(first), tuple(last))

    def words(self, start: int, end: int) -> range:
        """The words of a stretch of the text that is not empty."""
        return range(self.first[start], self.last[end - 1] + 1)
