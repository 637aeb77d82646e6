"""Who sends faster than people speak, and for how long that is held against it."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engine.ahead import BUFFERED, FORGIVEN, Ahead

HOUR = 3600.0
FRAME = 0.1


def sent(pace: float, began_with: float, until: float, frame: float = FRAME) -> Ahead:
    """A session that began with so many seconds at once, and sends `pace` seconds a second from then on."""
    ahead = Ahead(0.0)
    ahead.came(began_with, 0.0)
    for number in range(1, round(until / frame)):
        ahead.came(began_with + pace * number * frame, number * frame)
    return ahead


@given(st.floats(0, BUFFERED - 0.01), st.floats(0.01, 1), st.floats(0.02, 20))
def test_what_a_client_had_while_it_was_connecting_never_came_early(
    began_with: float, pace: float, frame: float
) -> None:
    assert sent(pace, began_with, 100.0, frame).early_until == 0.0


@given(st.floats(BUFFERED + 0.1, 6), st.sampled_from([0.02, 0.1, 0.5, 2.0]))
def test_who_had_more_and_speaks_on_is_in_time_again_before_long(began_with: float, frame: float) -> None:
    assert sent(1.0, began_with, 1.0, min(frame, 0.5)).early
    forgiven_after = (began_with - BUFFERED) / FORGIVEN
    assert not sent(1.0, began_with, forgiven_after + 3 * frame, frame).early


@pytest.mark.parametrize("pace", [1.1, 2.0, 100.0])
def test_who_sends_faster_than_people_speak_stays_early(pace: float) -> None:
    ahead, early = Ahead(0.0), []
    for number in range(round(HOUR / FRAME)):
        ahead.came(pace * number * FRAME, number * FRAME)
        early.append(ahead.early)
    since = early.index(True)
    assert all(early[since:])
    assert since * FRAME <= BUFFERED / (pace - 1 - FORGIVEN) + 2 * FRAME


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), max_size=100))
def test_no_more_is_in_time_than_could_be_spoken_a_little_faster(
    sends: list[tuple[float, float]],
) -> None:
    ahead, now = Ahead(0.0), 0.0
    for seconds, (pause, _) in zip(accumulate(more for _, more in sends), sends, strict=True):
        now += pause
        ahead.came(seconds, now)
        assert ahead.early or seconds <= BUFFERED + (1 + FORGIVEN) * now + 1e-6
        assert seconds > BUFFERED + now or not ahead.early


def test_what_comes_after_a_pause_at_once_could_have_been_spoken_in_it() -> None:
    ahead = Ahead(0.0)
    ahead.came(60.0, 60.0)
    ahead.came(120.0, 120.0)
    assert not ahead.early


def test_what_came_early_stays_early_when_later_audio_is_in_time() -> None:
    ahead = sent(1.0, 5.0, 100.0)
    assert not ahead.early
    assert 0.0 < ahead.early_until < 60.0


@given(st.floats(BUFFERED + 1, 60), st.floats(1.0, 3.0))
def test_what_was_forgiven_is_not_held_against_a_session_after_a_restart(
    began_with: float, longer: float
) -> None:
    age = began_with / FORGIVEN * longer
    assert not sent(1.0, began_with, age, 1.0).early
    restarted = Ahead(0.0)
    restarted.came(began_with + age, age)
    assert not restarted.early
