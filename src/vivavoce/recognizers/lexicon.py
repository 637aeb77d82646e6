"""How rare words are, by wordfreq (Speer 2022): what tells a word that exists from one that sounds like it.

Its lists have from a quarter to three quarters of a million words of each of some twenty languages, as they
were written in 2021.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from wordfreq import read_cBpack
from wordfreq.tokens import tokenize

from vivavoce.errors import ModelError
from vivavoce.recognizers.weights import PackagedFile, sha256_of

SUMS = Path(__file__).with_name("words.sha256")

# In hundredths of a decade: words are listed by how often they occur. One in a million is common enough, and
# what is not listed, the list ends at 800, counts as one in 300 million.
_COMMON, _UNLISTED = 600, 852

# wordfreq knows Norwegian by what nearly all of it is written in.
_WRITTEN_AS = {"no": "nb"}
_APOSTROPHE = re.compile(r"['’]")
_REMEMBERED = 50_000


class Lexicon:
    """The words of a language, 10 bytes for each. Loading takes 0.1 to 0.4 s."""

    def __init__(self, path: Path, language: str) -> None:
        """`path` is that of a list of wordfreq's."""
        self._language = language
        by_frequency = read_cBpack(str(path))
        # Good for the life of this process. Two of so few words have the same of 2^64 in one case in 10^8.
        # List by list, since each holds the interpreter's lock.
        hashes = np.concatenate([np.fromiter(map(hash, words), np.int64) for words in by_frequency])
        ranks = np.repeat(np.arange(len(by_frequency), dtype=np.int16), list(map(len, by_frequency)))
        order = np.argsort(hashes)
        self._hashes: NDArray[np.int64] = hashes[order]
        self._ranks: NDArray[np.int16] = ranks[order]
        self.rarity = lru_cache(_REMEMBERED)(self._rarity)

    def _rarity(self, text: str) -> float:
        """From 0, a word that everybody writes, to 1, none that anybody does; of several words, all of them.
        With a figure it is 0.

        What is joined by an apostrophe is a word of its own or several, whichever is less rare.
        """
        whole = self._sum(text)
        parts = _APOSTROPHE.split(text)
        return min(whole, sum(map(self._sum, parts))) if len(parts) > 1 else whole

    def _sum(self, text: str) -> float:
        return sum(map(self._of_word, tokenize(text, self._language)))

    def _of_word(self, word: str) -> float:
        if any(map(str.isdigit, word)):
            return 0.0
        at = int(np.searchsorted(self._hashes, hash(word)))
        listed = at < len(self._hashes) and self._hashes[at] == hash(word)
        rank = int(self._ranks[at]) if listed else _UNLISTED
        return min(max(rank - _COMMON, 0) / (_UNLISTED - _COMMON), 1.0)


class Lexicons:
    """Those of all languages of which enough words are known, each loaded when it is first asked for.

    For several threads.
    """

    def __init__(self) -> None:
        """Raises `ModelError` when a list is missing or damaged."""
        self._paths = dict(_lists())
        self._loaded: dict[str, Lexicon] = {}
        self._loading = Lock()

    @property
    def languages(self) -> frozenset[str]:
        """By wordfreq's codes."""
        return frozenset(self._paths)

    def of(self, language: str) -> Lexicon | None:
        """None for other languages, among them those that are written without spaces."""
        code = _WRITTEN_AS.get(language, language)
        if code not in self._paths:
            return None
        with self._loading:
            if code not in self._loaded:
                self._loaded[code] = Lexicon(self._paths[code], code)
            return self._loaded[code]


def _lists() -> Iterator[tuple[str, Path]]:
    for line in SUMS.read_text(encoding="ascii").splitlines():
        sha256, name = line.split()
        path = PackagedFile("wordfreq", name).locate()
        if sha256_of(path) != sha256:
            raise ModelError(f"{path} is damaged or of another version; reinstall the package wordfreq")
        yield path.name.partition(".")[0].removeprefix("large_"), path
