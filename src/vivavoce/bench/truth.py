"""When each word of a recording is said, found out once, offline, and kept.

The recording is transcribed with Whisper's full context and a beam of 5, word times included; the words
of the reference take the times of those that they are aligned with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vivavoce.bench.material import SAMPLE_RATE, Recording, Samples
from vivavoce.bench.words import HeardWord, SpokenWord, align
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.weights import sha256_of

_BEAM = 5
_LONGEST = 25.0
_LEAST = 12.0
_WINDOW = 0.3

# Dashes join no words.
_WORD = re.compile(r"(?:[^\s—–-]|(?<!-)-(?!-))+")

Transcribe = Callable[[Samples], list[SpokenWord]]


class Truth:
    """Word times of recordings, kept as JSON in `directory`, by the sums of audio and model."""

    def __init__(self, files: ModelFiles, directory: Path, say: Callable[[str], None]) -> None:
        """`say` hears what takes long."""
        self._files = files
        self._directory = directory
        self._model_sum = sha256_of(files.directory / "model.bin")
        self._transcribe: Transcribe | None = None
        self._say = say

    def words(self, recording: Recording) -> tuple[SpokenWord, ...]:
        """The words of the reference with their times in the recording.

        Those that the offline transcript lacks stand between their neighbours and are not `sure`.
        """
        return timed(_WORD.findall(recording.reference), self._heard(recording), recording.seconds)

    def _heard(self, recording: Recording) -> list[SpokenWord]:
        digest = hashlib.sha256(self._model_sum.encode() + recording.samples.tobytes()).hexdigest()
        path = self._directory / f"{digest}.json"
        if path.is_file():
            return [SpokenWord(*word) for word in json.loads(path.read_text(encoding="utf-8"))]
        self._say(f"finding the times of the words, once: {recording.name}")
        if self._transcribe is None:
            self._transcribe = offline(self._files)
        words = self._transcribe(recording.samples)
        self._directory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([(word.text, word.start, word.end) for word in words]), encoding="utf-8")
        return words


def offline(files: ModelFiles) -> Transcribe:
    """A transcriber of whole recordings, cut at quiet places where they are longer than the context."""
    from vivavoce.recognizers.whisper.context import FULL_CONTEXT
    from vivavoce.recognizers.whisper.model import LONGEST_TEXT, WhisperModel

    model = WhisperModel(files.directory, threads=1, compute_type="int8")

    def transcribe(samples: Samples) -> list[SpokenWord]:
        words: list[SpokenWord] = []
        for start, end in stretches(samples):
            encoded = model.encode(samples[start:end], FULL_CONTEXT)
            [decoding] = model.decode([encoded], ["en"], beam_size=_BEAM, max_tokens=LONGEST_TEXT)
            words += (
                SpokenWord(word.text.strip(), word.start, word.end).later(start / SAMPLE_RATE)
                for word in model.words(encoded, "en", decoding.tokens)
            )
        return words

    return transcribe


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
