"""Many figures as a few."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `count` figures: quantiles by nearest rank (no interpolation), the largest, and all, rising."""

    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    count: int
    values: tuple[float, ...]


def spread(figures: Iterable[float]) -> Spread | None:
    """None of no figures."""
    ordered = sorted(round(figure, 4) for figure in figures)
    if not ordered:
        return None

    def at(percent: int) -> float:
        return ordered[-(-len(ordered) * percent // 100) - 1]

    return Spread(at(50), at(90), at(95), at(99), ordered[-1], len(ordered), tuple(ordered))
