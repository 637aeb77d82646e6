"""Spoken forms of other languages as they are written, by damga (Apache-2.0, mihu.ai).

damga gives a text without saying where its words came from: where the two texts differ, what is written
stands for all that was said there.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Final

from vivavoce.intelligence.entities.reading import Token

if TYPE_CHECKING:
    from damga import InverseNormalizer

LANGUAGES: Final = frozenset({"de", "es", "fr", "it", "ru", "tr"})
_PUNCTUATION: Final = ".,;:!?"


@cache
def _normalizer(language: str) -> InverseNormalizer:
    from damga import InverseNormalizer

    # Its own cache on disk is of no use: the grammars come compiled.
    return InverseNormalizer(lang=language, use_cache=False)


def written(tokens: Sequence[Token], language: str) -> list[Token]:
    """The tokens with what was spelled out put as it is written, where damga knows the language."""
    if language not in LANGUAGES or not any(token.core.isalpha() for token in tokens):
        return list(tokens)
    said = [token.text for token in tokens]
    after = _normalizer(language).normalize(" ".join(said)).split()
    matcher = SequenceMatcher(None, [_bare(t) for t in said], [_bare(t) for t in after], autojunk=False)
    found: list[Token] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            found += tokens[i:j]
        elif kind == "replace":
            found += [Token(text, tokens[i].first, tokens[j - 1].last) for text in after[k:m]]
        elif kind == "delete" and found:
            # Words are never dropped: "fünfzehn Uhr dreißig" is "15.30 Uhr".
            found[-1] = Token(found[-1].text, found[-1].first, tokens[j - 1].last, found[-1].glued)
        elif kind == "delete":
            found += tokens[i:j]
    return found


def _bare(text: str) -> str:
    return text.strip(_PUNCTUATION).lower()
