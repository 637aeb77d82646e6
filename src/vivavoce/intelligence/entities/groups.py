"""What short lists know: languages, origins, beliefs, occupations, states of health. Lists, not knowledge:
what is not on them is not found."""

from __future__ import annotations

import re
from typing import Final

from vivavoce.intelligence.entities.base import Found, Rule, any_of, rule
from vivavoce.intelligence.entities.lists import lines

_LANGUAGES: Final = any_of(lines("languages"))
_INJURIES: Final = (
    "broken (?:arm|leg|wrist|ankle|hip|nose|rib|ribs|finger|toe|collarbone)|sprained (?:ankle|wrist)|fractured \\w+|concussion|"
    "dislocated \\w+|whiplash|torn (?:ligament|ACL|meniscus)"
)
_MARITAL: Final = r"divorced|widowed|widower|widow|engaged to be married|unmarried"
_SIGNS: Final = r"(?:Aries|Taurus|Gemini|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces)"
_GENDER: Final = r"gay|lesbian|bisexual|transgender|trans (?:wo)?man|non-?binary|heterosexual|homosexual|asexual|pansexual|genderfluid"
_MEDICAL_CODES: Final = (
    r"\b(?-i:[A-TV-Z])\d{2}\.\d{1,3}\b|\b(?:ICD|CPT)(?:-10)?(?: code)? (?P<e>[A-Z]?\d[\w.]*)"
)
# What is no origin or language but a thing: French fries, English breakfast.
_NOT_PEOPLE: Final = r"(?! (?:fries|toast|breakfast|muffin|shepherd|cheese|airlines|airways|express|open|bank|revolution|dollars?|francs?|pounds|history|literature))"

ENGLISH: Final[tuple[Rule, ...]] = (
    rule("BLOOD_TYPE", r"\b(?:AB|A|B|O)[ -]?(?:positive|negative|pos|neg)\b|\b(?-i:AB|A|B|O)[+-](?=\W|$)"),
    rule("BLOOD_TYPE", r"\bblood (?:type|group)(?: is)? (?P<e>(?:AB|A|B|O)\b[+-]?)"),
    rule("MEDICAL_CODE", _MEDICAL_CODES),
    rule("EVENT", rf"\b{any_of(lines('events'))}\b"),
    Rule("PRODUCT", re.compile(rf"\b{any_of(lines('products'))}\b(?: \d{{1,2}})?(?: (?:Pro|Max|Plus|Mini|Air)\b)*")),
    rule("RELIGION", rf"\b{any_of(lines('religions'))}s?\b"),
    rule("POLITICAL_AFFILIATION", rf"\b{any_of(lines('politics'))}\b"),
    rule("MARITAL_STATUS", rf"\b(?:{_MARITAL})\b|\b(?:i'm|i am|he's|she's|he is|she is|are|was|we're|get|got|getting|not|never|been|status is|and) (?P<e>married|single)(?=[.,?!]|$| (?:to|and|with|for|but|now)\b)"),
    Rule("ZODIAC_SIGN", re.compile(rf"\b{_SIGNS}\b")),
    rule("ZODIAC_SIGN", rf"\b(?:i'm|he's|she's|is|am|a|an|was|sign is) (?P<e>{_SIGNS})\b"),
    rule("GENDER_SEXUALITY", rf"\b(?:{_GENDER})\b"),
    rule("DRUG", rf"\b{any_of(lines('drugs'))}\b"),
    rule("CONDITION", rf"\b{any_of(lines('conditions'))}\b"),
    rule("INJURY", rf"\b(?:{_INJURIES})\b"),
    rule("MEDICAL_PROCESS", rf"\b{any_of(lines('procedures'))}s?\b"),
    rule("OCCUPATION", rf"\b{any_of(lines('occupations'))}s?\b(?!'s office)"),
    rule("LANGUAGE", rf"\b(?:(?:speaks?|speaking|spoke|spoken|learn|learning|translated?|fluent|understand)(?: (?!and\b)\w+){{0,2}}?|language|in|into|native|your|my) (?P<e>{_LANGUAGES})\b(?! \w+(?:ese|ian)\b)(?! (?:\w*company|embassy|government|restaurant))"),
    rule("ORIGIN", rf"\b{any_of(lines('origins'))}s?\b{_NOT_PEOPLE}"),
)  # fmt: skip

EAGER: Final = (
    rule(
        "PHYSICAL_ATTRIBUTE",
        r"\b(?:blue|brown|green|hazel) eyes\b|\b(?:blond|blonde|red|brown|gray|grey) hair\b",
    ),
)

_SPEAKS: Final = re.compile(r"\b(?:speaks?|speaking|spoke|fluent|languages?|translate)\b", re.IGNORECASE)
_TONGUES: Final = re.compile(_LANGUAGES, re.IGNORECASE)


def settle(found: Found, text: str) -> Found:
    """A people's name is its language where someone speaks."""
    tongue = found.entity_type == "ORIGIN" and _TONGUES.fullmatch(text[found.start : found.end])
    if tongue and _SPEAKS.search(text[: found.start]):
        return Found("LANGUAGE", found.start, found.end)
    return found
