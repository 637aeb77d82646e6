"""Which decode runs next, and that every final does."""

from __future__ import annotations

import threading
from collections.abc import Hashable

import pytest

from engine.jobs import Clock, final, job, partial, scheduler, started, take, take_or_wait, turns
from vivavoce.engine.scheduler import Job, Load, Scheduler

# Order


def test_finals_run_by_when_they_are_due() -> None:
    late, early, soon = (final(name, due=due) for name, due in (("a", 3.0), ("b", 1.0), ("c", 2.0)))
    assert turns(scheduler(late, early, soon)) == [early, soon, late]


def test_finals_that_are_due_together_run_in_the_order_in_which_they_came() -> None:
    jobs = [final(str(n)) for n in range(5)]
    assert turns(scheduler(*jobs)) == jobs


def test_partials_run_when_no_final_waits() -> None:
    waiting, due = partial("a"), final("b", due=99.0)
    assert turns(scheduler(waiting, due)) == [due, waiting]


def test_partials_run_in_turn() -> None:
    jobs = [partial(name) for name in "abc"]
    assert turns(scheduler(*jobs)) == jobs


# Partials of one track


def test_of_the_partials_of_a_track_the_newest_waits_and_keeps_its_turn() -> None:
    old, other, new = partial("a"), partial("b"), partial("a")
    assert turns(scheduler(old, other, new)) == [new, other]


def test_channels_are_tracks_of_their_own() -> None:
    left, right = partial(channel=0), partial(channel=1)
    assert turns(scheduler(left, right)) == [left, right]


def test_a_final_takes_the_place_of_the_partial_that_waits_in_its_track() -> None:
    needless, other, last = partial("a"), partial("b"), final("a")
    assert turns(scheduler(needless, other, last)) == [last, other]


def test_a_track_has_one_running_partial_at_most() -> None:
    running, next_one, other = partial("a"), partial("a"), partial("b")
    shared = scheduler(running, threads=3)
    assert take(shared) is running
    shared.submit(next_one)
    shared.submit(other)
    assert take(shared) is other
    shared.done(running, 0.1)
    assert take(shared) is next_one


def test_a_final_may_run_beside_a_partial_of_its_track() -> None:
    running, last = partial("a"), final("a")
    shared = scheduler(running, threads=2)
    take(shared)
    shared.submit(last)
    assert take(shared) is last


# A thread for finals


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_a_final_never_finds_every_thread_busy_with_partials(threads: int) -> None:
    clock, held, last = Clock(), final("y", due=10.0), final("z")
    shared = scheduler(*(partial(str(n)) for n in range(threads)), threads=threads, clock=clock)
    for _ in range(threads - 1):
        assert take(shared)
    shared.submit(held)
    assert take_or_wait(shared, clock, then=lambda: shared.submit(last)) is last
    assert shared.load == Load(finals=1, partials=1, running=threads)


def test_a_single_thread_takes_partials_too() -> None:
    only = partial()
    assert take(scheduler(only, threads=1)) is only


# Taking back


def test_what_is_cancelled_before_it_runs_does_not_run() -> None:
    cancelled, kept = final(), final()
    shared = scheduler(cancelled, kept)
    shared.cancel(cancelled.decode)
    assert turns(shared) == [kept]


def test_what_runs_already_is_left_alone() -> None:
    running = final()
    shared = scheduler(running)
    assert take(shared) is running
    shared.cancel(running.decode)
    assert shared.load == Load(0, 0, 1)


def test_all_that_waits_for_a_stream_can_be_forgotten() -> None:
    kept = final("a")
    shared = scheduler(final("b"), kept, final("b"), partial("b"))
    shared.forget("b")
    assert turns(shared) == [kept]


def test_the_load_counts_what_waits_and_what_runs() -> None:
    shared = scheduler(final(), final(), partial("a"), partial("b"))
    assert shared.load == Load(finals=2, partials=2, running=0)
    running = take(shared)
    assert running
    assert shared.load == Load(finals=1, partials=2, running=1)
    shared.done(running, 0.1)
    assert shared.load == Load(finals=1, partials=2, running=0)


# Threads


def test_closing_wakes_every_thread() -> None:
    shared = Scheduler(3)
    taken: list[Job | None] = []
    with started(*[lambda: taken.append(shared.take())] * 3):
        shared.close()
    assert taken == [None] * 3


def test_once_closed_nothing_more_is_taken() -> None:
    shared = scheduler(final())
    shared.close()
    assert shared.take() is None


def test_a_waiting_thread_takes_what_comes() -> None:
    shared, coming = Scheduler(1), final()
    taken: list[Job | None] = []
    with started(lambda: taken.append(shared.take())):
        shared.submit(coming)
    assert taken == [coming]


def test_a_waiting_thread_takes_a_partial_when_its_track_is_free_again() -> None:
    clock, running, waiting = Clock(), partial("a"), partial("a")
    shared = scheduler(running, threads=3, clock=clock)
    take(shared)
    shared.submit(waiting)
    assert take_or_wait(shared, clock, then=lambda: shared.done(running, 0.1)) is waiting


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_under_load_every_final_runs_once_and_no_track_has_two_partials_at_a_time(threads: int) -> None:
    shared = scheduler(threads=threads)
    lock = threading.Lock()
    ran: list[Job] = []
    running: set[Hashable] = set()
    broken: list[Hashable] = []

    def decode() -> None:
        while job := shared.take():
            provisional = set() if job.final else {job.track}
            with lock:
                broken.extend(running & provisional)
                running.update(provisional)
            with lock:
                running.difference_update(provisional)
                ran.append(job)
                everything = sum(each.final for each in ran) == len(finals)
            shared.done(job, 0.1)
            if everything:
                shared.close()

    jobs = [job(str(n % 7), final=n % 3 == 0, due=float(n % 11)) for n in range(3000)]
    finals = [each for each in jobs if each.final]
    with started(*[decode] * threads):
        for each in jobs:
            shared.submit(each)
    assert not broken
    assert sorted(id(each.decode) for each in finals) == sorted(id(each.decode) for each in ran if each.final)
