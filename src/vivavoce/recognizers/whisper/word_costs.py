"""What words cost a text beside how it sounds: where two sound alike, the one that exists is likelier.

A small Whisper model spells what it does not know as it sounds, or takes one long word for several short
ones. So a search takes off a little for each word, and more for a rare one: a language model of single words,
fused with the search ("shallow fusion", Gülçehre et al. 2015).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.lexicon import Lexicon
from vivavoce.recognizers.whisper.vocabulary import Vocabulary

# Logarithms of probabilities, chosen on 17 minutes each of read German and French. What each word costs makes
# up for long words that do not exist becoming short ones that do.
_A_WORD = 0.2
_UNKNOWN_WORD = 1.5

# Bytes of UTF-8: what is not ASCII counts as letters. Figures do, too, or they would cost less than words.
_LETTERS = re.compile(rb"[0-9A-Za-z'\x80-\xff]+\Z")


class Letters:
    """Which letters the tokens of a vocabulary write, for `WordCosts` of all languages."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        pieces = [vocabulary.piece(token) for token in range(vocabulary.end)]
        self.last = [_last_letters(piece) for piece in pieces]
        """At the end of each token."""
        self.only = [len(last) == len(piece) for last, piece in zip(self.last, pieces, strict=True)]
        """Whether they are all that a token writes."""
        self.boundary = ~np.array([*self.only, False])
        """Whether a token ends the word before it, as the end of a text does."""


class WordCosts:
    """Of texts in a language, for one search: it remembers what the words that it met cost.

    What goes on with a word that was said before is a word of its own: if it paid for what was said, too, but
    only in the end, it would be preferred to what begins a new word and pays at once.
    """

    def __init__(self, letters: Letters, lexicon: Lexicon) -> None:
        self._letters = letters
        self._lexicon = lexicon
        self._known: dict[bytes, float] = {}

    def costs(self, open_words: Sequence[bytes], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        words = np.array([self._of_word(word) for word in open_words], np.float32)
        return np.where(self._letters.boundary[candidates], words[:, np.newaxis], np.float32(0))

    def open_word(self, before: bytes, token: int) -> bytes:
        last = self._letters.last[token]
        return before + last if self._letters.only[token] else last

    def _of_word(self, word: bytes) -> float:
        cost = self._known.get(word)
        if cost is None:
            text = word.decode("utf-8", "replace")
            # What is not ASCII may be a dash.
            is_word = any(map(str.isalnum, text))
            cost = _A_WORD + _UNKNOWN_WORD * self._lexicon.rarity(text) if is_word else 0.0
            self._known[word] = cost
        return cost


def _last_letters(piece: bytes) -> bytes:
    found = _LETTERS.search(piece)
    return found.group() if found else b""
