"""All that one run of the benchmark found out, and that as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vivavoce.bench.accuracy import Accuracy
from vivavoce.bench.measure import Measurement
from vivavoce.bench.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Outcome:
    """Filled while the run goes on. `capacities`: sessions, by the name of the load."""

    surroundings: Surroundings
    measurements: list[Measurement] = field(default_factory=list)
    accuracies: list[Accuracy] = field(default_factory=list)
    capacities: dict[str, int] = field(default_factory=dict)

    def write_json(self, path: Path) -> None:
        """Every figure and every text, with the machine, the versions and the settings."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
