"""Many figures as a few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.quantiles import spread


def test_quantiles_are_figures_that_were_measured() -> None:
    found = spread(range(1, 101))
    assert found
    assert (found.p50, found.p90, found.p95, found.p99, found.max, found.count) == (50, 90, 95, 99, 100, 100)


def test_of_one_figure_every_quantile_is_that_figure() -> None:
    found = spread([0.25])
    assert found
    assert (found.p50, found.p99, found.max) == (0.25, 0.25, 0.25)


def test_of_nothing_there_is_no_spread() -> None:
    assert spread([]) is None


@given(st.lists(st.floats(-10, 10), min_size=1))
def test_at_least_the_share_of_all_figures_is_no_larger_than_the_quantile(figures: list[float]) -> None:
    found = spread(figures)
    assert found
    for share, quantile in ((0.5, found.p50), (0.9, found.p90), (0.95, found.p95), (0.99, found.p99)):
        assert sum(value <= quantile for value in found.values) >= share * len(figures) - 1e-9
