"""One running session: the shell that carries out what its `LiveSession` decides.

Everything here happens on the event loop. A lock keeps events and their effects in order. `run` is the
session's own task: what recognition says (it comes from the engine thread), what time brings, and storing
what was said. While that waits for the database, audio goes on being acknowledged.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

import numpy as np
import structlog
from numpy.typing import NDArray

from vivavoce.audio.excerpt import excerpt, excerpt_bytes
from vivavoce.audio.formats import AudioFormat
from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.live.effects import Finish, Post, Send
from vivavoce.live.record import Record, Said
from vivavoce.live.session import LAST_FLUSH, LiveSession
from vivavoce.protocol import close_codes
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Diagnosis, Failed, Progress, Utterance
from vivavoce.recognizers.base import Recognizer
from vivavoce.server.backlog import Backlog
from vivavoce.server.callbacks.posting import Posting
from vivavoce.server.connection import OVERTAKEN, Connection, Connections
from vivavoce.server.enrichment import Enrichment
from vivavoce.server.feed import open_feed
from vivavoce.server.happening import to_its_end
from vivavoce.server.inbox import Inbox
from vivavoce.server.kept import Kept
from vivavoce.server.outbox import NOTHING, Outbox
from vivavoce.server.performing import NO_STORAGE, Performer
from vivavoce.server.session_audio import SessionAudio
from vivavoce.server.surroundings import Surroundings
from vivavoce.storage.audio_log import AudioLog
from vivavoce.storage.records import Place, StoredSession

_log = structlog.get_logger(__name__)


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
        posting: Posting,
    ) -> None:
        self.id = stored.id
        self.place = Place(stored.key_id, request.pre_processing.audio_enhancer)
        self._request = request
        self._lock = asyncio.Lock()
        self._inbox = Inbox()
        # Unix time that no adjustment of the clock moves while the session runs.
        self._epoch = time.time() - time.monotonic()
        self._live = LiveSession(
            stored.id,
            request,
            now=self._now(),
            read_log=log.read,
            limits=surroundings.limits,
            received=log.size,
            told=kept.told,
            results=kept.results,
            webhooks=posting.has_webhooks,
            stopped=stored.stopped,
        )
        self._noted = stored.warnings
        self._connections = Connections()
        storage, wake = surroundings.storage, self._inbox.wake
        self._outbox = Outbox(stored, storage, posting, surroundings.posted, wake)
        self._patience = surroundings.patience(stored.id)
        engine, tell = surroundings.engine, self._inbox.deliver
        feed = open_feed(request, log, engine, recognizer, kept.finals, tell, stored.created_at)
        self._audio = SessionAudio(log, feed, self._inbox.take)
        self._enrichment = Enrichment(
            request,
            surroundings.intelligence,
            self._live.out,
            partial(_excerpt, AudioFormat.of(request), log, self._live),
            self._inbox.take,
            self._now,
            kept.results,
        )
        self._performer = Performer(
            stored,
            request,
            self._live,
            storage.sessions,
            self._outbox,
            self._patience,
            self._audio,
            self._connections,
            self._enrichment,
            self._now,
            wake,
            lambda: surroundings.ended(self),
        )
        self._perform = self._performer.perform
        self._failed = False
        self._parting = close_codes.RESTARTING, "the server is restarting"
        for final in kept.unsent:
            self._live.restore(final, self._now())
        finals = {final.utterance.id: final.utterance for final in kept.finals}
        for result in kept.unsent_results:
            said = self._live.out.add_on(result, finals[result.utterance_id], self._now())
            self._live.restore(said, self._now())
        for utterance in finals.values():
            self._enrichment.take(utterance)
        if stored.stopped:
            self._audio.flush(LAST_FLUSH)
        else:
            self._audio.pump()

    @property
    def ended(self) -> bool:
        return self._live.ended

    @property
    def finished(self) -> bool:
        """Whether the end has been stored, or could not be."""
        return self._performer.finished

    @property
    def counts(self) -> bool:
        """Whether the session counts against its key's concurrency."""
        return not self.ended and not self._live.abandoned(self._now())

    @property
    def backlog(self) -> Backlog:
        unheard = 0.0 if self.ended else self._unheard
        return Backlog(
            unheard, len(self._inbox), self._outbox.waiting, self._enrichment.waiting, *self._live.waiting
        )

    @property
    def _unheard(self) -> float:
        return max(0.0, self._live.audio_duration - self._audio.settled)

    async def run(self) -> None:
        """Carry out what recognition says and what time brings, until the session has ended."""
        while not (self.ended or self._patience.over):
            deadline = self._live.deadline
            await self._inbox.awake(None if deadline is None else max(0.0, deadline - self._now()))
            while self._inbox and not self._patience.over:
                await self._hear(self._inbox.pop())
            if self._outbox.due:
                await self._store()
            async with self._lock:
                await self._perform(self._live.tick(self._now()))

    async def begin_late(self) -> None:
        """There is audio in the log, and that is not stored yet. Raises StorageError."""
        async with self._lock:
            await self._perform(self._live.begin(self._now()))
        await self._outbox.store()

    async def connect(self, connection: Connection, resume_from: int | None, arrival: int) -> int:
        """Take up a connection; returns its number, or 0 if it is closed: overtaken, or to try again."""
        if self._patience.problem and self._lock.locked():
            return await self._turn_away(connection, close_codes.TRY_AGAIN, NO_STORAGE)
        # Before the lock is taken: who holds it may wait for a socket whose client takes nothing.
        await self._connections.announce(arrival)
        async with self._lock:
            if self._patience.over:
                return await self._turn_away(connection, *self._parting)
            if self._connections.overtaken(arrival):
                return await self._turn_away(connection, *OVERTAKEN)
            number = self._live.next_connection
            self._connections.add(number, connection)
            await self._perform(self._live.connect(self._now(), resume_from))
            return number

    async def _turn_away(self, connection: Connection, code: int, reason: str) -> int:
        await connection.close(code, reason)
        return 0

    async def disconnected(self, number: int, code: int) -> None:
        async with self._lock:
            self._connections.remove(number)
            await self._perform(self._live.disconnected(number, code, self._now()))

    async def receive_audio(self, number: int, data: bytes) -> None:
        async with self._lock:
            if not self._takes(number):
                return
            if self._live.resuming:
                # Finding the place in the log may take a while. The lock is held. Who is cancelled meanwhile
                # leaves undone what follows from it: the server goes down, and its client will come back.
                finding = asyncio.to_thread(self._live.receive_audio, data, self._now())
                effects = await to_its_end(finding)
            else:
                effects = self._live.receive_audio(data, self._now())
            await self._perform(effects)

    def receive_at_once(self, number: int, data: bytes) -> bool:
        """As `receive_audio`, if nothing has to be waited for; else it is untouched, and this is False."""
        # It does not wait, so nobody can take the free lock meanwhile; who waits for it has done nothing yet.
        live, connection = self._live, self._connections.get(number)
        if connection is None or not connection.ready or not self._takes(number) or self._lock.locked():
            return False
        if self._outbox.full or self._patience.problem or not live.flows(len(data)):
            return False
        if not self._audio.append_at_once(data):
            return False
        now = self._now()
        live.receive_audio(data, now)
        for effect in live.appended(now):
            if isinstance(effect, Send):
                connection.send_now(effect.message)
                self._outbox.add(effect.message, durable=effect.durable)
            else:
                assert isinstance(effect, Post), "audio that flows is acknowledged, and no more"
                self._outbox.post(effect)
        self._audio.appended(data)
        return True

    def _takes(self, number: int) -> bool:
        """Whether what comes on this connection is still the session's."""
        return number == self._live.connection and not self._failed

    def confirmed(self, number: int) -> None:
        """The client has received the message of this number, and all before it."""
        self._live.confirmed(number)

    async def receive_stop(self, number: int) -> None:
        async with self._lock:
            if self._takes(number):
                await self._perform(self._live.receive_stop(self._now(), self._unheard))

    async def receive_invalid(self, number: int, reason: str) -> None:
        async with self._lock:
            if self._takes(number):
                await self._perform(self._live.receive_invalid(reason, self._now()))

    async def store_messages(self) -> None:
        """Store what has been sent so far. Raises StorageError."""
        await self._outbox.store()

    async def close(self, code: int, reason: str) -> None:
        """It runs here no longer: close the socket, store what is at hand, let go of recognition."""
        self._parting = code, reason
        self._patience.give_up()
        await self._connections.close(code, reason)  # before the lock is taken: see `connect`
        async with self._lock:
            if (number := self._live.connection) is not None:
                self._connections.remove(number)
                self._live.disconnected(number, code, self._now())
            if not self._audio.closed:
                self._performer.release()
                await self._outbox.store()

    def fail(self) -> bool:
        """A defect has been met: nothing more is taken or acknowledged. Whether it is the first, which `bury`
        follows."""
        is_first = not self._failed
        self._failed = True
        self._patience.give_up()
        return is_first

    async def bury(self) -> None:
        """After a defect: the session has failed, and is not taken up again. Raises StorageError."""
        try:
            await self.close(close_codes.FAILURE, "an internal error")
        except StorageError as error:
            # What was sent is lost; that it ended need not be.
            _log.error("storage_failed", session=self.id, error=str(error))
        finally:
            if not self._audio.closed:  # a defect came first
                self._performer.release()
        if self.finished:
            return
        self._performer.finished = True  # it ends once, whatever else is wrong with it
        live, now = self._live, self._now()
        await self._performer.store_end(
            Finish("error", 500, live.transcription_time(now), live.last_posts(now))
        )

    # Recognition

    async def _hear(self, up: Said) -> None:
        if isinstance(up, Progress) and not self.ended:
            self._audio.progress(up.time)
        elif isinstance(up, Diagnosis) and up.code in self._noted:
            # The log is heard again after a restart; what was said of it is stored.
            return
        # What is posted and what is sent are the same, to the moment of it.
        now = self._now()
        record = self._live.record_of(up, now)
        if record is not None and not await self._store(record):
            return
        async with self._lock:
            await self._perform(self._live.heard(up, now))
        if record is not None and record.final is not None:
            self._enrichment.take(record.final.utterance)

    async def _store(self, record: Record = NOTHING) -> bool:
        """Store what was sent, and `record`. The lock is not held: a session does not wait to acknowledge.

        Whether the session goes on as if it were stored.
        """
        try:
            await self._patience.until_done(partial(self._store_unless_ended, record))
        except StorageUnavailable:
            return False
        except StorageError as error:
            _log.error("storage_failed", session=self.id, error=str(error))
            async with self._lock:
                await self._perform(self._live.heard(Failed(str(error)), self._now()))
        return True

    async def _store_unless_ended(self, record: Record) -> None:
        # The end may come between two attempts; what is stored after it belongs to no result.
        if not self.ended:
            await self._outbox.store(record)

    def _now(self) -> float:
        return self._epoch + time.monotonic()


def _excerpt(format: AudioFormat, log: AudioLog, live: LiveSession, of: Utterance) -> NDArray[np.float32]:
    """The audio of an utterance, as recognition hears it; blocks."""
    start, end = (live.header_bytes + place for place in excerpt_bytes(format, of.start, of.end))
    return excerpt(log.read(start, end), format, of.channel)
