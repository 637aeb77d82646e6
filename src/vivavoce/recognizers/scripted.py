"""A recogniser without a model: what it hears follows from the audio by a simple rule, at no cost.

It is for tests and for measuring everything around recognition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import RecognizerError
from vivavoce.protocol.stream import Word
from vivavoce.recognizers.base import SAMPLE_RATE, Capabilities, Context, Hypothesis, Request

Script = Callable[[NDArray[np.float32]], tuple[Word, ...]]
"""What is heard in float32 audio of shape (samples,) at 16 kHz."""

_AUDIBLE = 1e-3
_SLOT = SAMPLE_RATE // 50
_SHORTEST_TONE = 3
_LOWEST_TONE = 400.0
_TONE_STEP = 200.0


def word_every(seconds: float) -> Script:
    """Counts: " word0", " word1" and so on, one for each `seconds` of audio that are not silent."""
    step = round(seconds * SAMPLE_RATE)

    def script(audio: NDArray[np.float32]) -> tuple[Word, ...]:
        words: list[Word] = []
        for start in range(0, len(audio) - step + 1, step):
            if np.abs(audio[start : start + step]).max() > _AUDIBLE:
                words.append(_word(f"word{len(words)}", start, start + step))
        return tuple(words)

    return script


def tones(vocabulary: Sequence[str]) -> Script:
    """Reads `tone`s: each run of one pitch, 60 ms or longer, is that word of the vocabulary."""

    def pitch(slot: NDArray[np.float32]) -> int | None:
        if np.abs(slot).max(initial=0.0) <= _AUDIBLE:
            return None
        hertz = np.abs(np.fft.rfft(slot * np.hanning(_SLOT), SAMPLE_RATE // 10)).argmax() * 10
        index = round((hertz - _LOWEST_TONE) / _TONE_STEP)
        return index if 0 <= index < len(vocabulary) else None

    def script(audio: NDArray[np.float32]) -> tuple[Word, ...]:
        starts = range(0, len(audio) - _SLOT + 1, _SLOT)
        words = []
        for index, run in groupby(starts, key=lambda start: pitch(audio[start : start + _SLOT])):
            slots = list(run)
            if index is not None and len(slots) >= _SHORTEST_TONE:
                words.append(_word(vocabulary[index], slots[0], slots[-1] + _SLOT))
        return tuple(words)

    return script


def tone(index: int, seconds: float) -> NDArray[np.float32]:
    """The sound of word `index` of a vocabulary, for `tones` to read."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(0.3 * np.sin(2 * np.pi * (_LOWEST_TONE + index * _TONE_STEP) * times), np.float32)


def _word(text: str, start: int, end: int) -> Word:
    return Word(f" {text}", start / SAMPLE_RATE, end / SAMPLE_RATE, 1.0)


def _never(request: Request) -> bool:
    return False


class ScriptedRecognizer:
    """Hears what `script` says; raises `RecognizerError` for requests for which `fails` holds."""

    def __init__(
        self,
        script: Script,
        *,
        languages: Sequence[str] = ("en", "fr", "de", "es", "it", "pt", "ja"),
        fails: Callable[[Request], bool] = _never,
    ) -> None:
        self.name = "scripted"
        self.capabilities = Capabilities(
            frozenset(languages), detects_language=True, context=Context(8.0, 100)
        )
        self._default = languages[0]
        self._script = script
        self._fails = fails

    def recognize(self, request: Request) -> Hypothesis:
        if self._fails(request):
            raise RecognizerError("the script says to fail")
        return Hypothesis((request.languages or (self._default,))[0], 1.0, self._script(request.audio))
