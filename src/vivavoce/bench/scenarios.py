"""What is streamed: how many sessions, of what speech, asking for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.bench.client import Ask
from vivavoce.bench.material import Recording
from vivavoce.bench.tracks import Speech, Track, call_like, reading, turns_of
from vivavoce.bench.truth import Truth

USUAL = Ask()


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
        Scenario("agent", sessions=1, is_reading=False, seconds=120.0, ask=Ask(endpointing=0.1)),
        Scenario("readings", sessions=8, is_reading=True),
        Scenario("calls", sessions=30, is_reading=False),
    )
}
"""What `make bench` measures."""


class Library:
    """Recordings whose word times are known, and the tracks made of them."""

    def __init__(self, recordings: Sequence[Recording], truth: Truth) -> None:
        self._speech = [Speech(one.samples, truth.words(one)) for one in recordings]
        self._turns = [turn for speech in self._speech for turn in turns_of(speech)]

    def tracks(self, scenario: Scenario, seed: int) -> list[Track]:
        """One for each session, each another."""
        count = scenario.sessions
        if scenario.is_reading:
            return [reading(self._speech, scenario.seconds, number, count) for number in range(count)]
        return [call_like(self._turns, scenario.seconds, seed * 1000 + number) for number in range(count)]
