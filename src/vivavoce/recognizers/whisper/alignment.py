"""When tokens were said: dynamic time warping over what the decoder's alignment heads looked at.

Source: Whisper's word timestamps (github.com/openai/whisper, `timing.py`): the attention of each head is
normalised over the tokens, smoothed over time by a median, averaged, and the cheapest monotonic path taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Steps of 40 ms: about as long as the 7 steps of 20 ms in Whisper.
_MEDIAN = 3
_LEAST = 1e-9


def token_steps(attention: NDArray[np.float32], prompt: int) -> NDArray[np.int64]:
    """At which step of the audio each row of `attention` (heads, rows, steps) begins; never falls.

    The first `prompt` rows have no time; they only show what is usual.
    """
    shares = attention / attention.sum(axis=-1, keepdims=True)
    normal = (shares - shares.mean(axis=1, keepdims=True)) / (shares.std(axis=1, keepdims=True) + _LEAST)
    return warped(-_smooth(normal[:, prompt:]).mean(axis=0))


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Running median over the last axis; the edges are mirrored."""
    reach = min(_MEDIAN // 2, values.shape[-1] - 1)
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-1)
    return np.asarray(np.partition(windows, reach, axis=-1)[..., reach])


def warped(cost: NDArray[np.floating]) -> NDArray[np.int64]:
    """The first column of each row on the cheapest path through `cost` (rows, columns).

    The path leads from the first cell to the last by steps to the right, down, or both.
    """
    rows, columns = cost.shape
    total = np.cumsum(cost[0], dtype=np.float64)
    came_down = np.zeros((rows, columns), np.int64)  # 0: from the left; 1: from above; 2: from above and left
    for row in range(1, rows):
        above_left = np.concatenate([[np.inf], total[:-1]])
        entered = np.minimum(total, above_left)
        # Entering the row at column j and then going right to k costs entered[j] + cost[j..k]; the best j for
        # every k at once is a running minimum over differences of the running sum.
        sums = np.cumsum(cost[row], dtype=np.float64)
        gain = entered - np.concatenate([[0.0], sums[:-1]])
        lowest = np.minimum.accumulate(gain)
        came_down[row] = np.where(gain > lowest, 0, np.where(total < above_left, 1, 2))
        total = sums + lowest
    first = np.zeros(rows, np.int64)
    row, column = rows - 1, columns - 1
    while row > 0:
        # The last column at or before this one where the path came down into the row.
        column = int(np.flatnonzero(came_down[row, : column + 1])[-1])
        first[row] = column
        column -= int(came_down[row, column] == 2)
        row -= 1
    return first
