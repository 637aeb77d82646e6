"""Carries out what one session's `LiveSession` decides: sends, logs, stores, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.live.effects import (
    Append,
    Begin,
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
from vivavoce.live.result import spoken
from vivavoce.live.session import LiveSession
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Failed, Final
from vivavoce.server.connection import Connection, Connections
from vivavoce.server.ending import conclude
from vivavoce.server.enrichment import Enrichment
from vivavoce.server.happening import to_its_end
from vivavoce.server.outbox import Outbox
from vivavoce.server.patience import Patience
from vivavoce.server.session_audio import SessionAudio
from vivavoce.storage.records import StoredSession
from vivavoce.storage.sessions import SessionStore

_log = structlog.get_logger(__name__)

NO_STORAGE = "the server cannot store audio now: try again"


class Performer:
    """Carries out effects one by one, in order; whoever calls holds the session's lock.

    `wake` is called when there is something to store, `ended` once, when the session's end is stored.
    """

    def __init__(
        self,
        stored: StoredSession,
        request: LiveRequest,
        live: LiveSession,
        sessions: SessionStore,
        outbox: Outbox,
        patience: Patience,
        audio: SessionAudio,
        connections: Connections,
        enrichment: Enrichment,
        clock: Callable[[], float],
        wake: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._id = stored.id
        self._key_id = stored.key_id
        self._request = request
        self._live = live
        self._sessions = sessions
        self._outbox = outbox
        self._patience = patience
        self._audio = audio
        self._connections = connections
        self._enrichment = enrichment
        self._now = clock
        self._wake = wake
        self._ended = ended
        self._left = False
        self.finished = False
        """Whether the end has been stored, or could not be."""

    async def perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            try:
                await self._do(effect)
            except StorageUnavailable:
                # The server goes down: the rest is done when it starts again.
                return
            except StorageError as error:
                _log.error("storage_failed", session=self._id, error=str(error))
                if not self._live.ended:
                    await self.perform(self._live.heard(Failed(str(error)), self._now()))
                    return
                # It has ended already: the rest of how it ends is still to be done.
        if self.finished and not self._left:
            self._left = True
            self._ended()

    async def _do(self, effect: Effect) -> None:
        match effect:
            case Send():
                await self._send(effect)
            case Post():
                if self._outbox.full:
                    await self._patience.until_done(self._outbox.store)
                self._outbox.post(effect)
            case Append(data):
                await self._append(data)
            case Begin():
                self._outbox.begin()
            case Note(patch):
                self._outbox.note(patch)
            case Flush(marker):
                self._outbox.stop(self._live.received)
                await self._patience.until_done(self._outbox.store)
                self._audio.flush(marker)
            case PostProcess():
                await self._post_process()
            case Conclude():
                await self._conclude()
            case Finish():
                await self._finish(effect)
            case Close(number, code, reason):
                if connection := self._connections.remove(number):
                    await self._close(connection, code, reason)

    async def _close(self, connection: Connection, code: int, reason: str) -> None:
        # Who sees the close finds every message in the stored session.
        try:
            await (
                self._patience.until_done(self._outbox.store) if self._live.ended else self._outbox.store()
            )
        except StorageUnavailable:
            # It is stored later: the session goes on.
            self._wake()
        finally:
            await connection.close(code, reason)

    async def _append(self, data: bytes) -> None:
        if self._live.appending:  # else what was to be sent before it has failed, and the frame with that
            await self.perform(await to_its_end(self._log_frame(data)))

    async def _log_frame(self, data: bytes) -> Sequence[Effect]:
        # The session knows of what is in the log, whoever waits for it.
        try:
            await self._patience.twice(partial(self._audio.append, data))
        except StorageUnavailable:
            return self._suspend()
        self._audio.appended(data)
        return self._live.appended(self._now())

    def _suspend(self) -> Sequence[Effect]:
        """Acknowledge nothing: the client keeps its audio, and comes back. The log says what is wrong."""
        return self._live.append_failed(NO_STORAGE, self._now())

    async def _send(self, effect: Send) -> None:
        connection = self._connections.get(effect.connection)
        if connection is not None and self._outbox.full:
            try:
                await self._outbox.store()
            except StorageUnavailable:
                await self.perform(self._suspend())
        if connection is not None and await connection.send(effect.message):
            self._outbox.add(effect.message, durable=effect.durable)
            if effect.durable:
                connection.ask(effect.number)
            return
        # The connection stays the session's: frames that came before its end may still be on their way here,
        # and how it was closed, after them.
        if effect.durable:
            self._live.undelivered(effect.message)

    async def _post_process(self) -> None:
        self._enrichment.conclude(spoken(await self._finals()))

    async def _conclude(self) -> None:
        # In a thread: the finals of hours take most of a second to build and write. The lock is held.
        finals = await self._finals()
        results = await self._patience.until_done(partial(self._sessions.add_ons, self._id))
        concluding = asyncio.to_thread(conclude, self._live, self._request, finals, results, self._now)
        await self.perform(await to_its_end(concluding))

    async def _finals(self) -> Sequence[Final]:
        await self._patience.until_done(self._outbox.store)
        return await self._patience.until_done(partial(self._sessions.finals, self._id))

    async def _finish(self, finish: Finish) -> None:
        try:
            await self._patience.until_done_or_lost(self._outbox.store)
            await self._patience.until_done(partial(self.store_end, finish))
        finally:
            self.finished = True
            self.release()

    async def store_end(self, finish: Finish) -> None:
        await self._outbox.finish(finish, self._live, self._key_id, self._request.channels)

    def release(self) -> None:
        self._audio.close()
        self._enrichment.close()
        self._wake()
