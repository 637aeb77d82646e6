"""How many frames of a connection are looked at, whatever it sends and whenever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.server.pace import BYTES_A_FRAME, FRAMES_AT_ONCE, FRAMES_PER_SECOND, Pace

MOST = 64


@given(st.lists(st.tuples(st.integers(1, MOST), st.floats(0, 0.5)), min_size=1, max_size=200))
def test_no_more_frames_are_taken_than_its_pace_allows(sent: list[tuple[int, float]]) -> None:
    pace, now, taken = Pace(0.0), 0.0, 0
    for frames, pause in sent:
        now += pause
        if pace.wait(now) <= 0:
            pace.frames_came(frames, now)
            taken += frames
        assert taken <= FRAMES_AT_ONCE + FRAMES_PER_SECOND * now + MOST


@given(st.floats(0, 1e9), st.integers(1, 100_000))
def test_who_has_to_wait_may_go_on_after_that(now: float, frames: int) -> None:
    pace = Pace(now)
    pace.frames_came(frames, now)
    wait = pace.wait(now)
    assert (wait > 0) == (frames > FRAMES_AT_ONCE) or abs(wait) < 1e-6
    assert pace.wait(now + max(0.0, wait)) < 1e-6


def test_large_frames_count_by_their_size() -> None:
    many, large = Pace(0.0), Pace(0.0)
    many.frames_came(3000, 0.0)
    large.bytes_came(3000 * BYTES_A_FRAME, 0.0)
    assert large.wait(0.0) == many.wait(0.0) > 0


def test_speech_never_has_to_wait() -> None:
    pace = Pace(0.0)
    for number in range(20_000):  # 10 ms each, of eight channels, 48 kHz, 32 bits
        assert pace.wait(number * 0.01) <= 0
        pace.frames_came(1, number * 0.01)
        pace.bytes_came(15_360, number * 0.01)
