"""What rules and models have in common: a stretch of the text and what they take it for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

PERSON_TYPES: Final = ("NAME", "NAME_MEDICAL_PROFESSIONAL")


@dataclass(frozen=True, slots=True)
class Found:
    entity_type: str
    start: int
    end: int


def _anything(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` finds it, or its group "e" where that matched, and `holds` agrees."""

    entity_type: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = _anything

    def find(self, text: str) -> Iterator[Found]:
        grouped = "e" in self.pattern.groupindex
        for match in self.pattern.finditer(text):
            group = "e" if grouped and match["e"] is not None else 0
            start, end = match.span(group)
            if start < end and self.holds(match[group]):
                yield Found(self.entity_type, start, end)


def rule(entity_type: str, pattern: str, holds: Callable[[str], bool] = _anything) -> Rule:
    """Whatever the case of letters."""
    return Rule(entity_type, re.compile(pattern, re.IGNORECASE), holds)


def exact(entity_type: str, pattern: str) -> Rule:
    """In the very case of the pattern's letters."""
    return Rule(entity_type, re.compile(pattern))


def any_of(words: str | Sequence[str]) -> str:
    """A pattern of words parted by "|" or commas, the longer first."""
    split = [word.strip() for word in re.split(r"[|,\n]", words)] if isinstance(words, str) else words
    ordered = sorted((word for word in split if word), key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"[ -]") for word in ordered) + ")"


def apply(rules: Sequence[Rule], text: str) -> list[list[Found]]:
    """What each rule finds, the surer rules first."""
    return [list(one.find(text)) for one in rules]
