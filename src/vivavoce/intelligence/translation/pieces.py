"""Sentences no longer than a model can bear. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 250
"""Characters, some 45 words: of longer texts without a full stop small models lose parts."""

_CLAUSE = re.compile(r"[,;:]\s")
_SPACE = re.compile(r"\s+")


def bounded(sentence: str, longest: int = LONGEST) -> Iterator[str]:
    """The sentence, cut after a clause where it is too long, or else between words, or else anywhere."""
    rest = sentence.strip()
    while len(rest) > longest:
        cut = _last_end(_CLAUSE, rest, longest) or _last_end(_SPACE, rest, longest) or longest
        yield rest[:cut].strip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _last_end(pattern: re.Pattern[str], text: str, longest: int) -> int:
    """Where the last match in the second half of what is not too long ends; 0 if there is none."""
    return max((found.end() for found in pattern.finditer(text, longest // 2, longest)), default=0)
