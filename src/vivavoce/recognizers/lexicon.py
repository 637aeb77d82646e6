"""How rare words are, by wordfreq (Speer 2022): what tells a word that exists from one that sounds like it.

Its larger lists have from 185,000 to 735,000 words of each of 19 languages, as they were written until 2021,
and those of Chinese and Japanese, which are written without spaces and of no use here.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

import msgpack
import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import RecognizerError
from vivavoce.recognizers.weights import packaged_files

SUMS = Path(__file__).with_name("words.sha256")

# In centibels, hundredths of a power of ten. One in a million words is common. Lists end at 800; what is not
# listed is as rare as one in 330 million, to be rarer than any listed one.
_COMMON, _UNLISTED = 600, 852

# Bokmål is what most Norwegian is written in.
_WRITTEN_AS = {"no": "nb"}
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")
_LONGEST_ACRONYM = 5


class Lexicon:
    """The words of a language, 10 bytes for each. Loading takes 0.1 to 0.5 s. For several threads."""

    def __init__(self, path: Path, language: str) -> None:
        """`path` is that of a list of wordfreq's. Raises `RecognizerError` when it cannot be read."""
        # Importing it takes half as long as loading a list, and only servers need it.
        from wordfreq.tokens import tokenize

        self._tokenize: Callable[[str, str], list[str]] = tokenize
        self._language = language
        hashes, counts = [], []
        try:
            # One list at a time: unpacking holds the interpreter's lock, which is given up between them.
            for words in _by_centibel(path):
                # Good for the life of this process. That two words share one has a probability of 10^-8.
                hashes.append(np.fromiter(map(hash, words), np.int64, len(words)))
                counts.append(len(words))
            together = np.concatenate(hashes)
        except (OSError, EOFError, zlib.error, ValueError, msgpack.UnpackException) as error:
            raise RecognizerError(f"{path} cannot be read any more: {error!r}") from error
        order = np.argsort(together)
        self._hashes: NDArray[np.int64] = together[order]
        self._centibels: NDArray[np.int16] = np.repeat(np.arange(len(counts), dtype=np.int16), counts)[order]

    def rarity(self, text: str) -> float:
        """0 of a word that is at least one in a million, rising to 0.8 of the rarest listed one; 1 of others.

        Of several words it is the sum; of what an apostrophe joins, that of its parts or of the whole, if
        that is less. Figures, and acronyms as far as they can be told, count as common.
        """
        # Most words: looked up as they are, in a tenth of the time.
        if self._centibels_of(text.casefold()) <= _COMMON:
            return 0.0
        text = text.translate(_APOSTROPHES)
        parts = text.split("'")
        whole = self._of_words(text)
        return min(whole, sum(map(self._of_words, parts))) if len(parts) > 1 else whole

    def _of_words(self, text: str) -> float:
        if text.isupper() and len(text) <= _LONGEST_ACRONYM:
            return 0.0
        return sum(map(self._of_word, self._tokenize(text, self._language)))

    def _of_word(self, word: str) -> float:
        if any(map(str.isdigit, word)):
            return 0.0
        return max(self._centibels_of(word) - _COMMON, 0) / (_UNLISTED - _COMMON)

    def _centibels_of(self, word: str) -> int:
        key = hash(word)
        at = self._hashes.searchsorted(key)
        listed = at < len(self._hashes) and self._hashes[at] == key
        return int(self._centibels[at]) if listed else _UNLISTED


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
        """None for other languages, among them those that are written without spaces.

        Raises `RecognizerError` when its list has become unreadable.
        """
        code = _WRITTEN_AS.get(language, language)
        if code not in self._paths or code in self._loaded:
            return self._loaded.get(code)
        with self._loading:
            if code not in self._loaded:
                self._loaded[code] = Lexicon(self._paths[code], code)
            return self._loaded[code]


def _lists() -> Iterator[tuple[str, Path]]:
    for file, sha256 in packaged_files(SUMS):
        path = file.verified(sha256)
        yield path.name.partition(".")[0].removeprefix("large_"), path


def _by_centibel(path: Path) -> Iterator[list[str]]:
    """The words that are one in 1, one in 10^0.01, one in 10^0.02 words, and so on."""
    with gzip.open(path) as file:
        unpacker = msgpack.Unpacker(file)
        parts = unpacker.read_array_header()
        unpacker.skip()  # what the file is
        for _ in range(parts - 1):
            yield unpacker.unpack()
