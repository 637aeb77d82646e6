"""What a client sends: a conversation's one side, about half of it speech, or one continuous reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from vivavoce.bench.material import SAMPLE_RATE, Samples
from vivavoce.bench.words import SpokenWord

_SHORTEST_TURN = 1.0
_LONGEST_TURN = 8.0
_BEFORE, _AFTER = 0.1, 0.25
_FADE = 0.02
_NOISE = 10 ** (-66 / 20)
_LOUDNESS = 10 ** (-26 / 20)
_TAIL = 1.5
"""Seconds without speech at the end, so that the last final does not come because of the end."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """Samples (float32, 16 kHz) and the words in them, with times of these samples."""

    samples: Samples
    words: tuple[SpokenWord, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of speech: its words, with times of the track."""

    words: tuple[SpokenWord, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What one client sends: float32, shape (samples,), 16 kHz, and the turns in it."""

    samples: Samples
    turns: tuple[Turn, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        return tuple(word for turn in self.turns for word in turn.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def speech_seconds(self) -> float:
        return sum(turn.end - turn.start for turn in self.turns)

    @property
    def pcm(self) -> bytes:
        """16 bit little-endian."""
        return (self.samples.clip(-1, 1) * 32_767).astype("<i2").tobytes()


def turns_of(speech: Speech) -> list[Speech]:
    """A recording's speech, divided at its longest pauses until no turn is longer than 8 s."""
    return [_cut(speech, first, last) for first, last in pairwise(_boundaries(speech.words))]


def call_like(turns: Sequence[Speech], seconds: float, seed: int) -> Track:
    """Turns in an order of the seed's, each followed by about as much silence, in low noise.

    About half of the track is speech, but for its beginning: that lies somewhere in a conversation, since
    calls that are carried together did not start together, and what is left of a turn there is silence. The
    order, the silences and the noise depend on the seed alone.
    """
    random = np.random.default_rng(seed)
    parts: list[tuple[float, Speech]] = []
    at = float(random.uniform(-2 * _LONGEST_TURN, 0))
    while True:
        for index in random.permutation(len(turns)):
            if at + turns[index].seconds + _TAIL > seconds:
                return _mixed(parts, seconds, random)
            if at >= 0:
                parts.append((at, turns[index]))
            at += turns[index].seconds * float(1 + random.uniform(0.6, 1.2))


def reading(recordings: Sequence[Speech], seconds: float, number: int, count: int = 1) -> Track:
    """Recordings one after the other, as they are, up to `seconds` or until all was read once.

    The `number`th of `count` readings begins with the turn so far into the material.
    """
    turns = [(one, first, last) for one in recordings for first, last in pairwise(_boundaries(one.words))]
    begin = number * len(turns) // count
    parts: list[tuple[float, Speech]] = []
    at = 0.0
    for speech, group in groupby([*turns[begin:], *turns[:begin]], key=lambda turn: turn[0]):
        spans = list(group)
        fitting = [_cut(speech, spans[0][1], last) for _, _, last in spans]
        fitting = [one for one in fitting if at + one.seconds + _TAIL <= seconds]
        if fitting:
            parts.append((at, fitting[-1]))
            at += fitting[-1].seconds
        if len(fitting) < len(spans):
            break
    return _mixed(parts, at + _TAIL, np.random.default_rng(number))


def _boundaries(words: Sequence[SpokenWord]) -> list[int]:
    """Where turns begin, as indices of words, and the number of words."""
    return [*_divided(words, 0, len(words)), len(words)]


def _divided(words: Sequence[SpokenWord], first: int, last: int) -> list[int]:
    if words[last - 1].end - words[first].start <= _LONGEST_TURN:
        return [first]
    pauses = {
        index: words[index].start - words[index - 1].end
        for index in range(first + 1, last)
        if words[index - 1].end - words[first].start >= _SHORTEST_TURN
        and words[last - 1].end - words[index].start >= _SHORTEST_TURN
    }
    if not pauses:
        return [first]
    cut = max(pauses, key=lambda index: pauses[index])
    return [*_divided(words, first, cut), *_divided(words, cut, last)]


def _cut(speech: Speech, first: int, last: int) -> Speech:
    """The words from `first` to before `last`, with a little of what surrounds them but no other word."""
    words = speech.words
    earliest = words[first - 1].end if first else 0.0
    latest = words[last].start if last < len(words) else speech.seconds
    start = max(words[first].start - _BEFORE, min(earliest, words[first].start))
    end = min(words[last - 1].end + _AFTER, max(latest, words[last - 1].end))
    samples = speech.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)].copy()
    fade = np.linspace(0, 1, min(round(_FADE * SAMPLE_RATE), len(samples)), dtype=np.float32)
    samples[: len(fade)] *= fade
    samples[len(samples) - len(fade) :] *= fade[::-1]
    return Speech(samples, tuple(word.later(-start) for word in words[first:last]))


def _as_loud_as_others(samples: Samples) -> Samples:
    """Collections hold recordings of very different loudness, some hardly above the noise that is added."""
    gain = _LOUDNESS / max(float(np.sqrt(np.mean(np.square(samples)))), _NOISE)
    return samples * np.float32(min(gain, 1 / max(float(np.abs(samples).max()), _NOISE)))


def _mixed(parts: Sequence[tuple[float, Speech]], seconds: float, random: np.random.Generator) -> Track:
    samples = (_NOISE * random.standard_normal(round(seconds * SAMPLE_RATE))).astype(np.float32)
    turns = []
    for at, speech in parts:
        first = round(at * SAMPLE_RATE)
        samples[first : first + len(speech.samples)] += _as_loud_as_others(speech.samples)
        turns.append(Turn(tuple(word.later(at) for word in speech.words)))
    return Track(samples, tuple(turns))
