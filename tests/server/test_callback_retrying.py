"""When what failed is tried again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.server.callbacks.retrying import Answer, Failure, Retrying
from vivavoce.storage.records import Dead, Delivered, Waiting

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RETRYING = Retrying(backoff=timedelta(seconds=1), persistence=DAY)
REFUSALS = st.integers(100, 599).filter(lambda status: not 200 <= status < 300 and status != 410)
RESULTS = st.builds(Answer, REFUSALS) | st.builds(Failure, st.just("network"), st.text())


def decide(
    result: Answer | Failure, failures: int = 0, failing_for: timedelta | None = None, jitter: float = 0.0
) -> Delivered | Waiting | Dead:
    since = None if failing_for is None else NOW - failing_for
    return RETRYING.outcome(result, now=NOW, failures=failures, failing_since=since, jitter=jitter)


def delay(result: Answer | Failure, failures: int = 0, jitter: float = 0.0) -> timedelta:
    outcome = decide(result, failures, timedelta(0), jitter)
    assert isinstance(outcome, Waiting)
    return outcome.due_at - NOW


@given(st.integers(200, 299), st.integers(0, 10**6), st.timedeltas(timedelta(0), 100 * DAY))
def test_every_kind_of_yes_is_delivered(status: int, failures: int, failing_for: timedelta) -> None:
    assert decide(Answer(status), failures, failing_for) == Delivered()


@given(RESULTS)
def test_the_delay_doubles_up_to_an_hour(result: Answer | Failure) -> None:
    seconds = [delay(result, failures).total_seconds() for failures in range(14)]
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]


@given(RESULTS, st.integers(0, 10**6), st.floats(0, 1))
def test_jitter_takes_up_to_half_of_it_away(result: Answer | Failure, failures: int, jitter: float) -> None:
    whole = delay(result, failures)
    assert whole / 2 <= delay(result, failures, jitter) <= whole <= HOUR


@given(RESULTS, st.integers(1, 10**6), st.timedeltas(timedelta(0), 2 * DAY))
def test_who_has_failed_for_a_day_is_given_up(
    result: Answer | Failure, failures: int, failing_for: timedelta
) -> None:
    dead = isinstance(decide(result, failures, failing_for), Dead)
    assert dead == (failing_for >= DAY)


def test_who_redirects_is_told_that_nobody_follows() -> None:
    outcome = decide(Answer(302))
    assert isinstance(outcome, Waiting)
    assert outcome.problem.startswith("answered with status 302: redirects are not followed")


def test_what_is_gone_is_given_up_at_once() -> None:
    assert decide(Answer(410)) == Dead("answered with status 410: gone")


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("30", 30),
        (" 30 ", 30),
        ("0", 1),
        ("100000", 3600),
        ("9" * 100, 3600),
        ("Sat, 14 Mar 2026 12:02:00 GMT", 120),
        ("Sat, 14 Mar 2026 11:00:00 GMT", 1),
        ("Sat, 14 Mar 2027 12:00:00 -0000", 3600),
        ("Sat, 14 Mar 99999999999 12:00:00 GMT", 1),
        ("Sat, 14 Mar 2026 99999999999:00:00 GMT", 1),
        ("Sat, 14 Mar 2026 12:00:00 +99999999999999", 1),
        ("soon", 1),
        ("-5", 1),
        ("٣٠", 1),
    ],
)
def test_a_receiver_may_ask_for_a_longer_delay_up_to_an_hour(asked: str, seconds: int) -> None:
    assert delay(Answer(429, asked)) == timedelta(seconds=seconds)


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_a_receiver_asks_for_the_delay_is_between_the_backoff_and_an_hour(asked: str) -> None:
    assert timedelta(seconds=1) <= delay(Answer(503, asked)) <= HOUR
