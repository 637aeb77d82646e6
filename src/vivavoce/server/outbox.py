"""The messages of a running session that were sent and are still to be stored."""

from __future__ import annotations

import asyncio

from vivavoce.protocol.stream import Final
from vivavoce.storage.sessions import SessionStore

_MESSAGES_AT_ONCE = 200
_MOST = 4 * _MESSAGES_AT_ONCE


class Outbox:
    """Collects messages, and stores many at once. Who adds one that makes it `full` stores first."""

    def __init__(self, session_id: str, sessions: SessionStore) -> None:
        self._session_id = session_id
        self._sessions = sessions
        self._messages: list[str] = []
        self._storing = asyncio.Lock()
        self.due = False
        """Whether to `store` now: after a message that must not be sent twice, or after many."""

    @property
    def full(self) -> bool:
        return len(self._messages) >= _MOST

    def add(self, message: str, *, durable: bool) -> None:
        self._messages.append(message)
        self.due |= durable or len(self._messages) >= _MESSAGES_AT_ONCE

    async def store(self, final: Final | None = None) -> None:
        """Store all that was added, with `final`. Raises `StorageError`, and then has it all still."""
        async with self._storing:
            messages, self._messages, self.due = self._messages, [], False
            stored = False
            try:
                if final is not None:
                    await self._sessions.add_final(self._session_id, final, messages)
                elif messages:
                    await self._sessions.add_messages(self._session_id, messages)
                stored = True
            finally:
                if not stored:
                    self._messages[:0] = messages
