"""What a small model cannot write, kept out of its way: addresses, signs, letters and numbers it would lose.

A word of which the model does not know a letter is given to it as a name, which it carries over, and is put
back. Where a name is lost, the text is cut there. Signs without a letter, such as emoji, always cut it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

Translate = Callable[[str], str]

_PUNCTUATION: Final = ".,;:!?()[]\"'"
_AS_KNOWN: Final = str.maketrans(
    {**dict.fromkeys("‘’‚′", "'"), **dict.fromkeys("“”„«»″", '"'), **dict.fromkeys("–—", "-")}
)
_NAME: Final = "XQ"
_NAMES: Final = re.compile(rf"{_NAME}\d+")
_MOST_NAMES: Final = 9
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_HOURS: Final = 12
_ATTEMPTS: Final = 3
"""The second and third keep the numbers that were lost before."""
_LONGEST_WORD: Final = 40
"""Characters; a longer one is none, and takes the model long."""


def translated(text: str, translate: Translate, known: frozenset[str]) -> str:
    """`text` by a model that knows the characters `known`, with what it cannot write put back."""
    text = unicodedata.normalize("NFKC", text.translate(_AS_KNOWN))
    capital = text[:1].isupper()
    # Accents on capitals are rare where models learn.
    text = "".join(char if char in known or char.lower() not in known else char.lower() for char in text)
    written = " ".join(filter(None, (_part(part, translate, known) for part in _parts(text, known))))
    return written[:1].upper() + written[1:] if capital else written


def _parts(text: str, known: frozenset[str]) -> Iterator[str]:
    """Texts with letters, and between them the signs that the model does not know."""
    part: list[str] = []
    for word in text.split():
        if not known.issuperset(word) and not any(map(str.isalnum, word)):
            yield " ".join(part)
            yield word
            part = []
        else:
            part.append(word)
    yield " ".join(part)


def _part(text: str, translate: Translate, known: frozenset[str]) -> str:
    if not any(map(str.isalpha, text)):
        return text
    cores = [word.strip(_PUNCTUATION) for word in text.split()]
    strange = {core for core in cores if not known.issuperset(core) or len(core) > _LONGEST_WORD}
    if not any(map(str.isalpha, "".join(core for core in cores if core not in strange))):
        return text
    if _NAME in text:
        return translate(text)
    best, fewest = "", len(text)
    for _ in range(_ATTEMPTS):
        written = _with_names(text, strange, translate)
        lost = _lost_numbers(text, written)
        if len(lost) < fewest:
            best, fewest = written, len(lost)
        if lost <= strange:
            break
        strange |= lost
    return best


def _with_names(text: str, kept: set[str], translate: Translate) -> str:
    if not kept:
        return translate(text)
    words = text.split()
    places = [index for index, word in enumerate(words) if word.strip(_PUNCTUATION) in kept]
    if len(places) <= _MOST_NAMES:
        named = list(words)
        names: dict[str, str] = {}
        for number, index in enumerate(places, 1):
            core = words[index].strip(_PUNCTUATION)
            names[f"{_NAME}{number}"] = core
            named[index] = words[index].replace(core, f"{_NAME}{number}", 1)
        written = translate(" ".join(named))
        if sorted(_NAMES.findall(written)) == sorted(names):
            return _NAMES.sub(lambda found: names[found[0]], written)
    cuts = [0, *(cut for index in places for cut in (index, index + 1)), len(words)]
    parts = [words[start:end] for start, end in pairwise(cuts)]
    texts = [
        " ".join(part)
        if number % 2 or not any(map(str.isalpha, "".join(part)))
        else translate(" ".join(part))
        for number, part in enumerate(parts)
    ]
    return " ".join(filter(None, texts))


def _lost_numbers(text: str, written: str) -> set[str]:
    """Words with numbers that are not in what was written; an hour may be counted to 12 or to 24."""
    there = Counter(map(_digits, _NUMBER.findall(written)))
    lost = set()
    for word in text.split():
        for number in map(_digits, _NUMBER.findall(word)):
            same = next((each for each in (number, *_other_hours(number)) if there[each]), None)
            if same is None:
                lost.add(word.strip(_PUNCTUATION))
            else:
                there[same] -= 1
    return lost


def _digits(number: str) -> str:
    return number.replace(",", "").replace(".", "").lstrip("0") or "0"


def _other_hours(number: str) -> tuple[str, ...]:
    if len(number) > 2 or int(number) > 2 * _HOURS:
        return ()
    return (str(int(number) + _HOURS) if int(number) <= _HOURS else str(int(number) - _HOURS),)
