"""How far an error rate may be off because the recordings are these and no others: pure.

Percentile bootstrap over recordings (Bisani and Ney 2004, "Bootstrap estimates for confidence intervals in
ASR performance evaluation"): the words of a recording, and what two ways make of it, stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivavoce.bench.error_rate import Errors

_DRAWS = 10_000
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where 95 % of the drawn rates, or of their differences, lie."""

    low: float
    high: float


def rate_interval(each: Sequence[Errors]) -> Interval | None:
    """Of the rate over recordings with these errors; None of fewer than two, which tell nothing."""
    return _interval(_drawn_rates(each)) if len(each) > 1 else None


def difference_interval(each: Sequence[Errors], reference: Sequence[Errors]) -> Interval | None:
    """Of how much the rate is above that of `reference`, the same recordings in the same order."""
    return _interval(_drawn_rates(each) - _drawn_rates(reference)) if len(each) > 1 else None


def _interval(drawn: NDArray[np.float64]) -> Interval | None:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return None
    low, high = np.quantile(known, _TAILS)
    return Interval(float(low), float(high))


def _drawn_rates(each: Sequence[Errors]) -> NDArray[np.float64]:
    """Always the same draws of so many recordings; not a number where no drawn one has words."""
    count = len(each)
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), _DRAWS)
    wrong, of = (draws @ np.array([(one.wrong, one.of) for one in each])).T
    rates: NDArray[np.float64] = np.divide(wrong, of, out=np.full(_DRAWS, np.nan), where=of > 0)
    return rates
