"""Finals are held while they may turn out to be needless, and partials make room for late ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from engine.jobs import Clock, final, partial, scheduler, take, take_or_wait
from vivavoce.engine.scheduler import Job, Load, Scheduler

# Finals that are not due yet


def busy(*jobs: Job, clock: Clock, threads: int = 3) -> tuple[Scheduler, Job]:
    """A scheduler with one decode running and `jobs` waiting."""
    running = partial("busy")
    shared = scheduler(running, threads=threads, clock=clock)
    assert take(shared) is running
    for each in jobs:
        shared.submit(each)
    return shared, running


def test_a_final_that_is_not_due_begins_at_once_when_nothing_else_runs() -> None:
    early = final(due=10.0)
    assert take(scheduler(early)) is early


def test_a_final_that_is_not_due_is_held_while_another_decode_runs() -> None:
    clock, held = Clock(), final(due=10.0)
    shared, _ = busy(held, clock=clock)
    assert take_or_wait(shared, clock, then=shared.close) is None


def test_a_held_final_lets_a_partial_pass() -> None:
    clock, held, passing = Clock(), final("a", due=10.0), partial("b")
    shared, _ = busy(held, passing, clock=clock)
    assert take(shared) is passing


def test_a_held_final_begins_when_the_other_decode_is_over() -> None:
    clock, held = Clock(), final(due=10.0)
    shared, running = busy(held, clock=clock)
    assert take_or_wait(shared, clock, then=lambda: shared.done(running, 0.1)) is held


@pytest.mark.parametrize(("now", "taken"), [(9.0, False), (9.8, True), (10.0, True), (11.0, True)])
def test_a_held_final_begins_when_it_is_just_in_time(now: float, taken: bool) -> None:
    clock, held = Clock(), final(due=10.0)
    shared, _ = busy(held, clock=clock)
    clock.now = now
    assert take_or_wait(shared, clock, then=shared.close) is (held if taken else None)


def test_a_waiting_thread_wakes_when_a_held_final_is_just_in_time() -> None:
    seconds = count(0.0, 0.01)
    running, held = partial("a"), final("b", due=0.6)
    shared = scheduler(running, threads=2, clock=lambda: next(seconds))
    assert take(shared) is running
    shared.submit(held)
    assert take(shared) is held


def test_the_longer_finals_took_the_earlier_a_held_one_begins() -> None:
    clock = Clock()
    shared, _ = busy(clock=clock)
    for _ in range(50):
        slow = final()
        shared.submit(slow)
        assert take(shared) is slow
        shared.done(slow, 2.0)
    held, hopeful = final("held", due=10.0), final("hopeful", due=2.5)
    shared.submit(held)
    shared.submit(hopeful)
    assert take(shared) is hopeful
    assert take_or_wait(shared, clock, then=shared.close) is None


def test_how_long_partials_took_does_not_matter_to_finals() -> None:
    clock = Clock()
    shared, _ = busy(clock=clock)
    for _ in range(50):
        slow = partial("slow")
        shared.submit(slow)
        assert take(shared) is slow
        shared.done(slow, 100.0)
    shared.submit(final(due=10.0))
    assert take_or_wait(shared, clock, then=shared.close) is None


def test_a_held_final_that_is_hastened_begins_at_once() -> None:
    clock, held = Clock(), final(due=10.0)
    shared, _ = busy(held, clock=clock)
    shared.hasten(held.decode)
    hastened = take(shared)
    assert hastened is not None
    assert hastened.decode is held.decode


def test_a_final_that_is_certain_is_not_held_for_one_that_is_not() -> None:
    clock, held = Clock(), final("a", due=10.0)
    sure = replace(final("b", due=20.0), certain=clock.now)
    shared, _ = busy(held, sure, clock=clock)
    assert take(shared) is sure


def test_a_held_final_that_is_cancelled_never_runs() -> None:
    clock, held, next_one = Clock(), final("a", due=10.0), final("b", due=20.0)
    shared, _ = busy(held, next_one, clock=clock)
    shared.cancel(held.decode)
    clock.now = 20.0
    assert take(shared) is next_one
    assert shared.load == Load(finals=0, partials=0, running=2)


# Finals that are late


def after_a_late_final(clock: Clock, *, late: float) -> Scheduler:
    shared, last = scheduler(clock=clock, threads=2), final(due=clock.now)
    shared.submit(last)
    clock.now += late
    assert take(shared) is last
    shared.done(last, 0.1)
    return shared


def test_finals_in_time_are_not_late() -> None:
    clock, last = Clock(), final(due=5.0)
    shared = scheduler(last, clock=clock)
    assert shared.load.lateness == 0.0
    take(shared)
    clock.now = 4.0
    shared.done(last, 4.0)
    assert shared.load.lateness == 0.0


def test_a_final_that_waits_past_its_time_is_late() -> None:
    clock = Clock()
    shared = scheduler(final(due=1.0), final(due=2.0), clock=clock)
    clock.now = 4.0
    assert shared.load.lateness == 3.0


def test_a_final_that_takes_long_is_not_late() -> None:
    clock, last = Clock(), final(due=0.0)
    shared = scheduler(last, clock=clock)
    take(shared)
    clock.now = 4.0
    shared.done(last, 4.0)
    assert shared.load.lateness == 0.0


def test_a_final_that_begins_too_late_is_remembered() -> None:
    assert after_a_late_final(Clock(), late=2.0).load.lateness == 2.0


def test_lateness_is_forgotten_with_time() -> None:
    clock = Clock()
    shared = after_a_late_final(clock, late=2.0)
    passed = []
    for _ in range(30):
        passed.append(shared.load.lateness)
        clock.now += 1.0
    assert passed == sorted(passed, reverse=True)
    assert passed[0] == 2.0
    assert passed[-1] < 0.01


def test_a_final_that_is_less_late_does_not_hide_a_later_one() -> None:
    clock = Clock()
    shared, better = after_a_late_final(clock, late=2.0), final(due=clock.now - 0.5)
    shared.submit(better)
    assert take(shared) is better
    shared.done(better, 0.1)
    assert shared.load.lateness == 2.0


def test_partials_wait_while_finals_are_late() -> None:
    clock = Clock()
    shared = after_a_late_final(clock, late=2.0)
    shared.submit(partial())
    assert take_or_wait(shared, clock, then=shared.close) is None


def test_finals_do_not_wait_while_finals_are_late() -> None:
    shared, last = after_a_late_final(Clock(), late=2.0), final()
    shared.submit(partial("a"))
    shared.submit(last)
    assert take(shared) is last


def test_partials_come_back_when_lateness_is_forgotten() -> None:
    clock = Clock()
    shared, waiting = after_a_late_final(clock, late=2.0), partial()
    shared.submit(waiting)
    clock.now += 30.0
    assert take(shared) is waiting


def test_a_little_lateness_makes_no_partial_wait() -> None:
    shared, waiting = after_a_late_final(Clock(), late=0.1), partial()
    shared.submit(waiting)
    assert take(shared) is waiting
