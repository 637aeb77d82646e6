"""How much is on a page of the list."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.server.listing import within


@given(st.lists(st.integers(0, 100)), st.integers(0, 300))
def test_a_page_is_as_long_as_fits_and_never_empty(sizes: list[int], most: int) -> None:
    count = within(sizes, most)
    assert count >= min(1, len(sizes))
    assert count <= 1 or sum(sizes[:count]) <= most
    assert all(total > most for total in list(accumulate(sizes))[max(1, count) :])
