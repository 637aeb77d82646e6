"""Words by which speech shows its joints, in six languages: where a topic begins, what matters, what is
chatter.

In other languages nothing is known of these; there the embeddings decide alone. The words are in
`cues.toml`. Words that are too common to mean something are known in 58 languages, from stopwords-iso (MIT
licence).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from stopwordsiso import stopwords

_STUTTER = re.compile(r"\b(\w{1,2}|the|and)(?:,? \1)+\b", re.IGNORECASE)
_MOST_OPENERS = 4


@dataclass(frozen=True, slots=True)
class Cues:
    """Of one language. `openers` begin a spoken sentence and say nothing; `fillers` say nothing anywhere.
    `topics` announce what is talked of next, and `named` captures what it is. `weighty` are decisions,
    reasons, results. `dangling` sentences are nothing without what was said before. `chatter` is said to
    each other, not of a matter. `articles` come before a noun, `within` between two.
    """

    openers: re.Pattern[str]
    fillers: re.Pattern[str]
    topics: re.Pattern[str]
    named: re.Pattern[str]
    weighty: re.Pattern[str]
    dangling: re.Pattern[str]
    chatter: re.Pattern[str]
    articles: frozenset[str]
    within: frozenset[str]


@cache
def cues_of(language: str) -> Cues | None:
    table = _table().get(language)
    if table is None:
        return None
    openers, before_comma = _any(table["openers"]), _any(table["openers_before_comma"])
    return Cues(
        openers=_pattern(rf"\W*(?:{openers}\b,?|{before_comma}\b\s*[,.!…-]+)\s+(?=\w)"),
        fillers=_pattern(rf",?\s*\b{_any(table['fillers'])}\b,?"),
        topics=_pattern(rf"\b{_any(table['topics'])}\b"),
        # Looking ahead, since what follows one announcement may be another: "now to the next point, hiring".
        named=_pattern(rf"\b{_any(table['naming'])}\s+(?=(?:{_any(table['unnamed'])}\s+)*([^,.;:!?…]+))"),
        weighty=_pattern(rf"\b{_any(table['weighty'])}\b"),
        dangling=_pattern(rf"\W*{_any(table['dangling'])}\b"),
        chatter=_pattern(rf"\b{_any(table['chatter'])}\b"),
        articles=frozenset(table["articles"]),
        within=frozenset(table["within"]),
    )


@cache
def dull_words() -> frozenset[str]:
    """For time, money and numbers, and of agreement, in all languages."""
    return frozenset(_table()["dull"])


@cache
def stop_words(language: str) -> frozenset[str]:
    """In lower case; none for a language whose are not known."""
    return frozenset(stopwords(language)).difference(_table().get(language, {}).get("telling", ()))


def readable(text: str, language: str) -> str:
    """A spoken sentence as one would write it: without what begins it and says nothing, without fillers."""
    cues = cues_of(language)
    if cues is None:
        return text.strip()
    for _ in range(_MOST_OPENERS):
        opener = cues.openers.match(text)
        if not opener:
            break
        text = text[opener.end() :]
    text = cues.fillers.sub(lambda filler: _instead_of(filler, stop_words(language)), text)
    text = " ".join(_STUTTER.sub(r"\1", text).split()).lstrip(" ,.;:!?…-")
    return text[:1].upper() + text[1:]


def announced(texts: Iterable[str], language: str) -> str | None:
    """The topic that the first of these texts names which announces one, as it was said."""
    cues = cues_of(language)
    if cues is None:
        return None
    found = (match[1].strip() for text in texts for match in cues.named.finditer(text))
    return next((named for named in found if not cues.topics.search(named)), None)


def _instead_of(filler: re.Match[str], stops: frozenset[str]) -> str:
    """A comma between two, unless none would be there: "is, uh, done", "we met, um, Tom was there"."""
    before = filler.string[: filler.start()].split()
    between = filler[0].startswith(",") and filler[0].endswith(",")
    return "," if between and before and before[-1].lower() not in stops else ""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("vivavoce.intelligence").joinpath("cues.toml").read_text("utf-8"))


def _any(alternatives: Sequence[str]) -> str:
    return f"(?:{'|'.join(alternatives)})"


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
