"""Places: addresses and postcodes by their form; cities, states and countries by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vivavoce.intelligence.entities.base import Found, Rule, any_of, rule
from vivavoce.intelligence.entities.lists import lines, names

_STREETS: Final = (
    r"(?:street|st\b\.?|avenue|ave\b\.?|road|rd\b\.?|boulevard|blvd\b\.?|lane|ln\b\.?|drive|dr\b\.?|court|ct\b\.?|square|"
    r"terrace|highway|parkway|place|pl\b\.?|way|crescent|circle|alley|broadway)"
)
_UNIT: Final = r"(?:,? (?:apartment|apt\.?|suite|unit|floor|flat|room|#) ?#?\w+)?"
_STREET_NAME: Final = (
    r"(?:(?!(?:minutes|hours|days|people|percent|dollars|years|of|to|and|on|in|at|the)\b)[\w'.-]+ )"
)

ADDRESSES: Final = (
    rule("LOCATION_ADDRESS", rf"\b\d{{1,5}}[A-Z]?,? {_STREET_NAME}{{1,3}}?{_STREETS}\b(?: (?:north|south|east|west|[ns][ew]))?{_UNIT}"),
    rule("LOCATION_ADDRESS", rf"\b\d{{1,5}} broadway\b{_UNIT}|\bp\.? ?o\.? box \d+"),
    rule("LOCATION_ADDRESS", r"\b\d{1,4},? (?:bis |ter )?(?:rue|avenue|boulevard|place|chemin|allée|quai|impasse) (?:(?:de|des|du|la|le|l'|d')[ ]?)*[\w'’-]+(?: (?-i:[A-ZÀ-Þ])[\w'’-]+)*"),
    rule("LOCATION_ADDRESS", r"\b[\w-]+(?:straße|strasse|gasse|allee|platz|weg) \d{1,4}[a-z]?\b"),
    rule("LOCATION_ADDRESS", r"\b(?:calle|avenida|plaza|paseo|via|viale|piazza|corso|rua|travessa) (?:(?:de|del|la|las|los|della|dei|di|da|do|dos) )*[\w'’-]+(?: [\w'’-]+){0,2}?,? (?:número |numero |n[º°]\.? ?)?\d{1,4}\b"),
    rule("LOCATION_ZIP", r"\b(?:zip|zip ?code|postal ?code|post ?code|code postal|código postal|postleitzahl|plz|cap)\b(?: (?:is|code|number|est|es|ist|le|el|die|the|it's))*[:,]? (?P<e>(?=[\w -]*\d)[A-Z\d]{3,5}(?:[ -][A-Z\d]{3,4}\b)?\b)"),
    rule("LOCATION_ZIP", r"\b(?-i:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]),? (?P<e>\d{5}(?:-\d{4})?)\b"),
    rule("LOCATION_ZIP", rf"\b{any_of(lines('states'))},? (?P<e>\d{{5}}(?:-\d{{4}})?)\b"),
    rule("LOCATION_ZIP", r"\b(?-i:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b|\b(?-i:[A-Z]\d[A-Z] \d[A-Z]\d)\b"),
    rule("LOCATION_STATE", r"(?<=, )(?-i:A[KLRZ]|C[AOT]|FL|GA|HI|I[ADLN]|K[SY]|M[ADEINOST]|N[CDEHJMVY]|OK|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\b"),
)  # fmt: skip

# Waters and heights, before or after their name.
LANDSCAPE: Final = (
    rule("LOCATION", r"\b(?:(?:the )?river|lake|mount|mt\.?|cape|gulf of|bay of|sea of) (?P<e>(?-i:[A-Z])[\w'’-]+)"),
    rule("LOCATION", r"\b(?:river|lake|mount) (?P<e>[a-z]{4,})\b(?<!house)(?<!side)"),
    Rule("LOCATION", re.compile(r"\b(?:[A-Z][\w'’-]+ )+(?:River|Lake|Mountains?|Valley|Beach|Island|Islands|Ocean|Sea|Desert|Park|Bay|Falls)\b")),
)  # fmt: skip

_WORD: Final = re.compile(r"[^\W\d_](?:[\w'’-]|\.(?=\w)|\.(?<=\b\w\.))*")
_BEFORE: Final = re.compile(
    r"\b(?:in|to|from|near|at|of|visit|visiting|leave|leaving|for|around|live in|via|à|en|de|nach|aus|a|em|para|und|and|or|,)\W*$",
    re.IGNORECASE,
)
_SHORT: Final = frozenset({"us", "usa", "uk", "uae"})
_LONGEST: Final = 3


def kind_of(name: str) -> str | None:
    """What a name is a name of: a state, a country or a city, in this order."""
    lower = name.lower().removeprefix("the ")
    if lower in names("states"):
        return "LOCATION_STATE"
    if lower in names("countries") or lower.rstrip(".") in names("countries"):
        return "LOCATION_COUNTRY"
    return "LOCATION_CITY" if lower in names("cities") else None


def named(text: str, *, cased: bool, eager: bool = False) -> Iterator[Found]:
    """Places by name, the longest at each place. Without capitals only where a word such as "in" says so."""
    words = list(_WORD.finditer(text))
    index = 0
    while index < len(words):
        length = _longest_at(text, words, index, cased=cased, eager=eager)
        if length:
            start, end = words[index].start(), words[index + length - 1].end()
            kind = kind_of(text[start:end])
            if kind is not None:
                yield Found(kind, start, end)
        index += length or 1


def _longest_at(text: str, words: list[re.Match[str]], index: int, *, cased: bool, eager: bool) -> int:
    for length in range(min(_LONGEST, len(words) - index), 0, -1):
        start, end = words[index].start(), words[index + length - 1].end()
        name = text[start:end]
        if kind_of(name) is not None and _stands(
            text[max(0, start - 20) : start], name, cased=cased, eager=eager
        ):
            return length
    return 0


def _stands(before: str, name: str, *, cased: bool, eager: bool) -> bool:
    """Whether it is the place that is meant: other words and people bear the names of cities too."""
    lower = name.lower()
    if (cased and not name[0].isupper()) or (lower in _SHORT and not name.isupper()):
        return False
    if " " in lower or (lower in names("countries", "states") and lower not in names("also_words")):
        return True
    said = _BEFORE.search(before) is not None
    if lower in names("also_words"):
        return said and cased
    if lower in names("given_names", "family_names"):
        return said
    return cased or said or eager
