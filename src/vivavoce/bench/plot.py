"""Measurements as curves: what share of the words or utterances came within how many seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vivavoce.bench.measure import Measurement
from vivavoce.errors import ConfigurationError

_PANELS = {
    "shown": "words on the screen",
    "stable": "words that stay as they are",
    "close": "finals, after endpointing",
}
_SHOWN = (-0.5, 4.0)
"""Seconds. A word may be guessed before its last sound."""


def write_plot(path: Path, measurements: Sequence[Measurement]) -> None:
    """Write a PNG or SVG, as the name says. Raises ConfigurationError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ConfigurationError("the plot needs matplotlib: pip install 'vivavoce[bench]'") from error
    figure = Figure(figsize=(12, 4), layout="constrained")
    for axes, (name, title) in zip(
        figure.subplots(1, len(_PANELS), sharey=True), _PANELS.items(), strict=True
    ):
        for one in measurements:
            spread = getattr(one, name)
            if spread:
                shares = [(rank + 1) / spread.count for rank in range(spread.count)]
                axes.step(spread.values, shares, where="post", label=f"{one.target}: {one.scenario}")
        axes.set(title=title, xlabel="seconds", xlim=_SHOWN, ylim=(0, 1))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("share")
    figure.axes[0].legend(loc="lower right", fontsize="small")
    figure.savefig(path)
