"""A shell around `LiveSession` for tests: a bytearray is the log, lists are the sockets, time is a number."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.effects import (
    Append,
    Close,
    Conclude,
    Effect,
    Finish,
    Flush,
    Note,
    Post,
    PostProcess,
    Send,
)
from vivavoce.live.limits import Limits
from vivavoce.live.outgoing import Outgoing
from vivavoce.live.record import Said, Told
from vivavoce.live.result import build_result, spoken
from vivavoce.live.session import LiveSession
from vivavoce.live.transcription import transcription_of
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Final, Partial, SpeechEnd, SpeechStart, Utterance, Word

NOISE = bytes(range(64)) + random.Random(20).randbytes(1 << 20)
"""16 bit audio in which no stretch repeats another."""

CHUNK = 3200
"""Bytes of a tenth of a second, with the default format."""


class Shell:
    """Carries out effects one by one, as the server does.

    `body` is the request's. After a restart there are a `log`, and finals that were `sent` and `unsent`; the
    session may have been `stopped`. What was stored to be posted is in `posts`.
    Messages that were taken by a socket are in `wires`, by connection. A socket in `broken` takes none; while
    `disk_is_full` appending fails.
    """

    def __init__(
        self,
        body: dict[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        log: bytes = b"",
        sent: Sequence[Final] = (),
        unsent: Sequence[Final] = (),
        webhooks: bool = False,
        stopped: bool = False,
    ) -> None:
        self.log = bytearray(log)
        self.now = 1_700_000_000.0
        self.request = LiveRequest.model_validate(body or {})
        self.live = LiveSession(
            "the-session",
            self.request,
            now=self.now,
            read_log=lambda start, end: bytes(self.log[start:end]),
            limits=limits,
            received=len(log),
            told=[*map(self._told_before, sent)],
            webhooks=webhooks,
            stopped=stopped,
        )
        for final in unsent:
            self.live.restore(final, self.now)
        self.trace: list[Effect] = []
        self.posts: list[Post] = []
        self.wires: dict[int, list[str]] = {}
        self.closed: dict[int, Close] = {}
        self.broken: set[int] = set()
        self.disk_is_full = False
        self.kept: list[Final] = [*sent, *unsent]
        self.results: list[AddOnResult] = []
        self.failures: list[AddOnResult] = []
        """Add-ons of the whole session that fail."""
        self.numbers: dict[tuple[int, str], int] = {}
        """The number of each durable message, by its connection."""
        self._told = 0
        self._flows = False
        """Whether the last frame was said to be only logged and acknowledged."""

    def _told_before(self, final: Final) -> Told:
        message = Outgoing("the-session", self.request).transcript(final.utterance, self.now, final=True)
        assert message is not None, "finals are asked for"
        return Told("transcript", message.text, final.utterance.end)

    # What happens to the session

    @property
    def settled(self) -> bool:
        """Whether the session has ended and every message has been sent."""
        return self.live.ended and self.live.waiting == (0, 0)

    def connect(self, resume_from: int | None = None) -> int:
        number = self.live.next_connection
        self.wires[number] = []
        self.perform(self.live.connect(self._later(), resume_from))
        return number

    def audio(self, data: bytes, connection: int | None = None) -> None:
        if self._hears(connection):
            self._flows = self.live.flows(len(data))
            effects = self.live.receive_audio(data, self._later())
            assert not self._flows or effects == [Append(data)]
            self.perform(effects)

    def stop(self, connection: int | None = None, left: float = 0.0) -> None:
        if self._hears(connection):
            self.perform(self.live.receive_stop(self._later(), left))

    def invalid(self, reason: str) -> None:
        self.perform(self.live.receive_invalid(reason, self._later()))

    def hear(self, *ups: Said) -> None:
        for up in ups:
            now = self._later()
            if record := self.live.record_of(up, now):
                self.posts += record.posts
                self.kept += [record.final] if record.final else []
                self.results += [record.result] if record.result else []
            self.perform(self.live.heard(up, now))
            if record and record.final:
                self.hear(*self._add_ons(record.final.utterance))

    def _add_ons(self, utterance: Utterance) -> Iterator[AddOnDone]:
        if self.request.realtime_processing.sentiment_analysis:
            result = AddOnResult("sentiment_analysis", utterance.id, results=[])
            yield self.live.out.add_on(result, utterance, self._later())

    def _steps(self) -> Iterator[AddOnDone]:
        transcription = transcription_of(self.request, spoken(self.kept), lambda: 0.0)
        yield self.live.out.transcribed(transcription, self._later())
        if self.request.post_processing.summarization:
            result = AddOnResult("summarization", results="what was said")
            yield self.live.out.add_on(result, None, self._later())
        for failure in self.failures:
            yield self.live.out.add_on(failure, None, self._later())

    def confirm(self) -> None:
        """The client has answered the last ping."""
        self.live.confirmed(max(self.numbers.values()))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.perform(self.live.tick(self.now))

    def lose(self, connection: int | None = None, code: int = 1006) -> None:
        """The connection is closed, with `code`."""
        number = self.live.connection if connection is None else connection
        if number is not None:
            self.broken.add(number)
            self.perform(self.live.disconnected(number, code, self._later()))

    def _hears(self, connection: int | None) -> bool:
        # The server passes over what comes on a connection that is not the session's any more.
        return self.live.connection is not None and connection in (None, self.live.connection)

    def _later(self) -> float:
        self.now += 0.002
        return self.now

    # What the session does

    def perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self.trace.append(effect)
            self.do(effect)

    def do(self, effect: Effect) -> None:
        match effect:
            case Append(data):
                if self.disk_is_full:
                    self.perform(self.live.append_failed("the disk is full", self._later()))
                else:
                    self.log += data
                    effects = self.live.appended(self._later())
                    if self._flows:
                        assert len(effects) <= 1
                        assert all(isinstance(effect, Send) and not effect.durable for effect in effects)
                    self.perform(effects)
            case Send(number, message, durable):
                if durable:
                    self.numbers[number, message] = effect.number
                if number not in self.broken and number not in self.closed:
                    self.wires[number].append(message)
                elif durable:
                    self.live.undelivered(message)
            case Post():
                self.posts.append(effect)
            case Finish():
                self.posts += effect.posts
            case PostProcess():
                self.hear(*self._steps(), AllDone())
            case Conclude():
                result = build_result(
                    self.request,
                    self.kept,
                    self.results,
                    audio_duration=self.live.audio_duration,
                    transcription_time=1.0,
                    clock=lambda: 0.0,
                    over=True,
                )
                self.perform(self.live.concluded(result, self._later()))
            case Close():
                self.closed[effect.connection] = effect
            case _:
                pass

    # What can be seen of it

    def story(self) -> list[str]:
        """What was done since the last call, an effect a line."""
        told, self._told = self._told, len(self.trace)
        return [_told(effect) for effect in self.trace[told:]]

    def messages(self, kind: str | None = None) -> list[dict[str, Any]]:
        """All messages that were taken by a socket, connection by connection."""
        found = [json.loads(text) for wire in self.wires.values() for text in wire]
        return [message for message in found if kind in (None, message["type"])]

    def acks(self) -> list[tuple[int, int]]:
        """The byte ranges of the acknowledgements."""
        return [tuple(m["data"]["byte_range"]) for m in self.messages("audio_chunk") if m["acknowledged"]]

    def finals(self, connection: int | None = None) -> list[str]:
        """The ids of the finals that were taken by a socket."""
        wires = self.wires.values() if connection is None else [self.wires[connection]]
        messages = (json.loads(text) for wire in wires for text in wire)
        return [
            message["data"]["id"]
            for message in messages
            if message["type"] == "transcript" and message["data"]["is_final"]
        ]

    def refusals(self) -> list[str]:
        """Why things were not acknowledged."""
        return [m["error"]["message"] for m in self.messages() if m.get("acknowledged") is False]

    def finishes(self) -> list[Finish]:
        return [effect for effect in self.trace if isinstance(effect, Finish)]

    def notes(self) -> list[dict[str, Any]]:
        return [dict(effect.patch) for effect in self.trace if isinstance(effect, Note)]

    def flushes(self) -> list[int]:
        return [effect.marker for effect in self.trace if isinstance(effect, Flush)]


def connected(body: dict[str, Any] | None = None, *, limits: Limits | None = None) -> Shell:
    """A session with its first connection."""
    shell = Shell(body, limits=limits)
    shell.connect()
    return shell


def with_messages(**switches: bool) -> dict[str, Any]:
    """A request whose `messages_config` has all switches on but those that are given otherwise."""
    return {
        "messages_config": dict.fromkeys(SWITCHES, True) | {f"receive_{k}": v for k, v in switches.items()}
    }


SWITCHES = (
    "receive_partial_transcripts",
    "receive_final_transcripts",
    "receive_speech_events",
    "receive_pre_processing_events",
    "receive_realtime_processing_events",
    "receive_post_processing_events",
    "receive_acknowledgments",
    "receive_errors",
    "receive_lifecycle_events",
)


def utterance(number: int, text: str = " hello") -> Utterance:
    words = (Word(text, number, number + 0.5, 0.9),) if text else ()
    return Utterance(f"00_{number:08}", 0, number, number + 0.5, "en", words)


def partial(number: int, text: str = " hel") -> Partial:
    return Partial(utterance(number, text))


def final(number: int, text: str = " hello") -> Final:
    return Final(utterance(number, text), 0)


def speech_start(number: int) -> SpeechStart:
    return SpeechStart(0, float(number))


def speech_end(number: int) -> SpeechEnd:
    return SpeechEnd(0, number + 0.5)


def _told(effect: Effect) -> str:
    match effect:
        case Append(data):
            return f"append {len(data)}"
        case Send(_, message, _):
            return f"send {json.loads(message)['type']}"
        case Close(number, code, _):
            return f"close {number} with {code}"
        case Finish(status):
            return f"finish as {status}"
        case _:
            return type(effect).__name__.lower()


def recording(body: dict[str, Any] | None = None, *, limits: Limits | None = None) -> Shell:
    """A session that has taken a tenth of a second; its story begins after that."""
    shell = connected(body, limits=limits)
    shell.audio(NOISE[:CHUNK])
    shell.story()
    return shell
