"""How sure error rates are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.error_rate import Errors, total
from vivavoce.bench.quality.intervals import Interval, difference_interval, rate_interval

RECORDINGS = st.lists(
    st.integers(1, 50).flatmap(lambda of: st.builds(Errors, st.integers(0, of), st.just(of))), min_size=2
)


@given(RECORDINGS)
def test_an_interval_lies_between_the_best_and_the_worst_recording(each: list[Errors]) -> None:
    within = rate_interval(each)
    assert within
    rates = [one.rate for one in each]
    assert min(rates) - 1e-9 <= within.low <= within.high <= max(rates) + 1e-9
    assert rate_interval(each) == within


@given(RECORDINGS)
def test_what_is_as_wrong_in_every_recording_does_not_differ_at_all(each: list[Errors]) -> None:
    assert difference_interval(each, each) == Interval(0.0, 0.0)


def test_a_difference_is_surer_than_the_two_rates_since_the_recordings_are_the_same() -> None:
    offline = [Errors(wrong, 100) for wrong in range(0, 50, 2)]
    streamed = [Errors(one.wrong + 5, 100) for one in offline]
    within, above = rate_interval(streamed), difference_interval(streamed, offline)
    assert within
    assert above
    assert (above.low, above.high) == pytest.approx((0.05, 0.05))
    assert within.high - within.low > 0.1


def test_the_interval_is_that_of_the_binomial_where_recordings_have_one_word() -> None:
    within = rate_interval([Errors(1, 1)] * 20 + [Errors(0, 1)] * 80)
    assert within
    # 0.2 and 1.96 standard deviations of sqrt(0.2 * 0.8 / 100).
    assert (within.low, within.high) == pytest.approx((0.12, 0.28), abs=0.011)


def test_few_recordings_tell_less_than_many_like_them() -> None:
    five = [Errors(wrong, 20) for wrong in (0, 1, 3, 4, 12)]
    few, many = rate_interval(five), rate_interval(five * 20)
    assert few
    assert many
    assert total(five).rate == total(five * 20).rate == 0.2
    assert few.low < many.low < 0.2 < many.high < few.high


@pytest.mark.parametrize("each", [[], [Errors(1, 3)], [Errors(0, 0), Errors(2, 0)]])
def test_nothing_is_known_of_one_recording_or_of_none_with_words(each: list[Errors]) -> None:
    assert rate_interval(each) is None
    assert difference_interval(each, each) is None
