"""Who sends faster than people speak gets what is left, and never less than its share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.jobs import RECOGNIZER, Clock, final, partial, scheduler, take, take_or_wait, turns
from vivavoce.engine.scheduler import Job
from vivavoce.engine.share import OTHERS_IN_A_ROW, Share, Turns
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


@given(st.lists(st.booleans(), max_size=200))
def test_what_came_early_never_gives_way_more_often_than_that_in_a_row(others_wait: list[bool]) -> None:
    share, gave_way = Share(), 0
    for others in others_wait:
        is_early = share.due or not others
        share.went(early=is_early, early_waits=True)
        gave_way = 0 if is_early else gave_way + 1
        assert gave_way <= OTHERS_IN_A_ROW


@given(st.lists(st.booleans(), max_size=200))
def test_a_share_that_nobody_waits_for_is_not_saved_up(waits: list[bool]) -> None:
    share = Share()
    for early_waits in waits:
        share.went(early=False, early_waits=early_waits)
        assert early_waits or not share.due


def in_turn(in_time: list[T], came_early: list[T]) -> list[T]:
    """Four of those in time, one of the others, until there are none of either."""
    order = []
    while in_time and came_early:
        order += [*in_time[:OTHERS_IN_A_ROW], came_early[0]]
        # As long as the fifth turn is not due, who is in time goes first.
        in_time, came_early = in_time[OTHERS_IN_A_ROW:], came_early[1:]
    return order + in_time + came_early


@given(st.lists(st.booleans(), max_size=40))
def test_streams_that_rush_have_one_turn_of_five_while_others_wait(rushing: list[bool]) -> None:
    turns, streams = Turns[Stream](), [Stream(each) for each in rushing]
    for stream in streams:
        turns.add(stream)
    order = [turns.pop() for _ in streams]
    assert order == in_turn([s for s in streams if not s.early], [s for s in streams if s.early])
    assert not turns


# Decodes


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=25))
def test_finals_that_came_early_have_one_turn_of_five_while_others_wait(
    came: list[tuple[bool, float]],
) -> None:
    jobs = [replace(final(str(n), due=due), early=early) for n, (early, due) in enumerate(came)]
    by_due = sorted(jobs, key=lambda job: job.due)
    expected = in_turn([job for job in by_due if not job.early], [job for job in by_due if job.early])
    assert turns(scheduler(*jobs)) == expected


def test_partials_go_before_finals_that_came_early_and_those_before_their_partials() -> None:
    hasty, rushed, said = replace(partial("a"), early=True), early("b"), partial("c")
    assert turns(scheduler(hasty, rushed, said)) == [said, rushed, hasty]


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
