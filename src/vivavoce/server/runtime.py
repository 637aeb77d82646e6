"""One running session: the shell that carries out what its `LiveSession` decides.

Everything here happens on the event loop. A lock keeps events and their effects in order. `run` is the
session's own task: what recognition says (it comes from the engine thread) and what time brings.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.engine import Engine, EngineStream
from vivavoce.engine.stream import StreamSettings
from vivavoce.errors import StorageError
from vivavoce.live.effects import (
    Append,
    Begin,
    Close,
    Effect,
    Finish,
    Flush,
    Keep,
    Note,
    PostProcess,
    Send,
)
from vivavoce.live.result import build_result
from vivavoce.live.session import Limits, LiveSession, Phase
from vivavoce.protocol import close_codes
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Audio, Diagnosis, Failed, Final, Progress, Up
from vivavoce.protocol.stream import Flush as FlushAudio
from vivavoce.recognizers.base import Recognizer
from vivavoce.server.kept import Kept
from vivavoce.storage.audio_log import AudioLog
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)

_SLICE = 32 * 1024
_MESSAGES_AT_ONCE = 200
# A frame larger than this is written in a thread, so that the disk cannot hold up the event loop.
_LARGE_FRAME = 256 * 1024
# Seconds of audio that recognition may hold beyond the longest utterance; the rest waits in the log.
_AHEAD = 15.0


class Connection(Protocol):
    """An open socket, as a session sees it."""

    async def send(self, text: str) -> bool:
        """Whether it could be sent."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every session of the server shares. `ended` is called with the session when it has ended."""

    storage: Storage
    engine: Engine
    limits: Limits
    ended: Callable[[SessionRuntime], None]


class SessionRuntime:
    """Drives one session until it has ended and everything has been sent.

    A log that holds audio already (from before a restart) is recognised again, but for the finals kept.
    """

    def __init__(
        self,
        stored: StoredSession,
        request: LiveRequest,
        recognizer: Recognizer,
        log: AudioLog,
        surroundings: Surroundings,
        kept: Kept,
    ) -> None:
        self.id = stored.id
        self.key_id = stored.key_id
        self._request = request
        self._log = log
        self._around = surroundings
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._live = LiveSession(
            stored.id,
            request,
            now=time.time(),
            read_log=log.read,
            limits=surroundings.limits,
            received=log.size,
            finals=kept.sent,
        )
        warnings = stored.post_session_metadata.get("warnings", ())
        self._noted = frozenset(warning["code"] for warning in warnings)
        self._connections: dict[int, Connection] = {}
        self._unstored: list[str] = []
        self._format = AudioFormat.of(request)
        self._stream = self._open_stream(surroundings.engine, recognizer, [*kept.sent, *kept.unsent])
        self._fed = 0
        self._settled = 0.0
        self._marker: int | None = None
        self.finished = False
        """Whether the end has been stored, or could not be."""
        self._left = self._released = False
        # Bounded: recognition holds a bounded stretch of audio, and a send takes at most some seconds.
        self._heard: deque[Up] = deque()
        self._wake = asyncio.Event()
        for final in kept.unsent:
            self._live.restore(final, time.time())
        self._pump()

    @property
    def ended(self) -> bool:
        return self._live.phase is Phase.ENDED

    @property
    def counts(self) -> bool:
        """Whether the session counts against its key's concurrency."""
        return not self.ended and not self._live.abandoned(time.time())

    async def run(self) -> None:
        """Carry out what recognition says and what time brings, until the session has ended."""
        while not self.ended:
            await self._woken()
            while self._heard:
                async with self._lock:
                    await self._hear(self._heard.popleft())
            async with self._lock:
                await self._perform(self._live.tick(time.time()))

    async def connect(self, connection: Connection, resume_from: int | None) -> int:
        """Take up a connection; returns its number, to be given with all that it brings."""
        async with self._lock:
            number = self._live.next_connection
            self._connections[number] = connection
            await self._perform(self._live.connect(time.time(), resume_from))
            return number

    async def disconnected(self, number: int, code: int) -> None:
        async with self._lock:
            self._connections.pop(number, None)
            await self._perform(self._live.disconnected(number, code, time.time()))

    async def receive_audio(self, number: int, data: bytes) -> None:
        async with self._lock:
            if number != self._live.connection:
                return
            if self._live.resuming:
                # Finding the place in the log may take a while. The lock is held.
                effects = await asyncio.to_thread(self._live.receive_audio, data, time.time())
            else:
                effects = self._live.receive_audio(data, time.time())
            await self._perform(effects)

    async def receive_stop(self, number: int) -> None:
        async with self._lock:
            if number == self._live.connection:
                left = max(0.0, self._live.audio_duration - self._settled)
                await self._perform(self._live.receive_stop(time.time(), left))

    async def receive_invalid(self, number: int, reason: str) -> None:
        async with self._lock:
            if number == self._live.connection:
                await self._perform(self._live.receive_invalid(reason, time.time()))

    async def store_messages(self) -> None:
        """Store what has been sent so far. Raises StorageError."""
        async with self._lock:
            await self._store_messages()

    async def close(self, code: int, reason: str) -> None:
        """The server goes down: close the socket, store what is at hand, let go of recognition."""
        async with self._lock:
            connections, self._connections = self._connections, {}
            for number, connection in connections.items():
                await connection.close(code, reason)
                self._live.disconnected(number, code, time.time())
            if not self._released:
                self._release()
                await self._store_messages()

    async def bury(self) -> None:
        """After a defect: the session has failed, and is not taken up again. Raises StorageError."""
        await self.close(close_codes.FAILURE, "an internal error")
        await self._store_end(Finish("error", 500, self._live.transcription_time(time.time())))

    # Effects

    async def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            try:
                await self._do(effect)
            except StorageError as error:
                _log.error("storage_failed", session=self.id, error=str(error))
                if not self.ended:
                    await self._perform(self._live.heard(Failed(str(error)), time.time()))
                    return
                # It has ended already: the rest of how it ends is still to be done.
        if self.finished and not self._left:
            self._left = True
            self._around.ended(self)

    async def _do(self, effect: Effect) -> None:
        sessions = self._around.storage.sessions
        match effect:
            case Append(data):
                await self._append(data)
            case Send():
                await self._send(effect)
            case Begin():
                await sessions.start(self.id, _now())
            case Keep(final):
                await sessions.add_final(self.id, final, self._unstored)
                self._unstored = []
            case Note(patch):
                _log.warning("session_noted", session=self.id, **patch)
                await sessions.add_metadata(self.id, patch)
            case Flush(marker):
                self._marker = marker
                self._pump()
            case PostProcess():
                await self._post_process()
            case Finish():
                await self._finish(effect)
            case Close(number, code, reason):
                connection = self._connections.pop(number, None)
                if connection is not None:
                    await self._close(connection, code, reason)

    async def _close(self, connection: Connection, code: int, reason: str) -> None:
        # Who sees the close finds every message in the stored session.
        try:
            await self._store_messages()
        finally:
            await connection.close(code, reason)

    async def _append(self, data: bytes) -> None:
        try:
            if self._log.durable or len(data) > _LARGE_FRAME:
                await asyncio.to_thread(self._log.append, data)
            else:
                self._log.append(data)
        except StorageError as error:
            _log.error("append_failed", session=self.id, error=str(error))
            await self._perform(self._live.append_failed(str(error), time.time()))
            return
        await self._perform(self._live.appended(time.time()))
        self._pump()

    async def _send(self, effect: Send) -> None:
        connection = self._connections.get(effect.connection)
        if connection is not None and await connection.send(effect.message):
            self._unstored.append(effect.message)
            # What is durable is stored at once, so that after a crash little is sent twice.
            if effect.durable or len(self._unstored) >= _MESSAGES_AT_ONCE:
                await self._store_messages()
            return
        if effect.durable:
            self._live.undelivered(effect.message)
        if self._connections.pop(effect.connection, None):
            # Nothing more is tried on a connection that did not take a message.
            await self._perform(self._live.disconnected(effect.connection, close_codes.ABNORMAL, time.time()))

    async def _store_messages(self) -> None:
        if self._unstored:
            await self._around.storage.sessions.add_messages(self.id, self._unstored)
            self._unstored = []

    async def _post_process(self) -> None:
        await self._store_messages()
        finals = await self._around.storage.sessions.finals(self.id)
        # In a thread: the finals of hours take most of a second to build and write. The lock is held.
        await self._perform(await asyncio.to_thread(self._conclude, finals))

    def _conclude(self, finals: Sequence[Final]) -> Sequence[Effect]:
        now = time.time()
        result = build_result(
            self._request,
            finals,
            audio_duration=self._live.audio_duration,
            transcription_time=self._live.transcription_time(now),
        )
        return self._live.post_processed(result, now)

    async def _finish(self, finish: Finish) -> None:
        try:
            await self._store_messages()
            await self._store_end(finish)
        finally:
            self.finished = True
            self._release()

    async def _store_end(self, finish: Finish) -> None:
        sessions = self._around.storage.sessions
        duration = self._live.audio_duration
        await sessions.finish(
            self.id,
            status=finish.status,
            at=_now(),
            error_code=finish.error_code,
            audio_bytes=self._live.received,
            header_bytes=self._live.header_bytes,
            audio_duration=duration,
            transcription_time=finish.transcription_time,
        )
        if self.key_id is not None:
            await sessions.add_usage(self.key_id, duration * self._format.channels, _now())

    def _release(self) -> None:
        self._released = True
        self._stream.close()
        self._log.close()
        self._wake.set()

    # Recognition

    def _open_stream(self, engine: Engine, recognizer: Recognizer, finals: Sequence[Final]) -> EngineStream:
        request = self._request
        settings = StreamSettings(
            format=self._format,
            endpointing=request.endpointing,
            maximum_duration=request.maximum_duration_without_endpointing,
            speech_threshold=request.pre_processing.speech_threshold,
            languages=tuple(request.language_config.languages),
            code_switching=request.language_config.code_switching,
            partials=request.messages_config.receive_partial_transcripts,
            known={final.utterance.id: final.utterance for final in finals},
        )
        return engine.open(settings, recognizer, self._deliver)

    def _pump(self) -> None:
        """Feed recognition from the log, never further ahead than it can hold."""
        if self._released:
            return
        try:
            self._feed()
        except StorageError as error:
            self._take(Failed(str(error)))

    def _feed(self) -> None:
        ahead = self._request.maximum_duration_without_endpointing + _AHEAD
        while self._fed < self._log.size and self._format.seconds(self._fed) - self._settled < ahead:
            data = self._log.read(self._fed, self._fed + _SLICE)
            self._stream.feed(Audio(self._fed, data))
            self._fed += len(data)
        if self._marker is not None and self._fed == self._log.size:
            self._stream.feed(FlushAudio(self._marker))
            self._marker = None

    def _deliver(self, up: Up) -> None:
        """Called on the engine thread."""
        self._loop.call_soon_threadsafe(self._take, up)

    def _take(self, up: Up) -> None:
        self._heard.append(up)
        self._wake.set()

    async def _hear(self, up: Up) -> None:
        if isinstance(up, Progress) and not self.ended:
            self._settled = up.time
            self._pump()
        elif isinstance(up, Diagnosis) and up.code in self._noted:
            # The log is heard again after a restart; what was said of it is stored.
            return
        await self._perform(self._live.heard(up, time.time()))

    async def _woken(self) -> None:
        deadline = self._live.deadline
        left = None if deadline is None else max(0.0, deadline - time.time())
        try:
            async with asyncio.timeout(left):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()


def _now() -> datetime:
    return datetime.now(UTC)
