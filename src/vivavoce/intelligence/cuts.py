"""What the end of an utterance may have cut in two, by what stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from vivavoce.intelligence import markers
from vivavoce.intelligence.capitals import NOBODY, NOUNS_TOO, is_capitalised
from vivavoce.intelligence.entities.calendar import OTHERS
from vivavoce.intelligence.entities.lists import names
from vivavoce.intelligence.entities.numerals import ORDINALS
from vivavoce.intelligence.runs import (
    IS,
    Run,
    is_sign,
    is_strong,
    is_year,
    says_birth,
    stands_for_itself,
)
from vivavoce.intelligence.spelled import Kind, bare, kind_of
from vivavoce.protocol.stream import Word

_MAIL = re.compile(r"e-?mail|mail|correo|courriel|mél", re.IGNORECASE)
# Words of one that is spelled.
_LONGEST_ADDRESS = 7
# Signs that are said of nothing else at the end.
_DASHES = frozenset(
    ["dash", "hyphen", "tiret", "bindestrich", "unterstrich", "guion", "guión", "trattino", "hífen"]
)
_AT = frozenset(["at", "arroba", "arobase", "chiocciola", "@"])
# Of a street's name, such as "North Lincoln", and of its number.
_LONGEST_NAME, _LONGEST_NUMBER = 2, 4
_NORTH = frozenset(["north", "south", "east", "west"])
# A day, a month, a year in words.
_LONGEST_DATE = 8
_OF_A_DATE = frozenset(
    ["the", "of", "de", "del", "di", "do", "le", "el", "il", "den", "der", "dem", "am", "and"]
)
_ORDINAL = re.compile(
    r"\d{1,2}(?:st|nd|rd|th|er|º|ª|\.)|twenty-\w+|thirty-first|premier|primero|primo|primeiro|\w+zehnte[nr]?|\w+igste[nr]?|"
    r"(?:ers|zwei|drit|vier|fünf|sechs|sieb|ach|neun|zehn|elf|zwölf)te[nr]?",
    re.IGNORECASE,
)
# Somebody "is seven" or "has seven" of years.
_BEFORE_AN_AGE = IS | {
    "am", "are", "was", "were", "i'm", "he's", "she's", "they're", "turn", "turns", "turned", "turning",
    "aged", "j'ai", "bin", "tengo", "tiene", "cumple", "cumplió", "ho", "tenho", "tem",
}  # fmt: skip
_NOBODY_IS = frozenset(["it", "it's", "that", "this", "there", "here", "what", "which", "number", "time"])
_LONGEST_AGE = 2
_BEFORE_A_NAME = IS | {
    "am",
    "i'm",
    "appelle",
    "heiße",
    "llamo",
    "chiamo",
    "chamo",
    "bin",
    "soy",
    "sono",
    "sou",
}

_MASK = re.compile(r"#+(?:\s+#+)*")
# What reads as the end of one that was there.
_STANDS_FOR = {
    "LOCATION_ADDRESS": "1 X",
    "PASSWORD": "x",
    "NAME": None,
    "NAME_GIVEN": None,
    "NAME_FAMILY": None,
}


def unfinished_address(words: Sequence[Word], known: int = 0) -> int | None:
    """The word at which an e-mail address begins that may go on beyond the end, as in "write to john dot
    smith at"; None if there is none. `known`: the words up to there are one that was found."""
    said = [bare(word.text).casefold() for word in words]
    last = len(said) - 1
    for index in range(max(known, last + 1 - _LONGEST_ADDRESS), last + 1):
        is_open = is_strong(said[index]) or (said[index] in _DASHES and index in (known or last, last))
        if is_open or (said[index] in _AT and index == last - 1 and said[last] in names("mail_hosts")):
            return _local_part(said, index, known)
        if _MAIL.match(said[index]) and index + 2 <= last:
            first = index + 2 if said[index + 1] in IS else index + 3
            if said[first - 1] in IS and first <= last:
                return first
    if last > known and said[last] == "at" and words[last].text.strip().isalpha():
        return _local_part(said, last, known)
    return None


def _local_part(said: Sequence[str], sign: int, known: int) -> int:
    """Where the address begins that has this sign: what was found right before it is of it."""
    first = max(0, sign - 1)
    while first > 1 and is_sign(said[first - 1]):
        first -= 2
    return min(first, known) if known and first <= known + 1 else first


def unfinished_street(words: Sequence[Word], language: str) -> int | None:
    """The number at which an address may begin, as in "1600 Pennsylvania"; None if there is none."""
    if language in NOUNS_TOO:
        return None
    first = end = len(words)
    while first and end - first < _LONGEST_NAME and _may_be_street(words, first - 1):
        first -= 1
    name = first
    while (
        first and name - first < _LONGEST_NUMBER and kind_of(words[first - 1].text, language) is Kind.DIGITS
    ):
        first -= 1
    number = Run(first, name, frozenset({Kind.DIGITS}))
    if name == end or first == name or not words[name - 1].text.rstrip()[-1:].isalnum():
        return None
    if is_year(words, number) or stands_for_itself(words, number):
        return None
    return first


def _may_be_street(words: Sequence[Word], index: int) -> bool:
    text = bare(words[index].text)
    goes_on = index + 1 == len(words) or words[index].text.rstrip()[-1:].isalnum()
    known = names(*NOBODY, "countries") - _NORTH
    return goes_on and is_capitalised(text) and text.casefold() not in known


def unfinished_birthday(words: Sequence[Word], language: str) -> int | None:
    """Where the date begins, as far as it is said, on which somebody was born; None if there is none."""
    end = len(words)
    first = beginning_of_date(words, end, language)
    # "the fourth" is found with its article, and "am 4. Juli" without.
    while first < end and bare(words[first].text).casefold() in _OF_A_DATE - {"the"}:
        first += 1
    is_said = any(bare(word.text).casefold() not in _OF_A_DATE for word in words[first:])
    return first if is_said and says_birth(words, range(first, end)) else None


def beginning_of_date(words: Sequence[Word], end: int, language: str) -> int:
    """The first of the words up to `end` that may all be of a date."""
    first = end
    while first and end - first < _LONGEST_DATE and _of_a_date(words[first - 1].text, language):
        first -= 1
    return first


def _of_a_date(text: str, language: str) -> bool:
    lower = bare(text).casefold()
    return (
        lower in _OF_A_DATE
        or lower in _months(language)
        or lower in ORDINALS
        or _ORDINAL.fullmatch(text.strip().rstrip(",")) is not None
        or kind_of(text, language) is Kind.DIGITS
    )


@cache
def _months(language: str) -> frozenset[str]:
    known = OTHERS.get(language)
    return names("months") | frozenset(known.months.casefold().split("|") if known else ())


def unfinished_age(words: Sequence[Word], language: str) -> int | None:
    """The number at the end that may be an age, as in "my daughter is seven"; None if there is none."""
    first = end = len(words)
    while first and end - first <= _LONGEST_AGE and kind_of(words[first - 1].text, language) is Kind.DIGITS:
        first -= 1
    said = [bare(word.text).casefold() for word in words[:first]]
    is_age = said and first < end <= first + _LONGEST_AGE and said[-1] in _BEFORE_AN_AGE
    return first if is_age and not _NOBODY_IS.intersection(said[-2:]) else None


def introduces(word: Word) -> bool:
    """Whether somebody's name may come next."""
    return bare(word.text).casefold() in _BEFORE_A_NAME | names("titles")


def stand_in(word: Word) -> Word:
    """A word that was redacted before a restart, as one of the kind; others as they are."""
    if marker := markers.MARKER.search(word.text):
        stands = _STANDS_FOR.get(marker[1], "1")
        return word if stands is None else replace(word, text=markers.MARKER.sub(stands, word.text))
    return replace(word, text=_MASK.sub("1", word.text)) if markers.is_redacted(word.text) else word
