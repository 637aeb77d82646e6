"""When tokens were said, against a plain dynamic program and a planted path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from vivavoce.recognizers.whisper.alignment import token_steps, warped

costs = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9), elements=st.integers(-9, 9)
)


def _least(cost: NDArray[np.int64]) -> int:
    """What the cheapest path costs, cell by cell."""
    total: dict[tuple[int, int], int] = {}
    for (row, column), value in np.ndenumerate(cost):
        came_from = [(row - 1, column), (row, column - 1), (row - 1, column - 1)]
        known = [total[cell] for cell in came_from if cell in total]
        total[row, column] = int(value) + min(known, default=0)
    return total[cost.shape[0] - 1, cost.shape[1] - 1]


def _cost(cost: NDArray[np.int64], first: NDArray[np.int64]) -> int:
    """What the cheapest path costs that enters each row at its `first` column."""
    total = 0
    for row, (start, after) in enumerate(pairwise([*first, cost.shape[1]])):
        total += int(cost[row, start:after].sum())
        if row + 1 < len(first):
            # From the cell above the next row's first; from left above, unless this row began there too.
            above = int(cost[row, after])
            total += above if after == start else min(above, 0)
    return total


@given(cost=costs)
def test_the_path_is_the_cheapest(cost: NDArray[np.int64]) -> None:
    assert _cost(cost, warped(cost.astype(np.float32))) == _least(cost)


@given(cost=costs)
def test_the_path_begins_at_the_first_step_and_never_goes_back(cost: NDArray[np.int64]) -> None:
    first = warped(cost.astype(np.float32))
    assert first[0] == 0
    assert len(first) == cost.shape[0]
    assert (np.diff(first) >= 0).all()
    assert first[-1] < cost.shape[1]


@pytest.mark.parametrize("prompt", [0, 3])
@given(lengths=st.lists(st.integers(8, 30), min_size=2, max_size=12), seed=st.integers(0, 99))
def test_tokens_begin_where_their_attention_does(prompt: int, lengths: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    begins = np.cumsum([0, *lengths])
    attention = random.uniform(0.5, 1.0, (4, prompt + len(lengths), begins[-1])).astype(np.float32)
    for row, (start, after) in enumerate(pairwise(begins)):
        attention[:, prompt + row, start:after] += 5.0
    assert np.abs(token_steps(attention, prompt) - begins[:-1]).max() <= 1


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_moment_of_audio_has_room_for_any_text(steps: int) -> None:
    attention = np.random.default_rng(0).random((2, 9, steps)).astype(np.float32)
    begins = token_steps(attention, 3)
    assert len(begins) == 6
    assert begins.max() < steps
