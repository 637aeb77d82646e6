"""The engine with its threads: many streams, a few decoders, and failures that stay where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

import numpy as np
import pytest

from engine.samples import exact, fingerprint, is_loud, reading, settings, silence, vad
from vivavoce.engine.engine import Engine, EngineStream
from vivavoce.engine.scheduler import Load
from vivavoce.engine.stream import StreamSettings
from vivavoce.protocol.stream import (
    NO_CONTEXT,
    Audio,
    Failed,
    Final,
    Flush,
    Flushed,
    Hypothesis,
    Partial,
    Up,
    Utterance,
)
from vivavoce.recognizers.base import Recognizer, Request
from vivavoce.recognizers.scripted import ScriptedRecognizer

PATIENCE = 30.0


@contextmanager
def running(threads: int = 2) -> Iterator[Engine]:
    engine = Engine(vad(), decoder_threads=threads)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@dataclass(slots=True)
class Session:
    """Feeds a stream and waits for what comes of it."""

    engine: Engine
    recognizer: Recognizer = field(default_factory=exact)
    settings: StreamSettings = field(default_factory=settings)
    ups: SimpleQueue[Up] = field(default_factory=SimpleQueue)
    stream: EngineStream = field(init=False)

    def __post_init__(self) -> None:
        self.stream = self.engine.open(self.settings, self.recognizer, self.ups.put)

    def feed(self, data: bytes, size: int = 16_000) -> Session:
        for at in range(0, len(data), size):
            self.stream.feed(Audio(at, data[at : at + size]))
        return self

    def flush(self) -> Session:
        self.stream.feed(Flush(1))
        return self

    def until(self, *kinds: type[Up]) -> list[Up]:
        """All that came, up to the first of `kinds`."""
        ups = [self.ups.get(timeout=PATIENCE)]
        while not isinstance(ups[-1], kinds):
            ups.append(self.ups.get(timeout=PATIENCE))
        return ups

    def finals(self) -> list[Utterance]:
        return [up.utterance for up in self.until(Flushed) if isinstance(up, Final)]


class Gate(ScriptedRecognizer):
    """Holds every decode back until it is opened; says when there is one."""

    def __init__(self, **options: object) -> None:
        super().__init__(fingerprint, **options)  # type: ignore[arg-type]
        self.asked = threading.Event()
        self.opened = threading.Event()

    def recognize(self, request: Request) -> Hypothesis:
        self.asked.set()
        assert self.opened.wait(PATIENCE)
        return super().recognize(request)


def everything_is_heard(engine: Engine) -> None:
    """The engine has heard all that was fed before, and asked for what it wants decoded."""
    # Streams have their turns: this one has more of them to wait for than any before it.
    Session(engine).feed(silence(15)).flush().until(Flushed)


def drained(session: Session) -> list[Up]:
    ups = []
    while not session.ups.empty():
        ups.append(session.ups.get())
    return ups


def loud(data: bytes) -> bytes:
    """The same speech, clipped."""
    return (np.frombuffer(data, "<i2").astype(np.int32) * 50).clip(-32_768, 32_767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def finals_of_the_reading() -> list[Utterance]:
    with running() as engine:
        return Session(engine).feed(reading(10)).flush().finals()


@pytest.mark.parametrize("threads", [1, 3])
def test_many_streams_at_once_give_each_what_it_would_give_alone(
    finals_of_the_reading: list[Utterance], threads: int
) -> None:
    with running(threads) as engine:
        recognizer = exact()
        sessions = [Session(engine, recognizer, settings(partials=n % 2 == 0)) for n in range(8)]
        for at in range(0, len(reading(10)), 8000):
            for session in sessions:
                session.stream.feed(Audio(at, reading(10)[at : at + 8000]))
        for session in sessions:
            session.flush()
        assert [session.finals() for session in sessions] == [finals_of_the_reading] * 8


def test_partials_come_while_speech_goes_on() -> None:
    with running() as engine:
        session = Session(engine, settings=settings(partials=True, maximum=60, endpointing=10)).feed(
            reading(3)
        )
        partial = session.until(Partial)[-1]
        assert isinstance(partial, Partial)
        assert partial.utterance.id == session.flush().finals()[0].id


def test_a_flush_is_answered_after_the_last_final_however_long_that_takes() -> None:
    gate = Gate()
    with running() as engine:
        slow = Session(engine, gate).feed(reading(3)).flush()
        everything_is_heard(engine)
        assert not any(isinstance(up, Final | Flushed) for up in drained(slow))
        gate.opened.set()
        assert slow.finals()


def test_of_sessions_that_wait_for_one_thread_each_gets_all_its_finals() -> None:
    gate = Gate()
    with running(1) as engine:
        sessions = [Session(engine, gate).feed(reading(5)).flush() for _ in range(8)]
        everything_is_heard(engine)
        gate.opened.set()
        finals = [session.finals() for session in sessions]
    assert finals == [finals[0]] * 8
    assert finals[0]


@pytest.mark.parametrize("came", [0.0, 60.0])
def test_one_large_piece_is_heard_as_many_small_ones_are(
    came: float, finals_of_the_reading: list[Utterance]
) -> None:
    with running() as engine:
        session = Session(engine)
        session.stream.came(came)
        assert session.feed(reading(10), size=1 << 20).flush().finals() == finals_of_the_reading


def test_who_sends_much_at_once_waits_for_those_who_speak() -> None:
    order: list[str] = []

    class Named(Gate):
        def recognize(self, request: Request) -> Hypothesis:
            hypothesis = super().recognize(request)
            order.append(self.name)
            return hypothesis

    rushing, speaking = Named(), Named()
    rushing.name, speaking.name = "rushing", "speaking"
    at_once = replace(settings(), context=NO_CONTEXT)
    with running(1) as engine:
        rush = Session(engine, rushing, at_once)
        rush.stream.came(10.0)
        rush.feed(reading(10)).flush()
        assert rushing.asked.wait(PATIENCE)
        speak = Session(engine, speaking, replace(at_once, age=10.0))
        speak.stream.came(10.0)
        speak.feed(reading(10)).flush()
        everything_is_heard(engine)
        speaking.opened.set()
        rushing.opened.set()
        assert rush.finals() == speak.finals()
    assert order.count("speaking") > 1
    # What ran already took more than its share.
    assert order[:2] == ["rushing", "speaking"]


# Failures


def test_a_request_that_breaks_the_model_fails_its_stream_and_no_other(
    finals_of_the_reading: list[Utterance],
) -> None:
    gate = Gate(fails=is_loud)
    with running(1) as engine:
        audio = [reading(10), loud(reading(10)), reading(10)]
        before, broken, after = (Session(engine, gate).feed(data).flush() for data in audio)
        everything_is_heard(engine)
        gate.opened.set()
        assert before.finals() == after.finals() == finals_of_the_reading
        failed = broken.until(Failed)[-1]
        assert failed == Failed("the model scripted failed: the script says to fail")


def test_a_failure_that_nobody_waits_for_any_more_fails_no_stream() -> None:
    failures = iter([True])
    gate = Gate(fails=lambda _: next(failures, False))
    with running(1) as engine:
        session = Session(engine, gate, settings(endpointing=10)).feed(reading(3) + silence(1))
        assert gate.asked.wait(PATIENCE)
        session.feed(reading(3))
        everything_is_heard(engine)
        gate.opened.set()
        ups = session.flush().until(Flushed, Failed)
    assert not next(failures, False)
    assert any(isinstance(up, Final) for up in ups)
    assert isinstance(ups[-1], Flushed)


class Defective(ScriptedRecognizer):
    """Raises what no recogniser should."""

    def recognize(self, request: Request) -> Hypothesis:
        raise ZeroDivisionError("a defect")


def test_a_defect_of_a_model_fails_its_streams_and_not_the_engine() -> None:
    with running(1) as engine:
        sound = Session(engine).feed(reading(3))
        broken = Session(engine, Defective(fingerprint)).feed(reading(3)).flush()
        failed = broken.until(Failed)[-1]
        assert isinstance(failed, Failed)
        assert "ZeroDivisionError: a defect" in failed.message
        assert sound.flush().finals()
        assert engine.healthy


def test_after_a_failure_nothing_more_comes_of_the_stream() -> None:
    with running() as engine:
        broken = Session(engine, ScriptedRecognizer(fingerprint, fails=is_loud)).feed(loud(reading(10)))
        broken.until(Failed)
        broken.feed(reading(10)).flush()
        everything_is_heard(engine)
        assert drained(broken) == []


def test_a_partial_that_breaks_the_model_is_left_out(finals_of_the_reading: list[Utterance]) -> None:
    with running() as engine:
        recognizer = ScriptedRecognizer(fingerprint, fails=lambda request: not request.final)
        session = Session(engine, recognizer, settings(partials=True)).feed(reading(10)).flush()
        assert session.finals() == finals_of_the_reading


def test_audio_that_is_not_what_was_declared_fails_its_stream_alone() -> None:
    with running() as engine:
        sound = Session(engine).feed(reading(3))
        broken = Session(engine).feed(b"OggS" + bytes(200))
        failed = broken.until(Failed)[-1]
        assert isinstance(failed, Failed)
        assert "Ogg" in failed.message
        assert sound.flush().finals()
        assert engine.healthy


# Closing and stopping


def test_a_closed_stream_says_nothing_more_and_leaves_no_work_behind() -> None:
    gate = Gate()
    with running(1) as engine:
        closed = Session(engine, gate).feed(reading(10)).flush()
        everything_is_heard(engine)
        assert engine.load.finals
        closed.stream.close()
        everything_is_heard(engine)
        drained(closed)
        assert engine.load == Load(finals=0, partials=0, running=engine.load.running)
        gate.opened.set()
        assert Session(engine, gate).feed(reading(3)).flush().finals()
        assert drained(closed) == []


def test_the_engine_is_healthy_while_it_runs() -> None:
    with running() as engine:
        assert engine.healthy
    assert not engine.healthy


def test_stopping_waits_for_no_stream() -> None:
    with running() as engine:
        session = Session(engine).feed(reading(10))
        session.until(Final)
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"engine", "decoder-0", "decoder-1"}
