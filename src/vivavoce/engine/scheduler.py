"""Which decode runs next: finals by when they are due, then partials in turn.

Every final is kept. Of partials, one per track waits (newest audio wins) and one per track runs. A thread
that becomes free takes what is waiting then.

Who sends faster than people speak gets what is left, and a fifth of the time (`share.py`): nothing else is
held because of what came early, and while people speak that leaves one thread free. Of one track, what comes
together is due as it was spoken, so that who sends much at once, having been away, takes no more than one who
speaks.

A final that is asked for before it is due may turn out to be needless: speech goes on after more than half of
all pauses. A machine that has nothing else to do begins at once; the busier it is with finals, the longer one
is held, until it is due, by when most of the needless ones are gone. While finals are late, partials wait.
"""

from __future__ import annotations

import bisect
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from threading import Condition

from vivavoce.engine.share import OTHERS, Share
from vivavoce.recognizers.base import Recognizer, Request
from vivavoce.speech.endpointing import SAMPLE_RATE, WINDOW
from vivavoce.speech.outputs import Decode

# The time that a final takes is learned from those before. On a machine that is not busy, one that is held
# starts this much earlier than it must.
_FIRST_GUESS = 0.3
_LEARNED = 0.1
_MARGIN = 1.5

# Seconds over which it is averaged how busy the threads are.
_BUSY_OVER = 2.0

# Seconds without speech after which nobody speaks any more. Until then what came early leaves one thread
# free: its decodes may take long, and who speaks would have to wait for one to end.
_SPEAKING = 10.0

# How late finals may be, in seconds, before partials make room for them.
_LATE = 0.4
# Lateness is forgotten: to a third within so many seconds.
_FORGOTTEN = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A track's wish on its way to a recogniser; `due` is when it is needed, in monotonic seconds.

    A final may turn out to be needless until it is `certain` (by default, until it is due). What is `early`
    came before it could have been spoken.
    """

    stream: Hashable
    decode: Decode
    recognizer: Recognizer
    due: float
    certain: float | None = None
    early: bool = False

    @property
    def final(self) -> bool:
        return self.decode.final

    @property
    def track(self) -> Hashable:
        return self.stream, self.decode.channel

    @property
    def began(self) -> float:
        """When its stream would have begun, had this been the last that was spoken when it is due."""
        decode = self.decode
        return self.due - (decode.start + len(decode.audio) + decode.slack * WINDOW) / SAMPLE_RATE

    @property
    def request(self) -> Request:
        decode = self.decode
        return Request(
            audio=decode.audio,
            languages=decode.languages,
            final=decode.final,
            voiced=decode.voiced,
            expected=decode.expected,
            draft=decode.draft,
            before=decode.before,
            said_before=decode.said_before,
            after=decode.after,
            state=decode.state,
        )


@dataclass(frozen=True, slots=True)
class Load:
    """What waits and runs at this moment, and how late finals are, in seconds."""

    finals: int
    partials: int
    running: int
    lateness: float = 0.0


class Scheduler:
    """Shared by the engine thread, which submits, and `threads` decoder threads, which take."""

    def __init__(self, threads: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._condition = Condition()
        self._finals: list[Job] = []
        self._partials: dict[Hashable, Job] = {}
        self._running: list[Job] = []
        # A final never finds every thread busy with partials, where there is more than one and nobody rushes.
        self._threads_for_partials = max(1, threads - 1)
        self._final_seconds = _FIRST_GUESS
        self._threads = threads
        self._busy = 0.0
        self._busy_at = clock()
        self._worst = 0.0
        self._worst_at = -math.inf
        self._share = Share()
        # What is owed to what came early it gets of so many threads, whatever else there is to do.
        self._threads_owed = math.ceil(threads / (1 + OTHERS))
        # When speech was last heard in time, or something asked for that was.
        self._spoke_at = -math.inf
        self._closed = False

    @property
    def load(self) -> Load:
        with self._condition:
            return Load(len(self._finals), len(self._partials), len(self._running), self._lateness())

    def submit(self, job: Job) -> None:
        with self._condition:
            if not job.early:
                self._spoke_at = self._clock()
            if job.final:
                bisect.insort(self._finals, self._spaced(job), key=lambda one: (one.early, one.due))
                self._partials.pop(job.track, None)
            else:
                self._partials[job.track] = job
            self._condition.notify()

    def speech_heard(self) -> None:
        """Somebody speaks, who may say much before anything is to be decoded."""
        with self._condition:
            self._spoke_at = self._clock()

    def cancel(self, decode: Decode) -> None:
        """Forget `decode` if it still waits; if it runs already it is left alone."""
        with self._condition:
            self._finals = [job for job in self._finals if job.decode is not decode]

    def hasten(self, decode: Decode) -> None:
        """The answer to `decode` is certain to be needed: it is held no longer."""
        with self._condition:
            now = self._clock()
            self._finals = [
                replace(job, certain=now) if job.decode is decode else job for job in self._finals
            ]
            self._condition.notify()

    def forget(self, stream: Hashable) -> None:
        """Forget all that waits for `stream`."""
        with self._condition:
            self._finals = [job for job in self._finals if job.stream is not stream]
            self._partials = {t: job for t, job in self._partials.items() if job.stream is not stream}

    def take(self) -> Job | None:
        """Wait for work: what to decode next, or None once closed."""
        with self._condition:
            while not self._closed:
                if job := self._next():
                    self._watch()
                    self._running.append(job)
                    return job
                self._condition.wait(self._until_more())
            return None

    def done(self, job: Job, seconds: float) -> None:
        """The thread that took `job` is free again, after so many `seconds`."""
        with self._condition:
            self._watch()
            self._running.remove(job)
            self._share.took(seconds, early=job.early, early_waits=self._early_waits)
            if job.final and not job.early:
                self._final_seconds += _LEARNED * (seconds - self._final_seconds)
            # Partials may have waited for their tracks' running ones, or for a thread.
            self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _spaced(self, job: Job) -> Job:
        """`job`, due as long after the others of its track as it was spoken after them."""
        others = (other for other in (*self._finals, *self._running) if other.final)
        began = max((other.began for other in others if other.track == job.track), default=-math.inf)
        return replace(job, due=job.due + began - job.began) if began > job.began else job

    def _next(self) -> Job | None:
        """What a free thread is to do."""
        early = sum(job.early for job in self._running)
        owed = self._share.due and early < self._threads_owed
        job = self._next_final(early=True) if owed else None
        job = job or self._next_final(early=False) or self._next_partial(early=False)
        if not job and self._room_for_early:
            job = self._next_final(early=True) or self._next_partial(early=True)
        return job

    @property
    def _room_for_early(self) -> bool:
        """Whether it may have one more thread that nobody else wants now."""
        speaking = self._clock() - self._spoke_at < _SPEAKING
        most = max(1, self._threads - 1) if speaking else self._threads
        return sum(job.early for job in self._running) < most

    @property
    def _early_waits(self) -> bool:
        return bool(self._finals) and self._finals[-1].early

    def _next_final(self, *, early: bool) -> Job | None:
        free = not any(job.early <= early for job in self._running)
        waiting = (job for job in self._finals if job.early == early)
        job = next((job for job in waiting if free or self._hold(job) <= 0), None)
        if job:
            if not early:
                # How late it starts is the load's doing; how long it takes is not.
                self._worst, self._worst_at = self._lateness(), self._clock()
            self._finals.remove(job)
        return job

    def _hold(self, job: Job) -> float:
        """For how many seconds a final need not start yet."""
        # Of what came early it is soon known whether it is needed, and nobody is in a hurry.
        lead = 0.0 if job.early else _MARGIN * self._final_seconds * (1 - self._busy)
        return (job.due if job.certain is None else job.certain) - lead - self._clock()

    def _until_more(self) -> float | None:
        """Seconds until there may be work without anybody saying so; None if there will not be any."""
        # Where there is no room for what came early it waits for what runs of that.
        room = self._room_for_early
        if holds := [self._hold(job) for job in self._finals if room or not job.early]:
            return max(0.0, min(holds))
        late = self._lateness()
        return _FORGOTTEN * math.log(late / _LATE) if self._partials and late > _LATE else None

    def _watch(self) -> None:
        """Take note of how many threads were at finals since the last time: from 0 (none) to 1 (all)."""
        now = self._clock()
        share = sum(job.final and not job.early for job in self._running) / self._threads
        self._busy = share + (self._busy - share) * math.exp((self._busy_at - now) / _BUSY_OVER)
        self._busy_at = now

    def _next_partial(self, *, early: bool) -> Job | None:
        decoding = {job.track for job in self._running if not job.final and job.early <= early}
        if len(decoding) >= self._threads_for_partials or self._lateness() > _LATE:
            return None
        for track, job in self._partials.items():
            if job.early == early and track not in decoding:
                return self._partials.pop(track)
        return None

    def _lateness(self) -> float:
        """Seconds: the worst of finals in time that wait and that came, which are forgotten slowly."""
        now = self._clock()
        waiting = now - self._finals[0].due if self._finals and not self._finals[0].early else 0.0
        return max(waiting, self._worst * math.exp((self._worst_at - now) / _FORGOTTEN), 0.0)
