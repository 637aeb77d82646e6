"""What a running session has still to store: how far it is, notes, what was sent, what is to be posted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from vivavoce.errors import StorageError
from vivavoce.live.effects import Finish, Post
from vivavoce.live.record import Record
from vivavoce.live.session import LiveSession
from vivavoce.server.bleeping import bleep, bleeps
from vivavoce.server.callbacks.posting import Posting
from vivavoce.server.happening import to_its_end
from vivavoce.server.stored import request_of
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import NewDelivery, StoredSession
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)

NOTHING = Record(())
_MESSAGES_AT_ONCE = 200
_MOST = 4 * _MESSAGES_AT_ONCE


class Outbox:
    """Collects messages, and stores many at once. Who adds one that makes it `full` stores first.

    `wake` is called when there is something to store at once, `posted` when something that is to be posted
    has been stored.
    """

    def __init__(
        self,
        stored: StoredSession,
        storage: Storage,
        posting: Posting,
        posted: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        self._session_id = stored.id
        self._over = stored.stopped
        self._storage = storage
        self._sessions = storage.sessions
        self._bleeps = bleeps(request_of(stored))
        self._posting = posting
        self._posted = posted
        self._wake = wake
        self._messages: list[str] = []
        self._deliveries: list[NewDelivery] = []
        self._began: datetime | None = None
        self._stopped: int | None = None
        self._notes: list[Mapping[str, Any]] = []
        self._storing = asyncio.Lock()
        self.due = False
        """Whether to `store` now: it began or stopped, or something went that must not go twice, or much."""

    @property
    def waiting(self) -> int:
        """Messages that are not being stored yet."""
        return len(self._messages)

    @property
    def full(self) -> bool:
        return len(self._messages) >= _MOST or len(self._deliveries) >= _MOST

    def begin(self) -> None:
        """The first audio has come."""
        self._began = datetime.now(UTC)
        self._fall_due()

    def stop(self, audio_bytes: int) -> None:
        """The recording has been stopped; its log has so many bytes."""
        self._stopped, self._over = audio_bytes, True
        self._fall_due()

    def note(self, patch: Mapping[str, Any]) -> None:
        """To be merged into `post_session_metadata`."""
        _log.warning("session_noted", session=self._session_id, **patch)
        self._notes.append(patch)
        self._fall_due()

    def add(self, message: str, *, durable: bool) -> None:
        """It was sent. What is `durable` is stored at once, so that after a crash little is sent twice."""
        self._messages.append(message)
        if self.due or durable or len(self._messages) >= _MESSAGES_AT_ONCE:
            self._fall_due()

    def post(self, post: Post) -> None:
        """It is stored at once, as if it were sent."""
        self._deliveries += self._posting.deliveries([post])
        if self._deliveries:
            self._fall_due()

    def _fall_due(self) -> None:
        self.due = True
        self._wake()

    async def store(self, record: Record = NOTHING) -> None:
        """Store all that was added, with `record`.

        Raises `StorageError`, and then has all that was added still.
        """
        await to_its_end(self._store(record))

    async def _store(self, record: Record) -> None:
        async with self._storing:
            while self._notes:
                await self._sessions.add_metadata(self._session_id, self._notes[0])
                del self._notes[0]
            added = self._deliveries
            posts = record.posts
            deliveries = [*added, *self._posting.deliveries(posts)] if added or posts else []
            entry = Entry(
                self._session_id,
                self._messages,
                record.final,
                self._began,
                deliveries,
                self._stopped,
                record.result,
            )
            self._messages, self._deliveries, self._began, self._stopped, self.due = [], [], None, None, False
            if entry.empty:
                return
            try:
                await self._sessions.add(entry)
            except StorageError:
                self._messages, self.due = [*entry.messages, *self._messages], True
                self._deliveries = [*added, *self._deliveries]
                self._began, self._stopped = self._began or entry.began, self._stopped or entry.stopped
                raise
            if deliveries:
                self._posted()

    async def finish(self, finish: Finish, live: LiveSession, key_id: str | None, channels: int) -> None:
        """Store how the session ended, with what is posted then, and what that uses of its key's plan. Then
        its recording is covered, if that was asked for.

        Raises `StorageError`.
        """
        now, duration = datetime.now(UTC), live.audio_duration
        deliveries = self._posting.deliveries(finish.posts)
        await self._sessions.finish(
            self._session_id,
            status=finish.status,
            at=now,
            error_code=finish.error_code,
            audio_bytes=live.received if self._over else 0,
            header_bytes=live.header_bytes,
            audio_duration=duration,
            transcription_time=finish.transcription_time,
            deliveries=deliveries,
            billed=None if key_id is None else (key_id, duration * channels),
        )
        if self._bleeps:
            await bleep(self._session_id, self._storage)
        _log.info("session_ended", session=self._session_id, status=finish.status, seconds=round(duration, 1))
        if deliveries:
            self._posted()
