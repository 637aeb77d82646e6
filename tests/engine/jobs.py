"""Jobs, a clock and threads, for tests of the scheduler."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np

from vivavoce.engine.scheduler import Job, Load, Scheduler
from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
from vivavoce.speech.outputs import Decode

PATIENCE = 20.0
TOOK = 0.125
"""Seconds of each decode, unless a test says otherwise: fourths of them add up exactly."""
AUDIO = np.zeros(512, np.float32)
RECOGNIZER = ScriptedRecognizer(word_every(1.0))
numbers = count()


class Clock:
    """Stands still until a test sets it; tells when it has been looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.read = threading.Event()

    def __call__(self) -> float:
        self.read.set()
        return self.now


def job(stream: str = "s", *, final: bool = True, due: float = 0.0, channel: int = 0) -> Job:
    decode = Decode(channel, next(numbers), 0, 0, AUDIO, ("en",), final)
    return Job(stream, decode, RECOGNIZER, due)


def final(stream: str = "s", **options: Any) -> Job:
    return job(stream, final=True, **options)


def partial(stream: str = "s", **options: Any) -> Job:
    return job(stream, final=False, **options)


def scheduler(*jobs: Job, threads: int = 1, clock: Callable[[], float] | None = None) -> Scheduler:
    scheduler = Scheduler(threads, clock=clock or Clock())
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


def take(scheduler: Scheduler) -> Job | None:
    """What a thread takes; it has to find something."""
    taken: list[Job | None] = []
    with started(lambda: taken.append(scheduler.take())):
        pass
    return taken[0]


def take_or_wait(scheduler: Scheduler, clock: Clock, then: Callable[[], None]) -> Job | None:
    """What a thread takes at its first look or, if that was in vain, after `then`."""
    taken: list[Job | None] = []
    clock.read.clear()
    with started(lambda: taken.append(scheduler.take())):
        # The scheduler's lock is held from this look until the thread has its job, or waits.
        assert clock.read.wait(PATIENCE)
        then()
    return taken[0]


def turns(scheduler: Scheduler) -> list[Job]:
    """What one thread takes, turn by turn, until nothing is left."""
    taken = []
    while scheduler.load != Load(0, 0, 0):
        job = take(scheduler)
        assert job
        taken.append(job)
        scheduler.done(job, TOOK)
    return taken
