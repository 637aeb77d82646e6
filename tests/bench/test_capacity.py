"""The largest number of sessions that a server carries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.capacity import largest


@given(st.integers(0, 300), st.integers(1, 64), st.integers(1, 256))
def test_the_number_found_is_carried_and_an_eighth_off_at_most(true: int, first: int, most: int) -> None:
    found = largest(lambda sessions: sessions <= true, first, most)
    reachable = min(true, most)
    assert found <= reachable
    assert reachable - found <= found // 8


@given(st.integers(0, 300), st.integers(1, 64), st.integers(1, 256))
def test_no_number_is_tried_twice_and_few_are(true: int, first: int, most: int) -> None:
    tried: list[int] = []

    def is_well(sessions: int) -> bool:
        tried.append(sessions)
        return sessions <= true

    largest(is_well, first, most)
    assert len(set(tried)) == len(tried) <= 14
    assert all(1 <= sessions <= most for sessions in tried)
