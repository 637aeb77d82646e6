"""From other languages to English by a model that hears them, not by their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import RecognizerError
from vivavoce.intelligence.base import AddOnError, TranslationOptions
from vivavoce.intelligence.translation.engine import Pair

Samples = Callable[[], NDArray[np.float32]]
"""What reads an utterance's audio: float32, shape (samples,), 16 kHz, its own channel."""


@runtime_checkable
class Interpreter(Protocol):
    """A multilingual Whisper model is one, of the languages that it `interprets`."""

    @property
    def interprets(self) -> frozenset[str]: ...

    def in_english(self, audio: NDArray[np.float32], language: str) -> str:
        """Raises `RecognizerError`."""
        ...


class SpeechEngine:
    """Hears one utterance, of which `samples` reads the audio. Without it, it says what it would serve."""

    backend = "whisper"

    def __init__(self, interpreter: Interpreter, samples: Samples | None = None) -> None:
        self._interpreter = interpreter
        self._samples = samples
        self.pairs = frozenset((language, "en") for language in interpreter.interprets)

    def hearing(self, samples: Samples) -> SpeechEngine:
        return SpeechEngine(self._interpreter, samples)

    def load(self) -> None:
        """Nothing: the interpreter is loaded."""

    def translate(self, sentences: Sequence[str], pair: Pair, options: TranslationOptions) -> list[str]:
        """What is heard, in one text; the sentences are passed over. Raises `AddOnError`."""
        if self._samples is None:
            way = f"from {pair[0]} to {pair[1]} this server translates by the sound alone"
            raise AddOnError(f"{way}, which is not used where words are redacted", 501)
        try:
            return [self._interpreter.in_english(self._samples(), pair[0])]
        except RecognizerError as error:
            raise AddOnError(str(error)) from error
