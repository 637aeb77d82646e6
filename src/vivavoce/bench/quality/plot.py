"""Error rates by language as bars: offline, and for each endpointing."""

from __future__ import annotations

from pathlib import Path

from vivavoce.bench.plot import new_figure
from vivavoce.bench.quality.run import Outcome

_GROUP = 0.8


def write_plot(path: Path, outcome: Outcome) -> None:
    """Write a PNG or SVG, as the name says. Raises ConfigurationError without matplotlib."""
    figure = new_figure(10, 4)
    axes = figure.subplots()
    bars = {
        f"streamed, endpointing {way.endpointing:g} s": [one.streamed[number] for one in outcome.by_language]
        for number, way in enumerate(outcome.ways)
    }
    offline = [one.offline for one in outcome.by_language if one.offline]
    if offline:
        bars = {"offline": offline, **bars}
    width = _GROUP / len(bars)
    for number, (label, errors) in enumerate(bars.items()):
        places = [place - _GROUP / 2 + (number + 0.5) * width for place in range(len(errors))]
        axes.bar(places, [100 * one.rate for one in errors], width, label=label)
    axes.set_xticks(range(len(outcome.by_language)), [one.language for one in outcome.by_language])
    axes.set(ylabel="errors in 100 words or characters")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path)
