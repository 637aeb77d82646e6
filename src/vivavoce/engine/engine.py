"""The engine: one thread that hears every session, and a few that decode.

The engine thread owns all streams and tracks, so nothing of theirs needs a lock; it never decodes. Decoder
threads own nothing; they take jobs from the scheduler and put the answers into the engine's inbox.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue

import structlog

from vivavoce.engine.ahead import Ahead
from vivavoce.engine.scheduler import Job, Load, Scheduler
from vivavoce.engine.share import Turns
from vivavoce.engine.stream import RecognitionStream, StreamSettings
from vivavoce.engine.vad import SileroVad
from vivavoce.errors import InvalidAudio, RecognizerError
from vivavoce.protocol.stream import Audio, Down, Failed, Hypothesis, Up
from vivavoce.recognizers.base import Recognizer
from vivavoce.speech.endpointing import SAMPLE_RATE, WINDOW_SECONDS
from vivavoce.speech.outputs import Cancel, Decode, Hasten

_log = structlog.get_logger(__name__)

# Seconds by which finals that came early are put off, at most: those who rush wait for one another, too.
_MOST_AHEAD = 30.0

# Seconds of audio, times its channels, for which a stream has its turn, and as how much a small item counts.
_TURN = 1.0
_EARLY_TURN = 0.5
_LEAST = 0.016

Deliver = Callable[[Up], None]
Outputs = Iterable[Up | Decode | Cancel | Hasten]


@dataclass(slots=True, eq=False)
class EngineStream:
    """A session's door to the engine. Calls return at once; `deliver` is called on the engine thread."""

    _engine: Engine
    settings: StreamSettings
    recognizer: Recognizer
    deliver: Deliver
    ahead: Ahead
    waiting: deque[Down] = field(default_factory=deque)
    """What was fed and has not had its turn, on the engine thread."""

    def came(self, seconds: float) -> None:
        """The session's audio is so long by now, whether or not it is fed yet."""
        self.ahead.came(seconds, time.monotonic())

    @property
    def early(self) -> bool:
        """Whether what came last came before it could have been spoken."""
        return self.ahead.early

    def feed(self, item: Down) -> None:
        """Hand over the next item, in order. Whoever feeds keeps the backlog bounded, by `Progress`."""
        self._engine._inbox.put(_Fed(self, item))

    @property
    def _bytes_per_second(self) -> int:
        """Of one channel."""
        return self.settings.format.sample_bytes * self.settings.format.sample_rate

    def cost(self, item: Down) -> float:
        """Seconds of audio, times its channels: what the engine thread has to do for it."""
        return len(item.data) / self._bytes_per_second if isinstance(item, Audio) else 0.0

    def next(self, most: float) -> Down:
        """What waits the longest, on the engine thread; of audio no more than costs so much."""
        item = self.waiting.popleft()
        if not isinstance(item, Audio) or self.cost(item) <= most:
            return item
        size = int(most * self._bytes_per_second)
        self.waiting.appendleft(Audio(item.offset + size, item.data[size:]))
        return Audio(item.offset, item.data[:size])

    def close(self) -> None:
        """Nothing more will be fed, and no answer is wanted."""
        self._engine._inbox.put(_Closed(self))


@dataclass(frozen=True, slots=True)
class _Opened:
    stream: EngineStream


@dataclass(frozen=True, slots=True)
class _Fed:
    stream: EngineStream
    item: Down


@dataclass(frozen=True, slots=True)
class _Closed:
    stream: EngineStream


@dataclass(frozen=True, slots=True)
class _Answered:
    job: Job
    answer: Hypothesis | RecognizerError


@dataclass(frozen=True, slots=True)
class _Stop:
    pass


_Message = _Opened | _Fed | _Closed | _Answered | _Stop


class Engine:
    """Runs from `start` to `stop`; `open` may be called from any thread in between."""

    def __init__(self, vad: SileroVad, *, decoder_threads: int) -> None:
        self._vad = vad
        self._scheduler = Scheduler(decoder_threads)
        # Bounded by its users: each session feeds a bounded backlog and has a bounded number of decodes.
        self._inbox: SimpleQueue[_Message] = SimpleQueue()
        self._streams: dict[EngineStream, RecognitionStream] = {}
        self._threads = [threading.Thread(target=self._run, name="engine", daemon=True)]
        self._threads += [
            threading.Thread(target=self._decode, name=f"decoder-{number}", daemon=True)
            for number in range(decoder_threads)
        ]

    @property
    def healthy(self) -> bool:
        """Whether every thread runs. One that died of a defect stays dead: the process should restart."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def load(self) -> Load:
        return self._scheduler.load

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; running decodes finish first."""
        self._scheduler.close()
        self._inbox.put(_Stop())
        for thread in self._threads:
            thread.join()

    def open(self, settings: StreamSettings, recognizer: Recognizer, deliver: Deliver) -> EngineStream:
        """A new stream. `deliver` is called on the engine thread and must return at once."""
        ahead = Ahead(time.monotonic() - settings.age)
        stream = EngineStream(self, settings, recognizer, deliver, ahead)
        self._inbox.put(_Opened(stream))
        return stream

    def _run(self) -> None:
        turns = Turns[EngineStream]()
        while not isinstance(message := self._next(turns), _Stop):
            if message is None:
                self._take(turns)
            elif isinstance(message, _Fed):
                if not message.stream.waiting:
                    turns.add(message.stream)
                message.stream.waiting.append(message.item)
            elif isinstance(message, _Answered):
                self._answer(message.job, message.answer)
            elif isinstance(message, _Opened):
                self._streams[message.stream] = RecognitionStream(message.stream.settings, self._vad)
            else:
                self._forget(message.stream)

    def _next(self, turns: Turns[EngineStream]) -> _Message | None:
        """What is in the inbox; if it is a stream's turn, nothing is waited for."""
        try:
            return self._inbox.get(block=not turns)
        except Empty:
            return None

    def _take(self, turns: Turns[EngineStream]) -> None:
        """One stream's turn: who sends much at once keeps others waiting no longer than who speaks."""
        stream, taken = turns.pop(), 0.0
        most = _EARLY_TURN if turns.early else _TURN
        while stream.waiting and taken < most:
            item = stream.next(max(_LEAST, most - taken))
            taken += max(_LEAST, stream.cost(item))
            self._advance(stream, partial(RecognitionStream.take, item=item))
        if stream.waiting:
            turns.add(stream)
        turns.took(taken)

    def _advance(self, stream: EngineStream, step: Callable[[RecognitionStream], Outputs]) -> None:
        recognition = self._streams.get(stream)
        if recognition is None:
            return
        try:
            self._act(stream, step(recognition))
            if recognition.speaking and not stream.early:
                self._scheduler.speech_heard()
        except InvalidAudio as error:
            self._fail(stream, str(error))
        except Exception:  # noqa: BLE001 - a defect ends the session that met it, never the thread that all share.
            _log.exception("stream_crashed")
            self._fail(stream, "an internal error")

    def _answer(self, job: Job, answer: Hypothesis | RecognizerError) -> None:
        stream = job.stream
        assert isinstance(stream, EngineStream)
        if isinstance(answer, Hypothesis):
            self._advance(stream, partial(RecognitionStream.answer, decode=job.decode, hypothesis=answer))
            return
        _log.error("decode_failed", model=job.recognizer.name, final=job.final, error=str(answer))
        recognition = self._streams.get(stream)
        if recognition and recognition.wants(job.decode):
            self._fail(stream, f"the model {job.recognizer.name} failed: {answer}")

    def _act(self, stream: EngineStream, outputs: Outputs) -> None:
        for output in outputs:
            if isinstance(output, Decode):
                slack = output.slack * WINDOW_SECONDS
                now = time.monotonic()
                early = output.start < stream.ahead.early_until * SAMPLE_RATE
                spoken = stream.ahead.began + (output.start + len(output.audio)) / SAMPLE_RATE
                ahead = min(max(0.0, spoken - now), _MOST_AHEAD) if early else 0.0
                due, certain = now + ahead + slack, now + slack
                self._scheduler.submit(Job(stream, output, stream.recognizer, due, certain, early))
            elif isinstance(output, Cancel):
                self._scheduler.cancel(output.decode)
            elif isinstance(output, Hasten):
                self._scheduler.hasten(output.decode)
            else:
                stream.deliver(output)

    def _fail(self, stream: EngineStream, message: str) -> None:
        if stream in self._streams:
            self._forget(stream)
            stream.deliver(Failed(message))

    def _forget(self, stream: EngineStream) -> None:
        if self._streams.pop(stream, None):
            self._scheduler.forget(stream)

    def _decode(self) -> None:
        while (job := self._scheduler.take()) is not None:
            began = time.monotonic()
            self._inbox.put(_Answered(job, _recognize(job)))
            self._scheduler.done(job, time.monotonic() - began)


def _recognize(job: Job) -> Hypothesis | RecognizerError:
    try:
        return job.recognizer.recognize(job.request)
    except RecognizerError as error:
        return error
    except Exception as defect:  # noqa: BLE001 - whatever a model raises, its thread serves others
        _log.exception("recognizer_crashed", model=job.recognizer.name)
        return RecognizerError(f"{type(defect).__name__}: {defect}")
