"""When each word of a recording is said, found out once, offline, and kept.

The whole recording is transcribed as for finals, in stretches as long as the recogniser takes, word times
included; the words of the reference take the times of those that they are aligned with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vivavoce.bench.kept import Kept, digest
from vivavoce.bench.material import SAMPLE_RATE, Recording, Samples
from vivavoce.bench.words import HeardWord, SpokenWord, align
from vivavoce.recognizers.base import Recognizer, Request
from vivavoce.recognizers.weights import sha256_of

_LONGEST = 25.0
_LEAST = 12.0
_WINDOW = 0.3

# Dashes join no words.
_WORD = re.compile(r"(?:[^\s—–-]|(?<!-)-(?!-))+")


class Truth:
    """Word times of recordings, kept as JSON in `directory`, by the sums of audio and weights.

    `load` gives the recogniser of these weights when it is needed; `say` hears what takes long.
    """

    def __init__(
        self, weights: Path, load: Callable[[], Recognizer], directory: Path, say: Callable[[str], None]
    ) -> None:
        self._weights_sum = sha256_of(weights / "model.bin")
        self._load = load
        self._kept = Kept(directory)
        self._say = say
        self._recognizer: Recognizer | None = None

    def words(self, recording: Recording) -> tuple[SpokenWord, ...]:
        """The words of the reference with their times in the recording.

        Those that the offline transcript lacks stand between their neighbours and are not `sure`.
        """
        return timed(_WORD.findall(recording.reference), self._heard(recording), recording.seconds)

    def _heard(self, recording: Recording) -> list[SpokenWord]:
        name = digest(self._weights_sum, recording.language, recording.samples.tobytes())
        if (kept := self._kept.read(name)) is not None:
            return [SpokenWord(*word) for word in kept]
        self._say(f"finding the times of the words, once: {recording.name}")
        words = self._transcribe(recording.samples, recording.language)
        self._kept.write(name, [(word.text, word.start, word.end) for word in words])
        return words

    def _transcribe(self, samples: Samples, language: str) -> list[SpokenWord]:
        self._recognizer = self._recognizer or self._load()
        words: list[SpokenWord] = []
        for start, end in stretches(samples):
            heard = self._recognizer.recognize(Request(samples[start:end], (language,), final=True))
            words += (
                SpokenWord(word.text.strip(), word.start, word.end).later(start / SAMPLE_RATE)
                for word in heard.words
            )
        return words


def stretches(samples: Samples) -> list[tuple[int, int]]:
    """Where to cut: sample ranges of 12 to 25 s, divided in the middle of the quietest 0.3 s."""
    window, least, longest = (round(seconds * SAMPLE_RATE) for seconds in (_WINDOW, _LEAST, _LONGEST))
    ranges, start = [], 0
    while len(samples) - start > longest:
        sums = np.cumsum(np.square(samples[start + least : start + longest], dtype=np.float64))
        cut = start + least + int(np.argmin(sums[window:] - sums[:-window])) + window // 2
        ranges.append((start, cut))
        start = cut
    return [*ranges, (start, len(samples))]


def timed(reference: Sequence[str], heard: Sequence[SpokenWord], seconds: float) -> tuple[SpokenWord, ...]:
    """The reference's words with the times of the words that were heard in their place."""
    partners = dict(align([HeardWord(text) for text in reference], [HeardWord(word.text) for word in heard]))
    words: list[SpokenWord] = []
    for index, text in enumerate(reference):
        if index in partners:
            word = heard[partners[index]]
            words.append(SpokenWord(text, word.start, word.end))
            continue
        before = words[-1].end if words else 0.0
        after = next(
            (heard[partners[i]].start for i in range(index + 1, len(reference)) if i in partners), seconds
        )
        middle = (before + max(before, after)) / 2
        words.append(SpokenWord(text, middle, middle, sure=False))
    return tuple(words)
