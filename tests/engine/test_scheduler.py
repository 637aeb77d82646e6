"""Which decodes run next, and that every final does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import pytest

from vivavoce.engine.scheduler import Job, Load, Scheduler
from vivavoce.recognizers.base import Request
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.speech.track import Decode

PATIENCE = 20.0
AUDIO = np.zeros(512, np.float32)
numbers = count()


class ByLanguage(ScriptedRecognizer):
    """Requests for the same languages may share a batch."""

    def batch_key(self, request: Request) -> Hashable:
        return request.languages


RECOGNIZER = ByLanguage(word_every(1.0))


def job(
    stream: str = "s",
    *,
    final: bool = True,
    due: float = 0.0,
    channel: int = 0,
    language: str = "en",
    recognizer: ByLanguage = RECOGNIZER,
) -> Job:
    decode = Decode(channel, next(numbers), 0, 0, AUDIO, (language,), final)
    return Job(stream, decode, recognizer, due)


def final(stream: str = "s", **options: Any) -> Job:
    return job(stream, final=True, **options)


def partial(stream: str = "s", **options: Any) -> Job:
    return job(stream, final=False, **options)


def scheduler(*jobs: Job, threads: int = 1) -> Scheduler:
    scheduler = Scheduler(threads)
    for each in jobs:
        scheduler.submit(each)
    return scheduler


@contextmanager
def started(*bodies: Callable[[], None]) -> Any:
    """Threads that have to be over by the end."""
    threads = [threading.Thread(target=body, daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"


def take(scheduler: Scheduler) -> list[Job] | None:
    """What a thread takes; it has to find something."""
    taken: list[list[Job] | None] = []
    with started(lambda: taken.append(scheduler.take())):
        pass
    return taken[0]


def turns(scheduler: Scheduler) -> list[list[Job]]:
    """What one thread takes, turn by turn, until nothing is left."""
    taken = []
    while scheduler.load != Load(0, 0, 0):
        batch = take(scheduler)
        assert batch
        taken.append(batch)
        scheduler.done(batch)
    return taken


# Order


def test_finals_run_by_when_they_are_due() -> None:
    late, early, soon = (final(due=due, language=str(due)) for due in (3.0, 1.0, 2.0))
    assert turns(scheduler(late, early, soon)) == [[early], [soon], [late]]


def test_finals_that_are_due_together_run_in_the_order_in_which_they_came() -> None:
    jobs = [final(str(n), language=str(n)) for n in range(5)]
    assert turns(scheduler(*jobs)) == [[each] for each in jobs]


def test_partials_run_when_no_final_waits() -> None:
    waiting, due = partial("a"), final("b", due=99.0)
    assert turns(scheduler(waiting, due)) == [[due], [waiting]]


def test_partials_run_in_turn() -> None:
    a, b, c = (partial(name, language=name) for name in "abc")
    assert turns(scheduler(a, b, c)) == [[a], [b], [c]]


# Partials of one track


def test_of_the_partials_of_a_track_the_newest_waits_and_keeps_its_turn() -> None:
    old, other, new = partial("a", language="x"), partial("b", language="y"), partial("a", language="x")
    assert turns(scheduler(old, other, new)) == [[new], [other]]


def test_channels_are_tracks_of_their_own() -> None:
    left, right = partial(channel=0), partial(channel=1)
    assert turns(scheduler(left, right)) == [[left, right]]


def test_a_final_takes_the_place_of_the_partial_that_waits_in_its_track() -> None:
    needless, other, last = partial("a"), partial("b"), final("a")
    assert turns(scheduler(needless, other, last)) == [[last], [other]]


def test_a_track_has_one_running_partial_at_most() -> None:
    running, next_one = partial("a"), partial("a")
    shared = scheduler(running, threads=3)
    assert take(shared) == [running]
    shared.submit(next_one)
    other = partial("b")
    shared.submit(other)
    assert take(shared) == [other]
    shared.done([running])
    assert take(shared) == [next_one]


def test_a_final_may_run_beside_a_partial_of_its_track() -> None:
    running, last = partial("a"), final("a")
    shared = scheduler(running, threads=2)
    take(shared)
    shared.submit(last)
    assert take(shared) == [last]


# Batches


def test_only_equal_keys_share_a_batch() -> None:
    first, other, alike = final(language="en"), final(language="fr"), final(language="en")
    assert turns(scheduler(first, other, alike)) == [[first, alike], [other]]


def test_different_models_share_no_batch() -> None:
    mine, yours = final(), final(recognizer=ByLanguage(word_every(1.0)))
    assert turns(scheduler(mine, yours)) == [[mine], [yours]]


def test_finals_and_partials_share_no_batch() -> None:
    last, provisional = final("a"), partial("b")
    assert turns(scheduler(last, provisional)) == [[last], [provisional]]


def test_a_batch_has_a_largest_size() -> None:
    jobs = [final() for _ in range(20)]
    assert [len(batch) for batch in turns(scheduler(*jobs))] == [8, 8, 4]


def test_where_batches_do_not_pay_each_runs_alone() -> None:
    alone = Scheduler(1, largest_batch=1)
    jobs = [final(), final()]
    for each in jobs:
        alone.submit(each)
    assert turns(alone) == [[each] for each in jobs]


def test_idle_threads_share_the_finals_that_wait() -> None:
    jobs = [final() for _ in range(4)]
    shared = scheduler(*jobs, threads=2)
    assert [take(shared), take(shared)] == [jobs[:2], jobs[2:]]


def test_a_thread_that_may_not_take_partials_has_no_share_in_them() -> None:
    jobs = [partial(str(n)) for n in range(4)]
    assert take(scheduler(*jobs, threads=2)) == jobs


# A thread for finals


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_a_final_never_finds_every_thread_busy_with_partials(threads: int) -> None:
    shared = scheduler(*(partial(str(n), language=str(n)) for n in range(threads)), threads=threads)
    for _ in range(threads - 1):
        assert take(shared)
    last = final("z")
    shared.submit(last)
    assert take(shared) == [last]
    assert shared.load == Load(finals=0, partials=1, running=threads)


def test_a_single_thread_takes_partials_too() -> None:
    only = partial()
    assert take(scheduler(only, threads=1)) == [only]


# Taking back


def test_what_is_cancelled_before_it_runs_does_not_run() -> None:
    cancelled, kept = final(), final()
    shared = scheduler(cancelled, kept)
    shared.cancel(cancelled.decode)
    assert turns(shared) == [[kept]]


def test_what_runs_already_is_left_alone() -> None:
    running = final()
    shared = scheduler(running)
    assert take(shared) == [running]
    shared.cancel(running.decode)
    assert shared.load == Load(0, 0, 1)


def test_all_that_waits_for_a_stream_can_be_forgotten() -> None:
    kept = final("a")
    shared = scheduler(final("b"), kept, final("b"), partial("b"))
    shared.forget("b")
    assert turns(shared) == [[kept]]


def test_the_load_counts_what_waits_and_what_runs() -> None:
    shared = scheduler(final(), final(language="fr"), partial("a"), partial("b"))
    assert shared.load == Load(finals=2, partials=2, running=0)
    batch = take(shared)
    assert batch is not None
    assert shared.load == Load(finals=1, partials=2, running=1)
    shared.done(batch)
    assert shared.load == Load(finals=1, partials=2, running=0)


# Threads


def test_closing_wakes_every_thread() -> None:
    shared = Scheduler(3)
    taken: list[list[Job] | None] = []
    with started(*[lambda: taken.append(shared.take())] * 3):
        shared.close()
    assert taken == [None] * 3


def test_once_closed_nothing_more_is_taken() -> None:
    shared = scheduler(final())
    shared.close()
    assert shared.take() is None


def test_a_waiting_thread_takes_what_comes() -> None:
    shared, coming = Scheduler(1), final()
    taken: list[list[Job] | None] = []
    with started(lambda: taken.append(shared.take())):
        shared.submit(coming)
    assert taken == [[coming]]


def test_a_waiting_thread_takes_a_partial_when_its_track_is_free_again() -> None:
    running, waiting = partial("a"), partial("a")
    shared = scheduler(running, threads=3)
    shared.take()
    shared.submit(waiting)
    taken: list[list[Job] | None] = []
    with started(lambda: taken.append(shared.take())):
        shared.done([running])
    assert taken == [[waiting]]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_under_load_every_final_runs_once_and_no_track_has_two_partials_at_a_time(threads: int) -> None:
    shared = Scheduler(threads)
    lock = threading.Lock()
    ran: list[Job] = []
    running: set[Hashable] = set()
    broken: list[Hashable] = []

    def decode() -> None:
        while (batch := shared.take()) is not None:
            provisional = [each.track for each in batch if not each.final]
            with lock:
                broken.extend(running.intersection(provisional))
                running.update(provisional)
            with lock:
                running.difference_update(provisional)
                ran.extend(batch)
                everything = sum(each.final for each in ran) == len(finals)
            shared.done(batch)
            if everything:
                shared.close()

    jobs = [job(str(n % 7), final=n % 3 == 0, due=float(n % 11), language="ab"[n % 2]) for n in range(3000)]
    finals = [each for each in jobs if each.final]
    with started(*[decode] * threads):
        for each in jobs:
            shared.submit(each)
    assert not broken
    assert sorted(map(id, finals)) == sorted(id(each) for each in ran if each.final)
