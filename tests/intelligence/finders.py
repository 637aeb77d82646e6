"""A small finder by rules, to test what redaction makes of whatever is found."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import accumulate

from vivavoce.intelligence.base import Mention
from vivavoce.protocol.stream import Utterance, Word

NAMES = frozenset({"Jonathan", "Meyers", "Priya", "Khanna"})
_MONTHS = frozenset({"july", "juli", "julio"})
_YEARS = frozenset({"de", "nineteen", "eighty", "two"})
_PATTERNS = {
    "EMAIL_ADDRESS": re.compile(r"(?:[a-z]+ (?:dot|underscore) )?[a-z]+ at [a-z]+ dot [a-z]+", re.IGNORECASE),
    "LOCATION_ADDRESS": re.compile(r"\d+ (?:[A-Z][a-z]* ){1,3}Street"),
    "AGE": re.compile(r"(?:seven|\d+) years(?: old)?"),
}


class RuleFinder:
    """Names are those of `NAMES`, numbers those of ten digits, addresses what has "at" and "dot" or ends in
    "Street", ages are so many years old, dates are in July."""

    def find(self, words: Sequence[Word], language: str) -> list[Mention]:
        return []

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        found = [*self._names(words), *self._numbers(words), *self._patterns(words), *self._dates(words)]
        return [mention for mention in found if mention.entity_type in types]

    def _names(self, words: Sequence[Word]) -> list[Mention]:
        known = [word.text.strip(" .,?!").capitalize() in NAMES for word in words]
        found, first = [], 0
        for index, is_name in enumerate([*known, False]):
            if not is_name and index > first:
                found.append(_mention("NAME", words, range(first, index)))
            if not is_name:
                first = index + 1
        return found

    def _numbers(self, words: Sequence[Word]) -> list[Mention]:
        said = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"]
        found, first = [], 0
        for index in range(len(words) + 1):
            text = words[index].text.strip(" .,").lower() if index < len(words) else ""
            if re.fullmatch(r"[\d-]+", text) or text in said:
                continue
            pieces = words[first:index]
            if sum(max(1, len(re.sub(r"\D", "", word.text))) for word in pieces) >= 10:
                found.append(_mention("PHONE_NUMBER", words, range(first, index)))
            first = index + 1
        return found

    def _dates(self, words: Sequence[Word]) -> list[Mention]:
        """From a day, with its article, up to a year, as far as it is said."""
        said = [word.text.strip(" .,?!").lower() for word in words]
        found = []
        for index in range(1, len(said)):
            if said[index] in _MONTHS:
                first = index - 2 if said[index - 1] in ("of", "de") else index - 1
                first -= first > 0 and said[first - 1] == "the"
                end = index + 1
                while end < len(said) and (said[end] in _YEARS or said[end].isdigit()):
                    end += 1
                found.append(_mention("DATE", words, range(max(0, first), end)))
        return found

    def _patterns(self, words: Sequence[Word]) -> list[Mention]:
        text = "".join(word.text for word in words)
        ends = list(accumulate(len(word.text) for word in words))
        found = []
        for entity_type, pattern in _PATTERNS.items():
            for match in pattern.finditer(text):
                first = next(i for i, end in enumerate(ends) if end > match.start())
                last = next(i for i, end in enumerate(ends) if end >= match.end())
                found.append(_mention(entity_type, words, range(first, last + 1)))
        return found


def _mention(entity_type: str, words: Sequence[Word], where: range) -> Mention:
    text = "".join(words[i].text for i in where).strip()
    return Mention(entity_type, text, where, words[where[0]].start, words[where[-1]].end)


def said(text: str, *, at: float = 0.0, channel: int = 0, language: str = "en", number: int = 0) -> Utterance:
    """An utterance of these words, half a second each."""
    words = tuple(Word(f" {word}", at + i / 2, at + i / 2 + 0.4, 0.9) for i, word in enumerate(text.split()))
    end = words[-1].end if words else at
    return Utterance(f"{channel:02d}_{number:08d}", channel, at, end, language, words)
