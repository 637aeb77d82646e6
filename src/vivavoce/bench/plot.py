"""Measurements as curves: what share of the words or utterances came within how many seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.bench.measure import Measurement
from vivavoce.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANELS = {
    "shown": "words on the screen",
    "stable": "words that stay as they are",
    "close": "finals, after endpointing",
}
_SHOWN = (-0.5, 4.0)
"""Seconds. A word may be guessed before its last sound."""


def write_plot(path: Path, measurements: Sequence[Measurement]) -> None:
    """Write a PNG or SVG, as the name says. Raises ConfigurationError without matplotlib."""
    figure = new_figure(12, 4)
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


def new_figure(width: float, height: float) -> Figure:
    """Inches. Raises ConfigurationError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ConfigurationError("the plot needs matplotlib; in the checkout: tools/setup dev") from error
    return Figure(figsize=(width, height), layout="constrained")
