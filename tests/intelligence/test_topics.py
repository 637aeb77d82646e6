"""Where topics change: pure, with vectors that are made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.talks import talk
from vivavoce.intelligence.passages import Passage, passages_of
from vivavoce.intelligence.topics import topics_of

LINE = "The quick clever fox jumps over seven lazy brown dogs"


def passages(count: int, announcing: int | None = None) -> list[Passage]:
    lines = [f"{'Next topic, hens: ' if n == announcing else ''}{LINE} {n}." for n in range(count)]
    return passages_of(talk("\n".join(lines)))


def around(topics: list[int], noise: float) -> np.ndarray:
    """A vector of length one for each passage, near to the others of its topic."""
    rng = np.random.default_rng(7)
    centres = np.eye(64)[topics]
    vectors = centres + noise * rng.standard_normal(centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def topics(said: list[Passage], vectors: np.ndarray) -> list[range]:
    return topics_of(said, range(len(said)), vectors)


def test_a_topic_ends_where_the_next_passages_mean_something_else() -> None:
    vectors = around([0] * 8 + [1] * 6 + [2] * 9, noise=0.1)
    assert topics(passages(23), vectors) == [range(8), range(8, 14), range(14, 23)]


def test_one_passage_about_something_else_is_no_topic() -> None:
    vectors = around([0] * 10 + [1] + [0] * 10, noise=0.05)
    assert topics(passages(21), vectors) == [range(21)]


def test_talk_about_everything_is_one_topic() -> None:
    assert topics(passages(40), around(list(range(40)), noise=0.1)) == [range(40)]


def test_an_announcement_makes_a_topic_of_what_alone_would_be_none() -> None:
    vectors = around([0] * 10 + [1] * 10, noise=0.7)
    assert topics(passages(20), vectors) == [range(20)]
    assert topics(passages(20, announcing=10), vectors) == [range(10), range(10, 20)]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_short_talk_has_one_topic(count: int) -> None:
    found = topics(passages(count), around(list(range(count)), noise=0.1))
    assert found == ([range(count)] if count else [])


@given(st.lists(st.integers(0, 3), max_size=60), st.floats(0.01, 1.0))
def test_topics_cover_all_passages_in_order(of_passages: list[int], noise: float) -> None:
    found = topics(passages(len(of_passages)), around(of_passages, noise))
    assert [n for topic in found for n in topic] == list(range(len(of_passages)))
    assert all(found)


def test_hours_of_talk_have_a_bounded_number_of_topics() -> None:
    vectors = around([n // 5 for n in range(300)], noise=0.01)
    assert len(topics(passages(300), vectors)) <= 3 + 300 * (11 * 0.35 + 0.6) / 120
