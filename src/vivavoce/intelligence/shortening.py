"""Sentences made shorter, so that they can still be read: for gists, bullet points and headlines."""

from __future__ import annotations

import re
from typing import Final

from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES

_FEWEST: Final = 5
"""Words that must be left when a sentence ends early."""

_CLAUSE = re.compile(r"\s*[,;:–—](?=\s)|\s*[，；：、]")
_WORD = re.compile(r"\S+")
_ENDS = ".!?…。！？؟।"


def shortened(text: str, words: int, language: str) -> str:
    """The text if it is short enough; else it ends with a clause before, or anywhere with an ellipsis."""
    if language in WRITTEN_WITHOUT_SPACES:
        return _cut(text, text[: 2 * words], len(text) <= 2 * words)
    found = list(_WORD.finditer(text))
    return _cut(text, text[: found[words - 1].end()] if len(found) > words else text, len(found) <= words)


def _cut(text: str, kept: str, whole: bool) -> str:
    if whole:
        return text
    clauses = [match.start() for match in _CLAUSE.finditer(text[: len(kept) + 1])]
    end = next((at for at in reversed(clauses) if len(_WORD.findall(text[:at])) >= _FEWEST), None)
    if end is not None:
        return text[:end].rstrip() + "."
    return kept.rstrip(_ENDS + " ,;:") + "…"
