"""Runs of pieces in an utterance, and how far it can be shown while it is being said."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from vivavoce.intelligence.spelled import Kind, bare, digits, kind_of
from vivavoce.protocol.stream import Word

# Words after which something personal may come, in the languages whose number words are known.
_CUE = re.compile(
    r"(?:phone|mobil|móvil|cell(?:phone)?$|tele|télé|number|numb|numéro|nummer|númer|numer|card|carte|karte|tarjeta|carta|cartão|code|pin|"
    r"account|compte|konto|cuenta|conto|conta|digit|zip|post|social|security|extension|reference|licen|"
    r"passport|passeport|reisepass|pasaporte|passaporte|e-?mail|mail|correo|courriel|indirizzo|address|"
    r"adresse|dirección|endereço|name|nom|nombre|nome|appell|heiß|heiss|llam|chiam|cham|born|geboren|"
    r"user|password|passwort|contraseña|senha|website|birth)",
    re.IGNORECASE,
)
_AFTER_A_CUE = 8
_NEAR_A_CUE = 6
# As in "am 4. Juli 1982 geboren" and "July 4th is my birthday".
_AFTER_A_DATE = 4
_BIRTH = re.compile(r"birth|born|geburt|geboren|naiss|née?$|nac(?!h)|nat[oa]$|nasc", re.IGNORECASE)
# Words on either side of an "at" that may be of an address.
_BEFORE_AT, _AFTER_AT = 2, 5
# "in 2021" is a year; "ending in 2021" is not.
_BEFORE_A_YEAR = frozenset(
    [
        "in",
        "since",
        "of",
        "year",
        "from",
        "until",
        "by",
        "en",
        "depuis",
        "im",
        "seit",
        "jahr",
        "desde",
        "año",
        "nel",
        "dal",
        "em",
        "ano",
    ]
)
_ENDING = frozenset(["ending", "ends", "finishing", "terminant", "endet"])
_YEAR = re.compile(r"(?:19|20)\d\d")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?")
_COUNTED = re.compile(
    r"(?:dollar|euro|pound|franc|yen|cent|buck|people|person|percent|prozent|pour|por|million|billion|"
    r"thousand|mill|tausend|mil|hour|minute|second|day|week|month|year|mile|kilo|meter|metre|feet|foot|"
    r"degree|item|unit|time|stück|personen|personnes|personas)",
    re.IGNORECASE,
)
_FILLERS = frozenset(["uh", "um", "er", "ah", "euh", "äh", "ähm", "eh", "then"])
_STRONG = frozenset(
    ["dot", "punkt", "underscore", "arobase", "arroba", "chiocciola", "klammeraffe", "@", "_"]
)
_WEAK = frozenset(["at", "point", "punto", "ponto", "dash", "plus", "-", "."])
_PASSWORD = re.compile(r"pass(?:word|phrase|code)|passwort|kennwort|contraseña|senha", re.IGNORECASE)
_LONGEST_PASSWORD = 5
IS = frozenset(["is", "it's", "its", "ist", "est", "es", "è", "é"])
_ALONE = frozenset({"I", "I'm", "I’m", "I'll", "I’ll", "I've", "I’ve", "I'd", "I’d", "It", "Ok", "Okay"})


@dataclass(frozen=True, slots=True)
class Run:
    """Pieces side by side: words from `first` up to `end`, exclusive."""

    first: int
    end: int
    kinds: frozenset[Kind]

    def letters(self, words: Sequence[Word]) -> int:
        """How many letters are spelled in it."""
        spelled = (bare(word.text).replace("-", "") for word in words[self.first : self.end])
        return sum(len(text) for text in spelled if text.isupper())

    def may_go_on(self, words: Sequence[Word]) -> bool:
        """Whether it is at the utterance's end and may be part of something that is not said to its end."""
        if self.end < len(words):
            return False
        if self.first == 0:
            return True
        run = words[self.first : self.end]
        if Kind.DIGITS in self.kinds:
            if is_year(words, self):
                return False
            return digits(run) > 1 or _has_cue(words[max(0, self.first - _NEAR_A_CUE) : self.first])
        if Kind.LETTERS in self.kinds:
            return len(run) > 1 or _has_cue(words[max(0, self.first - _NEAR_A_CUE) : self.first])
        return any(is_strong(word.text) for word in run)


def runs_of(words: Sequence[Word], *languages: str) -> Iterator[Run]:
    """The runs of what is a piece in any of the languages, in order. One that begins with a sign has the word
    before that, too; one that has letters beside digits, the groups of letters after it."""
    kinds = [_kind_in(word.text, languages) for word in words]
    place = 0
    while place < len(words):
        if kinds[place] is None:
            place += 1
            continue
        first = place
        while place < len(words) and (kinds[place] or _is_filler(words, kinds, place)):
            place += 1
        end = place
        while first < end and _is_weak(words[first].text) and not _is_plus(words, kinds, first):
            first += 1
        while first < end and _is_weak(words[end - 1].text):
            end -= 1
        if first == end:
            continue
        found = frozenset(kind for kind in kinds[first:end] if kind)
        if first and (is_strong(words[first].text) or _is_prefix(words[first - 1].text, found)):
            first -= 1
        if end == place and Kind.DIGITS in found and _has_letters(words[first:end]):
            while end < len(words) and (kinds[end] or _is_group(words[end].text)):
                end += 1
            place = end
        yield Run(first, end, found)


def passwords(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Where passwords are that are said to be ones, as in "my password is sunny day"."""
    said = [bare(word.text).casefold() for word in words]
    for index in range(len(said) - 2):
        if _PASSWORD.fullmatch(said[index]) and said[index + 1] in IS:
            end = index + 3
            while (
                end < min(len(words), index + 2 + _LONGEST_PASSWORD)
                and words[end - 1].text.strip()[-1] not in ".,;!?"
            ):
                end += 1
            yield index + 2, end


def stands_for_itself(words: Sequence[Word], run: Run) -> bool:
    """Whether it is an amount, not a number by which something is known."""
    text = words[run.first].text.strip()
    if run.end - run.first == 1 and (_THOUSANDS.fullmatch(bare(text)) or text[0] in "$€£¥"):
        return True
    after = bare(words[run.end].text) if run.end < len(words) else ""
    return _COUNTED.match(after) is not None


def is_year(words: Sequence[Word], run: Run) -> bool:
    """Whether it is one that something happened in."""
    if run.end - run.first > 1 or not run.first or not _YEAR.fullmatch(bare(words[run.first].text)):
        return False
    before = [bare(word.text).casefold() for word in words[max(0, run.first - 2) : run.first]]
    return before[-1] in _BEFORE_A_YEAR and not _ENDING.intersection(before)


def neighbours_of_signs(words: Sequence[Word]) -> Iterator[int]:
    """Signs that are said as such, and the words on either side of them."""
    for index, word in enumerate(words):
        if is_strong(word.text):
            yield from range(max(0, index - 1), min(len(words), index + 2))


def held_back(
    words: Sequence[Word],
    languages: Collection[str],
    doubtful: Collection[int],
    found: Collection[int],
    unclear: int = 1,
) -> int:
    """How many of the words can be shown while more may follow: the last may be half a word, and what leads
    up to it may be part of something that is being said. Indices of what is `found` are `doubtful`, too.

    The last words, `unclear` of them, are not shown in any case.
    """
    shown, last = len(words) - unclear, len(words) - 1
    for index in range(max(0, last - _AFTER_A_CUE), last):
        text = bare(words[index].text)
        if _CUE.match(text):
            # It has been said if something was found after it that is at its end.
            is_said = last not in found and any(index < place < last for place in found)
            shown = shown if is_said else min(shown, index + 1)
        elif index not in found and is_strong(text):
            shown = min(shown, index)
        elif index not in found and text.casefold() == "at" and last - index <= _AFTER_AT:
            shown = min(shown, index - _BEFORE_AT)
    while shown > 0 and (shown - 1 in doubtful or _may_be_part(words[shown - 1].text, languages)):
        shown -= 1
    return max(shown, 0)


def _may_be_part(text: str, languages: Collection[str]) -> bool:
    word = bare(text)
    return _kind_in(text, languages) is not None or (word[:1].isupper() and word not in _ALONE)


def _is_filler(words: Sequence[Word], kinds: Sequence[Kind | None], place: int) -> bool:
    """A filler between two pieces."""
    is_inside = place + 1 < len(words) and kinds[place + 1] is not None
    return is_inside and bare(words[place].text).casefold() in _FILLERS


def is_strong(text: str) -> bool:
    """Whether it is a sign, and hardly ever a word: "dot" is, "at" is not."""
    return bare(text).casefold() in _STRONG


def _is_prefix(text: str, follows: Collection[Kind]) -> bool:
    """Whether it is the letters that a number begins with, as in "XQH 882"."""
    return Kind.DIGITS in follows and _is_group(text)


def _is_group(text: str) -> bool:
    """Whether it is some capitals, as they are in numbers."""
    word = bare(text)
    return 1 < len(word) < 6 and word.isalpha() and word.isupper()


def _has_letters(words: Sequence[Word]) -> bool:
    """Whether capitals are in it, more than that of a sentence's first word."""
    texts = [bare(word.text) for word in words]
    return any(_is_group(text) or (text.isupper() and any(map(str.isdigit, text))) for text in texts)


def _is_plus(words: Sequence[Word], kinds: Sequence[Kind | None], place: int) -> bool:
    """A "plus" that a number begins with, as those of telephones do."""
    is_before = kinds[place + 1 : place + 2] == [Kind.DIGITS]
    return is_before and bare(words[place].text).casefold() in ("plus", "+")


def _kind_in(text: str, languages: Collection[str]) -> Kind | None:
    return next((kind for each in languages if (kind := kind_of(text, each))), None)


def with_local_part(words: Sequence[Word], first: int) -> int:
    """Where an address begins of which the word `first` was found to be: before an "at" there is more."""
    if first < 2 or bare(words[first - 1].text).casefold() not in ("at", "arroba", "arobase"):
        return first
    first -= 2
    while first > 1 and is_sign(words[first - 1].text):
        first -= 2
    return first


def says_birth(words: Sequence[Word], date: range) -> bool:
    """Whether that date among the words is somebody's birthday."""
    near = [*words[max(0, date.start - _NEAR_A_CUE) : date.start]]
    if _is_day(words, date):
        near += words[date.stop : date.stop + _AFTER_A_DATE]
    return any(_BIRTH.match(bare(word.text)) for word in near)


def may_be_birthday(words: Sequence[Word], date: range) -> bool:
    """Whether what follows the date may still say so."""
    return _is_day(words, date) and date.stop + _AFTER_A_DATE > len(words)


def _is_day(words: Sequence[Word], date: range) -> bool:
    """Not "today", nor "Monday"."""
    return len(date) > 1 or any(map(str.isdigit, words[date.start].text))


def is_sign(text: str) -> bool:
    """Whether a word is said for a sign, as "dot" and "at" are."""
    return is_strong(text) or _is_weak(text)


def _is_weak(text: str) -> bool:
    """Whether it is a sign only among other pieces."""
    return bare(text).casefold() in _WEAK


def _has_cue(words: Sequence[Word]) -> bool:
    return any(_CUE.match(bare(word.text)) for word in words)
