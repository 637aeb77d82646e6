"""Scenario after scenario, each against a server that has just started, and servers side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from vivavoce.bench.accuracy import LONGEST, Accuracy, accuracy
from vivavoce.bench.capacity import largest
from vivavoce.bench.client import Ask
from vivavoce.bench.material import Recording
from vivavoce.bench.measure import Measurement, Target, measure
from vivavoce.bench.report import lines, ratio
from vivavoce.bench.scenarios import Library, Scenario

Launch = Callable[[], AbstractContextManager[Target]]
"""Starts a server that has loaded its model, and stops it afterwards."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What all measurements share. The first of `servers` is the one that the others are compared with."""

    library: Library
    servers: Sequence[Launch]
    seed: int
    say: Callable[[str], None]

    def compare(self, scenario: Scenario) -> list[Measurement]:
        """The scenario on each server, one after the other."""
        measurements = [self._measure(launch, scenario) for launch in self.servers]
        for other in measurements[1:]:
            self.say(ratio(measurements[0], other))
        return measurements

    def capacity(self, scenario: Scenario, most: int) -> tuple[int, list[Measurement]]:
        """The largest number of sessions with which all is well, and every step on the way to it."""
        steps: list[Measurement] = []

        def is_well(sessions: int) -> bool:
            steps.append(self._measure(self.servers[0], replace(scenario, sessions=sessions)))
            self.say(f"{sessions} sessions: {'well' if steps[-1].is_well else 'too many'}\n")
            return steps[-1].is_well

        return largest(is_well, scenario.sessions, most), steps

    def accuracy(self, recordings: Sequence[Recording], ask: Ask) -> Accuracy:
        """Of the first server, over the recordings that are not too long."""
        with self.servers[0]() as target:
            one = accuracy(target, [each for each in recordings if each.seconds <= LONGEST], ask)
        self.say(f"accuracy: WER {one.error_rate:.2%} of the finals of {one.recordings} recordings")
        for loss in one.losses:
            self.say(f"LOST: {loss}")
        return one

    def _measure(self, launch: Launch, scenario: Scenario) -> Measurement:
        tracks = self.library.tracks(scenario, self.seed)
        with launch() as target:
            one = measure(target, scenario, tracks)
        self.say("\n".join([f"{scenario.name}:", *lines(one), ""]))
        return one
