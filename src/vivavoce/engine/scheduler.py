"""Which decodes run next: finals by when they are due, then partials in turn, as batches.

Every final is kept. Of partials, one per track waits (newest audio wins) and one per track runs. A thread
that becomes free takes what is waiting then: nothing waits for a batch to fill.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Condition

from vivavoce.recognizers.base import Recognizer, Request
from vivavoce.speech.track import Decode

_LARGEST_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A track's wish on its way to a recogniser; `due` is when it is needed, in monotonic seconds."""

    stream: Hashable
    decode: Decode
    recognizer: Recognizer
    due: float

    @property
    def final(self) -> bool:
        return self.decode.final

    @property
    def track(self) -> Hashable:
        return self.stream, self.decode.channel

    @property
    def request(self) -> Request:
        return Request(self.decode.audio, self.decode.languages, self.decode.final, self.decode.draft)


@dataclass(frozen=True, slots=True)
class Load:
    """What waits and runs at this moment."""

    finals: int
    partials: int
    running: int


class Scheduler:
    """Shared by the engine thread, which submits, and `threads` decoder threads, which take."""

    def __init__(self, threads: int, *, largest_batch: int = _LARGEST_BATCH) -> None:
        self._largest_batch = largest_batch
        self._condition = Condition()
        self._finals: list[Job] = []
        self._partials: dict[Hashable, Job] = {}
        self._running: list[Job] = []
        self._idle = threads
        # A final never finds every thread busy with partials, where there is more than one.
        self._threads_for_partials = max(1, threads - 1)
        self._busy_with_partials = 0
        self._closed = False

    @property
    def load(self) -> Load:
        with self._condition:
            return Load(len(self._finals), len(self._partials), len(self._running))

    def submit(self, job: Job) -> None:
        with self._condition:
            if job.final:
                bisect.insort(self._finals, job, key=lambda waiting: waiting.due)
                self._partials.pop(job.track, None)
            else:
                self._partials[job.track] = job
            self._condition.notify()

    def cancel(self, decode: Decode) -> None:
        """Forget `decode` if it still waits; if it runs already it is left alone."""
        with self._condition:
            self._finals = [job for job in self._finals if job.decode is not decode]

    def forget(self, stream: Hashable) -> None:
        """Forget all that waits for `stream`."""
        with self._condition:
            self._finals = [job for job in self._finals if job.stream is not stream]
            self._partials = {t: job for t, job in self._partials.items() if job.stream is not stream}

    def take(self) -> list[Job] | None:
        """Wait for work: jobs of one recogniser that may share a batch, or None once closed."""
        with self._condition:
            while not self._closed:
                batch = self._next_finals() or self._next_partials()
                if batch:
                    self._idle -= 1
                    self._running += batch
                    self._busy_with_partials += not batch[0].final
                    return batch
                self._condition.wait()
            return None

    def done(self, batch: list[Job]) -> None:
        """The thread that took `batch` is free again."""
        with self._condition:
            self._idle += 1
            self._running = [job for job in self._running if job not in batch]
            self._busy_with_partials -= not batch[0].final
            # Partials may have waited for their tracks' running ones, or for a thread.
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _next_finals(self) -> list[Job]:
        batch = self._batch(self._finals, self._idle)
        self._finals = [job for job in self._finals if job not in batch]
        return batch

    def _next_partials(self) -> list[Job]:
        threads = min(self._idle, self._threads_for_partials - self._busy_with_partials)
        decoding = {job.track for job in self._running if not job.final}
        batch = self._batch([job for job in self._partials.values() if job.track not in decoding], threads)
        for job in batch:
            del self._partials[job.track]
        return batch

    def _batch(self, waiting: list[Job], threads: int) -> list[Job]:
        """What the first of `threads` that may take what is `waiting` takes."""
        if not waiting or threads < 1:
            return []
        first = waiting[0]
        key = first.recognizer.batch_key(first.request)
        alike = [
            job
            for job in waiting
            if job.recognizer is first.recognizer and job.recognizer.batch_key(job.request) == key
        ]
        # Leave the others their share: together they finish sooner than one with all of it.
        share = math.ceil(len(alike) / threads)
        return alike[: min(share, self._largest_batch)]
