"""Who sends faster than people speak gets what is left, and never less than its share, which is of time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.jobs import RECOGNIZER, TOOK, Clock, final, partial, scheduler, take, take_or_wait, turns
from vivavoce.engine.scheduler import Job
from vivavoce.engine.share import OTHERS, Share, Turns
from vivavoce.speech.outputs import Decode

T = TypeVar("T")
SECOND = np.zeros(16_000, np.float32)


@dataclass(eq=False)
class Stream:
    early: bool


def early(stream: str = "early", *, due: float = 0.0) -> Job:
    return replace(final(stream, due=due), early=True)


def spoken(stream: str, second: int, due: float) -> Job:
    """A final of the session's second of that number."""
    decode = Decode(0, second, 0, second * 16_000, SECOND, ("en",), True)
    return Job(stream, decode, RECOGNIZER, due)


def at(said: tuple[str, int]) -> int:
    return said[1]


# The share

costs = st.floats(0.01, 4)


@given(st.lists(st.tuples(st.booleans(), costs, costs), max_size=200))
def test_what_came_early_has_a_fifth_of_the_time_whatever_a_turn_costs(
    turns: list[tuple[bool, float, float]],
) -> None:
    share, in_time, owed, since = Share(), [0.0], [0.0], 0.0
    for others_wait, theirs, early in turns:
        was_due = share.due
        if is_early := was_due or not others_wait:
            owed += [early] * was_due
            since = 0.0
        else:
            in_time.append(theirs)
            since += theirs
        share.took(early if is_early else theirs, early=is_early, early_waits=True)
        longest = max(early for _, _, early in turns)
        assert sum(owed) <= sum(in_time) / OTHERS + max(owed) + 1e-6
        assert since <= OTHERS * longest + max(in_time) + 1e-6


@given(st.lists(st.tuples(st.booleans(), costs), max_size=200))
def test_a_share_that_nobody_waits_for_is_not_saved_up(waits: list[tuple[bool, float]]) -> None:
    share = Share()
    for early_waits, seconds in waits:
        share.took(seconds, early=False, early_waits=early_waits)
        assert share.due == early_waits


def in_turn(in_time: list[T], came_early: list[T]) -> list[T]:
    """One of those in time, then one of the others for every four of them, until there are none of either."""
    order, row = [], 1
    while in_time and came_early:
        order += [*in_time[:row], came_early[0]] if len(in_time) >= row else in_time
        came_early = came_early[1:] if len(in_time) >= row else came_early
        in_time, row = in_time[row:], OTHERS
    return order + in_time + came_early


@given(st.lists(st.booleans(), max_size=40))
def test_streams_that_rush_have_a_fifth_of_the_time_while_others_wait(rushing: list[bool]) -> None:
    turns, streams, order = Turns[Stream](), [Stream(each) for each in rushing], []
    for stream in streams:
        turns.add(stream)
    while turns:
        order.append(turns.pop())
        turns.took(TOOK)
    assert order == in_turn([s for s in streams if not s.early], [s for s in streams if s.early])


# Decodes


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=25))
def test_finals_that_came_early_have_a_fifth_of_the_time_while_others_wait(
    came: list[tuple[bool, float]],
) -> None:
    jobs = [replace(final(str(n), due=due), early=early) for n, (early, due) in enumerate(came)]
    by_due = sorted(jobs, key=lambda job: job.due)
    expected = in_turn([job for job in by_due if not job.early], [job for job in by_due if job.early])
    assert turns(scheduler(*jobs)) == expected


def test_partials_go_before_finals_that_came_early_and_those_before_their_partials() -> None:
    hasty, rushed, said = replace(partial("a"), early=True), early("b"), partial("c")
    assert turns(scheduler(hasty, rushed, said)) == [said, rushed, hasty]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 0.3), st.floats(0.5, 0.8), st.lists(st.floats(0.1, 4), min_size=1, max_size=20))
def test_who_speaks_waits_for_one_decode_of_those_who_rush_and_they_never_starve(
    cost: float, load: float, early_costs: list[float]
) -> None:
    clock, rushing = Clock(), {early(str(n)): seconds for n, seconds in enumerate(early_costs)}
    shared, arrivals, rushed_at = scheduler(*rushing, clock=clock), count(1), 0.0
    arrives = 0.0
    while clock.now < 30:
        while arrives <= clock.now:
            shared.submit(final(due=arrives))
            arrives = next(arrivals) * cost / load
        job = take(shared)
        assert job
        assert clock.now - rushed_at <= (1 + OTHERS) * max(early_costs) + 2 * cost
        if job.early:
            shared.submit(job)
            rushed_at = clock.now
        else:
            assert clock.now - job.due <= max(early_costs) + 2 * cost
        clock.now += (seconds := rushing.get(job, cost))
        shared.done(job, seconds)


def test_while_people_speak_one_thread_is_left_free_for_them() -> None:
    clock, said, more = Clock(), partial("speaks"), partial("speaks")
    shared = scheduler(said, early("a"), early("b"), threads=2, clock=clock)
    assert take(shared) is said
    shared.done(said, TOOK)
    rushed = take(shared)
    assert rushed
    assert rushed.early
    assert take_or_wait(shared, clock, then=lambda: shared.submit(more)) is more


def test_who_speaks_for_long_without_anything_to_decode_still_finds_a_thread_free() -> None:
    clock, last = Clock(), final("speaks")
    shared = scheduler(early("a"), early("b"), threads=2, clock=clock)
    for _ in range(60):
        clock.now += 1.0
        shared.speech_heard()
    rushed = take(shared)
    assert rushed
    assert rushed.early
    assert take_or_wait(shared, clock, then=lambda: shared.submit(last)) is last


@pytest.mark.parametrize("threads", [2, 4])
def test_who_speaks_has_partials_beside_those_of_all_who_rush(threads: int) -> None:
    rushing = [replace(partial(f"early {number}"), early=True) for number in range(threads)]
    shared, live = scheduler(*rushing, threads=threads), partial("live")
    for _ in range(threads - 1):
        assert take(shared).early
    shared.submit(live)
    assert take(shared) is live


def test_when_nobody_has_spoken_for_a_while_every_thread_may_do_what_came_early() -> None:
    clock, said = Clock(), partial("speaks")
    shared = scheduler(said, early("a"), early("b"), threads=2, clock=clock)
    assert take(shared) is said
    shared.done(said, TOOK)
    clock.now = 60.0
    rushed = [take(shared), take(shared)]
    assert all(job and job.early for job in rushed)


def test_what_is_owed_to_who_rushes_is_not_given_by_two_threads_at_once() -> None:
    said = [final(str(n)) for n in range(3)]
    shared = scheduler(*said, early("a"), early("b"), threads=2)
    assert [take(shared), take(shared)] == said[:2]
    shared.done(said[0], 10.0)
    rushed = take(shared)
    assert rushed
    assert rushed.early
    shared.done(said[1], 10.0)
    assert take(shared) is said[2]


def test_a_final_is_not_held_because_of_what_came_early() -> None:
    clock, not_due = Clock(), final(due=10.0)
    shared = scheduler(early("a"), threads=2, clock=clock)
    assert take(shared)
    shared.submit(not_due)
    assert take(shared) is not_due


def test_what_came_early_and_may_be_needless_is_held_while_anything_runs() -> None:
    clock, held = Clock(), early("b", due=0.1)
    shared = scheduler(early("a"), threads=2, clock=clock)
    assert take(shared)
    shared.submit(held)
    assert take_or_wait(shared, clock, then=shared.close) is None


def test_what_came_early_is_never_late() -> None:
    clock = Clock()
    shared = scheduler(early(due=1.0), clock=clock)
    clock.now = 100.0
    assert shared.load.lateness == 0.0
    take(shared)
    assert shared.load.lateness == 0.0


# Much at once, in time: from a client that was away, or of which nothing came for a while


@given(st.integers(2, 12), st.floats(0.5, 20))
def test_a_session_that_sends_much_at_once_is_heard_as_if_it_spoke(seconds: int, other: float) -> None:
    at_once, speaking = [spoken("away", n, due=0.0) for n in range(seconds)], final("speaks", due=other)
    order = [job.decode for job in turns(scheduler(*at_once, speaking))]
    before = [job.decode for job in at_once if job.decode.utterance <= other]
    after = [job.decode for job in at_once if job.decode.utterance > other]
    assert order == [*before, speaking.decode, *after]


def test_what_runs_of_a_session_counts_too() -> None:
    first, second, other = spoken("away", 0, due=0.0), spoken("away", 1, due=0.0), final("speaks", due=0.5)
    shared = scheduler(first, threads=2)
    assert take(shared) is first
    shared.submit(replace(second, certain=0.0))
    shared.submit(replace(other, certain=0.0))
    following = take(shared)
    assert following is not None
    assert following.decode is other.decode


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), unique=True, max_size=20))
def test_finals_of_those_who_speak_are_due_when_they_were_spoken(said: list[tuple[str, int]]) -> None:
    began = {"a": 0.0, "b": 0.3, "c": 0.7}
    jobs = [spoken(stream, second, due=began[stream] + second) for stream, second in sorted(said, key=at)]
    by_due = sorted(jobs, key=lambda job: job.due)
    assert [job.decode for job in turns(scheduler(*jobs))] == [job.decode for job in by_due]
