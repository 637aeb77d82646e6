"""People by what is said before their names, and by names that are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vivavoce.intelligence.entities.base import Found, rule
from vivavoce.intelligence.entities.lists import names
from vivavoce.intelligence.entities.places import kind_of

_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*\w|[^\W\d_]")
_MEDICAL: Final = re.compile(
    r"\b(?:dr|doctor|nurse|docteur|doktor|doctora|dottore|dottoressa|doutor|doutora)\b\.? ", re.IGNORECASE
)
_TITLE: Final = re.compile(
    r"\b(?:mr|mrs|ms|mx|miss|mister|missus|professor|prof|sir|madam|captain|senator|president|monsieur|madame|mademoiselle|"
    r"herr|frau|señor|señora|sr|sra|signor|signora|senhor|senhora|don|doña)\b\.? ",
    re.IGNORECASE,
)
_TITLE_BEFORE: Final = re.compile(_TITLE.pattern + "$", re.IGNORECASE)
_CUE: Final = re.compile(
    r"\b(?:sur)?name(?:'s| is| was|:) (?:is )?|"
    r"\bunder the name (?:of )?|\b(?:he|she|i)(?:'m| am|'s| is) (?:called|named) |\b(?:named|called) |"
    r"\b(?:speak|talk|speaking|talking|spoke|talked|meet|meeting) (?:to|with) |\breservation (?:for|under) |"
    r"\b(?:je m'appelle|mon nom est|je suis|ich heiße|mein name ist|ich bin|me llamo|mi nombre es|soy|mi chiamo|"
    r"il mio nome è|sono|meu nome é|me chamo|eu sou|ik heet|mijn naam is)\b ",
    re.IGNORECASE,
)
# These introduce a name only if it is one that is known.
_WEAK_CUE: Final = re.compile(
    r"\b(?:this is|i'm|i am|it's|hi|hello|hey|thanks|thank you|dear|with|from|to|for|and|by|yes|ask|tell|call|called|"
    r"met|saw|know|see|love|son|daughter|mother|mom|mum|father|dad|brother|sister|husband|wife|friend|colleague|boss|"
    r"good morning|good afternoon|good evening|bye|goodbye|okay|well|so|but|is|was)\b,? $",
    re.IGNORECASE,
)
_PARTICLES: Final = names("particles")
_AFTER_NAME: Final = re.compile(r"$|[.,?!]| (?:and|from|i|i'm|calling|here|at|speaking)\b", re.IGNORECASE)
_PLACED: Final = re.compile(
    r"\b(?:in|to|from|for|near|at|of|and|or|with|by|leave|visit|love|see)\W*$|,\W*$", re.IGNORECASE
)
_FAMILY: Final = re.compile(r"\b(?:last|family|maiden|sur) ?name(?:'s)?\W+(?:\w+ )?$", re.IGNORECASE)
# Names that are spelled, letter by letter; "a" and "I" are words.
EAGER: Final = (
    rule(
        "NAME", r"(?<!['’])\b[b-hj-z](?:[ ,.-]{1,2}[a-z]\b){2,}(?!\w)|(?-i:\b[A-Z](?:[ ,.-]{1,2}[A-Z]\b){2,})"
    ),
)
_LONGEST: Final = 4


def titled(text: str, *, cased: bool) -> Iterator[Found]:
    """People with a title, and after what asks for a name, if it is one that is known."""
    for match in _MEDICAL.finditer(text):
        end = _name_end(text, match.end(), cased=cased, loose=cased)
        if end:
            yield Found("NAME_MEDICAL_PROFESSIONAL", match.start(), end)
    for match in _TITLE.finditer(text):
        end = _name_end(text, match.end(), cased=cased, loose=True)
        if end:
            yield Found("NAME", match.end(), end)
    for match in _CUE.finditer(text):
        end = _name_end(text, match.end(), cased=cased, loose=True)
        first = _WORD.match(text, match.end())
        if end and first and first[0].lower() in names("given_names", "family_names"):
            yield Found("NAME", match.end(), end)


def cued(text: str, *, cased: bool) -> Iterator[Found]:
    """People whose names are not known, after what asks for one."""
    for match in _CUE.finditer(text):
        end = _name_end(text, match.end(), cased=cased, loose=True)
        if end:
            yield Found("NAME", match.end(), end)


def listed(text: str, *, cased: bool, eager: bool = False) -> Iterator[Found]:
    """People by given names that are known."""
    for word in _WORD.finditer(text):
        if is_given(word[0]) and _stands(text, word, cased=cased, eager=eager):
            end = _name_end(text, word.start(), cased=cased, loose=False)
            if end:
                yield Found("NAME", word.start(), end)


def is_given(name: str) -> bool:
    return name.lower().removesuffix("'s").removesuffix("’s") in names("given_names")


def is_other_word(name: str) -> bool:
    return name.lower() in names("also_words")


def _stands(text: str, word: re.Match[str], *, cased: bool, eager: bool) -> bool:
    """Whether it is the person that is meant, and not the word or the place of that name."""
    if cased and not word[0][0].isupper():
        return False
    asked = _WEAK_CUE.search(text[max(0, word.start() - 20) : word.start()]) is not None
    followed = _followed(text, word.end(), cased=cased)
    name = word[0].removesuffix("'s").removesuffix("’s")
    if kind_of(name) is not None:
        # "to", "from" and "for" are said of places.
        placed = _PLACED.search(text[max(0, word.start() - 20) : word.start()]) is not None
        return (followed or (asked and not placed)) and (cased or not is_other_word(name))
    if is_other_word(name):
        return (followed and (cased or asked)) or (cased and (eager or asked) and word.start() > 0)
    return cased or eager or asked or followed


def _followed(text: str, end: int, *, cased: bool) -> bool:
    """Whether a family name comes next."""
    after = _WORD.match(text, end + 1)
    if text[end : end + 1] != " " or after is None or after[0].lower() not in names("family_names"):
        return False
    return after[0][0].isupper() if cased else not is_other_word(after[0])


def _name_end(text: str, start: int, *, cased: bool, loose: bool) -> int | None:
    """Where the name that begins at `start` ends. `loose`: its first word need not be a name that is known."""
    end = None
    at = start
    for count in range(_LONGEST):
        word = _WORD.match(text, at)
        if word is None or not _goes_on(text, word, count, cased=cased, loose=loose):
            break
        if word[0].lower() not in _PARTICLES:
            end = word.end()
        at = word.end()
        if text[at : at + 1] == "." and len(word[0]) == 1:
            at += 1
        if text[at : at + 1] != " ":
            break
        at += 1
    if end is not None and text[max(start, end - 2) : end] in {"'s", "’s"}:
        end -= 2
    return end


def _goes_on(text: str, word: re.Match[str], count: int, *, cased: bool, loose: bool) -> bool:
    lower = word[0].lower().removesuffix("'s").removesuffix("’s")
    if lower in names("no_names") and not (
        cased and loose and count == 0 and is_given(word[0]) and word[0].istitle()
    ):
        return False
    if cased:
        return word[0][0].isupper() or (count > 0 and lower in _PARTICLES)
    known = lower in names("given_names", "family_names")
    if count == 0:
        return known or (loose and "'" in lower)
    # "john may call": the second word is a name only if the sentence goes on as after a name.
    return (
        count == 1
        and known
        and (not is_other_word(lower) or (loose and bool(_AFTER_NAME.match(text, word.end()))))
    )


def parts(text: str, found: Found) -> Iterator[Found]:
    """The given and the family name in a person's name."""
    words = list(_WORD.finditer(text, found.start, found.end))
    if found.entity_type == "NAME_MEDICAL_PROFESSIONAL" and len(words) > 1:
        words = words[1:]
    if not words:
        return
    before = text[max(0, found.start - 24) : found.start]
    before = text[max(0, found.start - 24) : found.start]
    medical = found.entity_type == "NAME_MEDICAL_PROFESSIONAL"
    family_asked = medical or _TITLE_BEFORE.search(before) or _FAMILY.search(before)
    only = words[0][0].lower()
    if len(words) == 1:
        family = family_asked or (only in names("family_names") and only not in names("given_names"))
        yield Found("NAME_FAMILY" if family else "NAME_GIVEN", words[0].start(), words[0].end())
        return
    yield Found("NAME_GIVEN", words[0].start(), words[0].end())
    yield Found("NAME_FAMILY", words[1].start(), words[-1].end())
