"""Whatever bytes come from outside, the parts that take them keep their promises."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuzz.corpus import SEEDS
from fuzz.parts import PARTS


@pytest.mark.parametrize("part", PARTS)
def test_whatever_bytes_come_a_part_keeps_its_promises(part: str) -> None:
    seeds = st.sampled_from(SEEDS[part])
    cut = st.builds(
        lambda seed, at, more: seed[:at] + more + seed[at:], seeds, st.integers(0, 300), st.binary(max_size=9)
    )

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(cut | st.binary(max_size=600))
    @example(b"")
    def holds(data: bytes) -> None:
        PARTS[part](data)

    holds()
