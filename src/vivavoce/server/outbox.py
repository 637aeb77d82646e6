"""What a running session has still to store: that it began or stopped, notes, messages that were sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vivavoce.errors import StorageError
from vivavoce.protocol.stream import Final
from vivavoce.storage.journal import Entry
from vivavoce.storage.sessions import SessionStore

_MESSAGES_AT_ONCE = 200
_MOST = 4 * _MESSAGES_AT_ONCE


class Outbox:
    """Collects messages, and stores many at once. Who adds one that makes it `full` stores first."""

    def __init__(self, session_id: str, sessions: SessionStore) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._messages: list[str] = []
        self._began: datetime | None = None
        self._stopped: int | None = None
        self._notes: list[Mapping[str, Any]] = []
        self._storing = asyncio.Lock()
        self.due = False
        """Whether to `store` now: it began or stopped, or something went that must not go twice, or much."""

    @property
    def full(self) -> bool:
        return len(self._messages) >= _MOST

    def begin(self, at: datetime) -> None:
        """The first audio has come."""
        self._began, self.due = at, True

    def stop(self, audio_bytes: int) -> None:
        """The recording has been stopped; its log has so many bytes."""
        self._stopped, self.due = audio_bytes, True

    def note(self, patch: Mapping[str, Any]) -> None:
        """To be merged into `post_session_metadata`."""
        self._notes.append(patch)
        self.due = True

    def add(self, message: str, *, durable: bool) -> None:
        self._messages.append(message)
        self.due |= durable or len(self._messages) >= _MESSAGES_AT_ONCE

    async def store(self, final: Final | None = None) -> None:
        """Store all that was added, with `final`. Raises `StorageError`, and then has it all still."""
        async with self._storing:
            while self._notes:
                await self._sessions.add_metadata(self._session_id, self._notes[0])
                del self._notes[0]
            entry = Entry(self._session_id, self._messages, final, self._began, self._stopped)
            self._messages, self._began, self._stopped, self.due = [], None, None, False
            if not (entry.messages or entry.final or entry.began or entry.stopped):
                return
            try:
                await self._sessions.add(entry)
            except StorageError:
                self._messages, self.due = [*entry.messages, *self._messages], True
                self._began, self._stopped = self._began or entry.began, self._stopped or entry.stopped
                raise
