"""A soak tells memory that grows with every session from memory that comes and goes."""

from __future__ import annotations

import random

import pytest

from disturbed.memory import Memory

SESSIONS = 2000


def memory(kb_per_session: float, sessions: int = SESSIONS, swing: float = 4.0) -> Memory:
    """Of a server that grows at first, then by so much; what it has besides swings by so many MB."""
    seen, chance = Memory(), random.Random(1)
    for count in range(1, sessions + 1):
        warming_up = min(count, sessions // 4) * 50 / sessions
        seen.after(count, 150 + warming_up + count * kb_per_session / 1024 + chance.uniform(0, swing))
    return seen


def test_memory_that_settles_is_flat() -> None:
    flat = memory(0)
    assert flat.growth == pytest.approx(0, abs=0.5)
    assert flat.problem is None


@pytest.mark.parametrize("kb_per_session", [20, 300])
def test_memory_that_every_session_keeps_some_of_is_a_finding(kb_per_session: float) -> None:
    leaking = memory(kb_per_session)
    assert leaking.growth == pytest.approx(kb_per_session, rel=0.05)
    assert leaking.problem


def test_a_short_run_may_swing_more_and_still_shows_sessions_that_stay() -> None:
    assert memory(20, sessions=100).problem is None
    assert memory(500, sessions=100).problem


def test_the_table_has_a_line_for_each_tenth() -> None:
    _, *tenths, slope = memory(0).table()
    assert [int(line.split()[0]) for line in tenths] == list(range(200, 2001, 200))
    assert "KB a session" in slope


def test_one_session_has_a_table_too() -> None:
    assert len(list(memory(0, sessions=1).table())) == 3
    assert memory(0, sessions=1).problem is None
