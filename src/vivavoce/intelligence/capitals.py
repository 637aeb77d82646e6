"""Names by their capitals: who is on no list and unknown to the model is written like a name all the same.

Only for redaction, where a word too many is better than a name too few; not in German, which writes every
noun so, and not where a recogniser writes capitals everywhere or nowhere. There the word after a given
name is of it, unless it is an ordinary one; which words are too common, stopwords-iso says (MIT licence).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from stopwordsiso import stopwords

from vivavoce.intelligence.entities.lists import names
from vivavoce.intelligence.spelled import bare, kind_of
from vivavoce.protocol.stream import Word

NOBODY = ("capitals", "titles", "no_names", "no_entities", "months")
NOUNS_TOO = frozenset({"de", "lb"})
_PARTICLE = re.compile(r"[od]['’]\w")
_SENTENCE_ENDS = tuple(".?!:…¿¡")
# Beyond so much of an utterance capitals mean nothing.
_MOST = 0.6
_CONTRACTED = re.compile(r"i['’]")
# Of verbs, which no list has: "speaking", "called".
_INFLECTED = {"en": re.compile(r"\w+(?:ing|ed)")}
_MISTAKEN = frozenset(
    {"ORGANIZATION", "ZODIAC_SIGN", "PRODUCT", "EVENT", "LANGUAGE", "LOCATION_CITY", "LOCATION"}
)
"""What a model takes people for who are not well known."""


def capitalised(words: Sequence[Word], language: str, others: Mapping[int, str]) -> Iterator[int]:
    """Indices of words that are taken for names. `others`: the types of what was found, by index."""
    texts = [bare(word.text) for word in words]
    upper = [is_capitalised(text) for text in texts]
    if language in NOUNS_TOO or (len(texts) > 3 and sum(upper) > _MOST * len(texts)):
        return
    for index, text in enumerate(texts):
        lower = text.casefold().removesuffix("'s").removesuffix("’s")
        if not upper[index] or lower in names(*NOBODY):
            continue
        before = texts[index - 1].casefold() if index else ""
        begins = before not in names("titles") and (
            not index or words[index - 1].text.rstrip().endswith(_SENTENCE_ENDS)
        )
        known = lower in names("given_names", "family_names") and lower not in names("also_words")
        taken = others.get(index)
        if known if begins or taken in _MISTAKEN else taken is None:
            yield index


def name_end(words: Sequence[Word], first: int, end: int, language: str) -> int:
    """Where a name ends that goes on, as it is written, after its words from `first` up to `end`."""
    if end - first == 1 and not any(is_capitalised(bare(word.text)) for word in words):
        return end + _is_family_name(words, end, language)
    while 0 < end < len(words) and not words[end - 1].text.rstrip().endswith((",", *_SENTENCE_ENDS)):
        text = bare(words[end].text)
        if not is_capitalised(text) and not _PARTICLE.match(text):
            break
        if text.casefold() in names(*NOBODY):
            break
        end += 1
    return end


def is_ordinary(name: str, language: str) -> bool:
    """Whether the word is more than a name, in small letters."""
    lower = name.casefold()
    return lower in names("also_words", "particles", *NOBODY) or lower in _too_common(language)


def _is_family_name(words: Sequence[Word], index: int, language: str) -> bool:
    """Whether, without capitals, the name before that word goes on with it."""
    if not 0 < index < len(words) or words[index - 1].text.rstrip().endswith((",", *_SENTENCE_ENDS)):
        return False
    text = bare(words[index].text)
    lower = text.casefold().removesuffix("'s").removesuffix("’s")
    given = bare(words[index - 1].text).casefold()
    if given not in names("given_names") or len(lower) < 2 or kind_of(text, language):
        return False
    if lower in names("no_names", "titles", "months") or lower in _too_common(language):
        return False
    if lower in names("family_names"):
        return True
    inflected = _INFLECTED.get(language)
    return not is_ordinary(lower, language) and not (inflected and inflected.fullmatch(lower))


@cache
def _too_common(language: str) -> frozenset[str]:
    return frozenset(stopwords(language))


def is_capitalised(text: str) -> bool:
    """Whether it is written as a name is."""
    if _CONTRACTED.match(text.casefold()):
        return False
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 1 and text[0].isupper() and not all(map(str.isupper, letters))
