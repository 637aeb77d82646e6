"""What a running session has still to store: that it began, and messages that were sent."""

from __future__ import annotations

import asyncio
from datetime import datetime

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
        self._storing = asyncio.Lock()
        self.due = False
        """Whether to `store` now: it began, or something went that must not go twice, or much was sent."""

    @property
    def waiting(self) -> int:
        """Messages that are not being stored yet."""
        return len(self._messages)

    @property
    def full(self) -> bool:
        return len(self._messages) >= _MOST

    def begin(self, at: datetime) -> None:
        """The first audio has come."""
        self._began, self.due = at, True

    def add(self, message: str, *, durable: bool) -> None:
        self._messages.append(message)
        self.due |= durable or len(self._messages) >= _MESSAGES_AT_ONCE

    async def store(self, final: Final | None = None) -> None:
        """Store all that was added, with `final`. Raises `StorageError`, and then has it all still."""
        async with self._storing:
            entry = Entry(self._session_id, self._messages, final, self._began)
            self._messages, self._began, self.due = [], None, False
            if not (entry.messages or entry.final or entry.began):
                return
            try:
                await self._sessions.add(entry)
            except StorageError:
                self._messages, self._began = [*entry.messages, *self._messages], entry.began
                raise
