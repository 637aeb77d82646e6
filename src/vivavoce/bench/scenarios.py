"""What is streamed: how many sessions, of what speech, asking for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vivavoce.bench.client import Ask
from vivavoce.bench.material import Recording
from vivavoce.bench.tracks import Speech, Track, call_like, reading, turns_of
from vivavoce.bench.truth import Truth

USUAL = Ask()
_ORDER = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """`sessions` at once, `seconds` each: conversations, or readings if `is_reading`."""

    name: str
    sessions: int
    is_reading: bool
    seconds: float = 60.0
    ask: Ask = USUAL


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("reading", sessions=1, is_reading=True),
        # Voice agents send what their transport gives them: frames of 20 ms, in Pipecat and in telephony.
        Scenario("agent", 1, is_reading=False, seconds=120.0, ask=Ask(endpointing=0.1, frame_seconds=0.02)),
        Scenario("readings", sessions=8, is_reading=True),
        Scenario("calls", sessions=30, is_reading=False),
    )
}
"""What `make bench` measures."""


class Library:
    """Recordings, of which as many as are needed get word times, and the tracks made of them."""

    def __init__(self, recordings: Sequence[Recording], truth: Truth) -> None:
        shuffled = np.random.default_rng(_ORDER).permutation(len(recordings))
        self._unknown = [recordings[index] for index in shuffled]
        self._truth = truth
        self._speech: list[Speech] = []

    def tracks(self, scenario: Scenario, seed: int) -> list[Track]:
        """One for each session, each another; the same ones for the same recordings and seed."""
        count = scenario.sessions
        self._know(scenario.seconds * count)
        if scenario.is_reading:
            return [reading(self._speech, scenario.seconds, number, count) for number in range(count)]
        turns = [turn for speech in self._speech for turn in turns_of(speech)]
        return [call_like(turns, scenario.seconds, seed * 1000 + number) for number in range(count)]

    def _know(self, seconds: float) -> None:
        """Find the word times of recordings of that many seconds altogether, or of all."""
        while self._unknown and sum(one.seconds for one in self._speech) < seconds:
            recording = self._unknown.pop()
            self._speech.append(Speech(recording.samples, self._truth.words(recording)))
