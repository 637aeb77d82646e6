"""Load after load, each on a server that has just started, and servers side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from vivavoce.bench.accuracy import LONGEST, accuracy
from vivavoce.bench.capacity import largest
from vivavoce.bench.client import Ask
from vivavoce.bench.material import Recording
from vivavoce.bench.measure import Measurement, Target, measure
from vivavoce.bench.outcome import Outcome
from vivavoce.bench.report import accuracy_lines, lines, ratio
from vivavoce.bench.scenarios import Library, Scenario

_TRIES = 3
"""How often a load is measured, at most, while the machine stands still in between."""

Launch = Callable[[], AbstractContextManager[Target]]
"""Starts a server that has loaded its model, and stops it afterwards."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Runs loads, says what comes out and adds it to `outcome`.

    The first of `servers` is ours, with which the others are compared.
    """

    library: Library
    servers: Sequence[Launch]
    seed: int
    say: Callable[[str], None]
    outcome: Outcome

    def compare(self, scenario: Scenario) -> None:
        """The load on each server, one after the other."""
        ours, *others = [self._measure(launch, scenario) for launch in self.servers]
        for other in others:
            self.say(ratio(ours, other) + "\n")

    def capacity(self, scenario: Scenario, most: int) -> None:
        """Our largest number of sessions, up to `most`, with which all is well."""

        def is_well(sessions: int) -> bool:
            one = self._measure(self.servers[0], replace(scenario, sessions=sessions))
            self.say(f"{sessions} sessions: {'well' if one.is_well else 'too many'}\n")
            return one.is_well

        found = largest(is_well, scenario.sessions, most)
        self.outcome.capacities[scenario.name] = found
        self.say(f"capacity: {found} sessions\n")

    def accuracy(self, recordings: Sequence[Recording], ask: Ask) -> None:
        """Of the first server, over the recordings that are not too long."""
        with self.servers[0]() as target:
            one = accuracy(target, [each for each in recordings if each.seconds <= LONGEST], ask)
        self.outcome.accuracies.append(one)
        self.say("\n".join(["accuracy:", *accuracy_lines(one), ""]))

    def _measure(self, launch: Launch, scenario: Scenario) -> Measurement:
        tracks = self.library.tracks(scenario, self.seed)
        for _ in range(_TRIES):
            with launch() as target:
                one = measure(target, scenario, tracks)
            if not one.stood_still:
                break
            self.say("The machine stood still for seconds: the measurement counts for nothing.")
        self.outcome.measurements.append(one)
        self.say("\n".join([f"{scenario.name}:", *lines(one), ""]))
        return one
