"""Speech for the machines of `vivavoce.speech`: windows, their probabilities, and one who hears words."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vivavoce.protocol.stream import (
    Context,
    Draft,
    Final,
    Hypothesis,
    Partial,
    SpeechEnd,
    SpeechStart,
    Utterance,
    Word,
)
from vivavoce.speech.endpointing import WINDOW, Closed, Endpointer, Endpointing, Event
from vivavoce.speech.language import LanguagePolicy
from vivavoce.speech.outputs import Cancel, Decode, Output, Settled
from vivavoce.speech.track import Track

LOUD, SOFT = -20.0, -60.0
EIGHT_SECONDS = Context(8.0, 100)
Hear = Callable[[Decode], Hypothesis]


@dataclass(frozen=True, slots=True)
class Sound:
    """So many windows of one speech probability and one level (dBFS)."""

    windows: int
    probability: float
    level: float = LOUD


def speech(windows: int, level: float = LOUD) -> Sound:
    return Sound(windows, 1.0, level)


def silence(windows: int) -> Sound:
    return Sound(windows, 0.0, SOFT)


def endpointing(seconds: float = 0.3, maximum: float = 5.0, threshold: float = 0.6) -> Endpointing:
    return Endpointing.from_seconds(endpointing=seconds, maximum=maximum, speech_threshold=threshold)


def events(settings: Endpointing, *sounds: Sound, flush: bool = False) -> list[tuple[int, Event]]:
    """What an `Endpointer` says, each with the number of windows that it had heard by then."""
    endpointer = Endpointer(settings)
    said: list[tuple[int, Event]] = []
    heard = 0
    for sound in sounds:
        for _ in range(sound.windows):
            heard += 1
            if event := endpointer.push(sound.probability, sound.level):
                said.append((heard, event))
    closed: Closed | None = endpointer.flush() if flush else None
    return [*said, (heard, closed)] if closed else said


def count_windows(decode: Decode) -> Hypothesis:
    """Hears one word, which says where the audio begins and how long it is, in windows."""
    first, length = decode.start / WINDOW, len(decode.audio) / WINDOW
    word = Word(f" {first:g}+{length:g}", 0.0, len(decode.audio) / 16_000, 1.0)
    return Hypothesis("en", 1.0, (word,))


def nothing(decode: Decode) -> Hypothesis:
    return Hypothesis("en", 1.0, ())


def checksum(decode: Decode) -> Hypothesis:
    """Hears what depends on all that it is given, and is not always sure of the language."""
    given = [part.tobytes() for part in (decode.before, decode.audio, decode.after) if part is not None]
    chance = random.Random(
        zlib.crc32(b"".join([*given, repr((decode.said_before, decode.expected)).encode()]))
    )
    if len(decode.languages) == 1:
        language, probability = decode.languages[0], 1.0
    else:
        language, probability = chance.choice(decode.languages or ("en", "fr", "de")), chance.random()
    seconds = len(decode.audio) / 16_000
    count = chance.choice([0, 1, 1, 2, 3])
    words = (
        Word(f" {language}{chance.randrange(1000)}", seconds * n / count, seconds * (n + 1) / count, 0.5)
        for n in range(count)
    )
    draft = Draft("checksum", tuple(range(chance.randrange(3))))
    return Hypothesis(language, probability, tuple(words), draft)


@dataclass(slots=True)
class Listener:
    """Drives a track. What it asks for waits in `pending` until `answer` is called."""

    track: Track
    hear_words: Hear = count_windows
    outputs: list[Output] = field(default_factory=list)
    pending: list[Decode] = field(default_factory=list)
    cancelled: list[Decode] = field(default_factory=list)
    asked: list[Decode] = field(default_factory=list)
    chunks: list[NDArray[np.float32]] = field(default_factory=list)

    def hear(self, *sounds: Sound, chunk: int = 1) -> list[Output]:
        """Hear sounds, so many windows at once; returns what came of it."""
        windows, probabilities = record(*sounds, offset=sum(map(len, self.chunks)))
        before = len(self.outputs)
        for at in range(0, len(windows), chunk):
            self.advance(windows[at : at + chunk], probabilities[at : at + chunk])
        return self.outputs[before:]

    def hear_and_answer(self, *sounds: Sound) -> None:
        """Hear sounds window by window; every request is answered at once."""
        windows, probabilities = record(*sounds, offset=sum(map(len, self.chunks)))
        for at in range(len(windows)):
            self.advance(windows[at : at + 1], probabilities[at : at + 1])
            self.answer_all()

    def advance(self, windows: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        self.chunks.append(windows)
        self._take(self.track.advance(windows, probabilities))

    def flush(self) -> list[Output]:
        return self._take(self.track.flush())

    def answer(self, decode: Decode | None = None) -> list[Output]:
        """Answer a request, the oldest if none is given."""
        decode = decode or self.pending[0]
        if decode in self.pending:
            self.pending.remove(decode)
        return self._take(self.track.decoded(decode, self.hear_words(decode)))

    def answer_all(self) -> list[Output]:
        before = len(self.outputs)
        while self.pending:
            self.answer()
        return self.outputs[before:]

    def _take(self, outputs: object) -> list[Output]:
        new: list[Output] = list(outputs)  # type: ignore[call-overload]
        for output in new:
            if isinstance(output, Decode):
                self.pending.append(output)
                self.asked.append(output)
            elif isinstance(output, Cancel):
                self.cancelled.append(output.decode)
        self.outputs += new
        return new

    # What can be seen

    @property
    def audio(self) -> NDArray[np.float32]:
        """All samples that were heard."""
        return np.concatenate(self.chunks).reshape(-1)

    @property
    def finals(self) -> list[Utterance]:
        return [output.utterance for output in self.outputs if isinstance(output, Settled)]

    @property
    def known(self) -> dict[str, Final]:
        """The finals, as they are known after a restart."""
        settled = [output for output in self.outputs if isinstance(output, Settled)]
        return {one.utterance.id: Final(one.utterance, 0, one.draft) for one in settled}

    @property
    def texts(self) -> list[str]:
        """Of the finals."""
        return [final.text for final in self.finals]

    @property
    def partials(self) -> list[Utterance]:
        return [output.utterance for output in self.outputs if isinstance(output, Partial)]

    @property
    def wanted_finals(self) -> list[Decode]:
        return [decode for decode in self.asked if decode.final]

    @property
    def wanted_partials(self) -> list[Decode]:
        return [decode for decode in self.asked if not decode.final]

    @property
    def boundaries(self) -> list[SpeechStart | SpeechEnd]:
        return [output for output in self.outputs if isinstance(output, SpeechStart | SpeechEnd)]


def listener(
    settings: Endpointing | None = None,
    hear_words: Hear = count_windows,
    *,
    languages: Sequence[str] = ("en",),
    code_switching: bool = False,
    partials: bool = False,
    known: Mapping[str, Final] | None = None,
    channel: int = 0,
    context: Context = EIGHT_SECONDS,
) -> Listener:
    policy = LanguagePolicy(languages, code_switching=code_switching)
    track = Track(channel, settings or endpointing(), policy, partials=partials, known=known, context=context)
    return Listener(track, hear_words)


def record(*sounds: Sound, offset: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windows (n, 512) of noise at the levels of `sounds`, no two alike, and their probabilities (n,)."""
    levels = np.array([s.level for s in sounds for _ in range(s.windows)])
    probabilities = np.array([s.probability for s in sounds for _ in range(s.windows)], np.float32)
    noise = np.random.default_rng(offset).uniform(-1, 1, (len(levels), WINDOW))
    windows = noise * (np.sqrt(3) * 10 ** (levels[:, None] / 20))
    return windows.astype(np.float32), probabilities
