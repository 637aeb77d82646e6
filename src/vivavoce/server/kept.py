"""What is left of a session when the server starts again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.protocol.messages import AudioChunkAckMessage, TranscriptMessage
from vivavoce.protocol.stream import Final
from vivavoce.server.stored import messages_of
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage


@dataclass(frozen=True, slots=True)
class Kept:
    """The finals that a session had stored when the server stopped: those sent already, and the others.

    `acknowledged`: bytes of its log that there must be.
    """

    sent: Sequence[Final] = ()
    unsent: Sequence[Final] = ()
    acknowledged: int = 0

    @property
    def finals(self) -> Sequence[Final]:
        return [*self.sent, *self.unsent]

    @classmethod
    async def of(cls, stored: StoredSession, storage: Storage) -> Kept:
        """Raises StorageError."""
        sent: set[str] = set()
        acknowledged = stored.audio_bytes
        async for part in storage.sessions.messages(stored.id):
            ids, end = await asyncio.to_thread(_told, part)
            sent |= ids
            acknowledged = max(acknowledged, end)
        finals = await storage.sessions.finals(stored.id)
        return cls(
            [final for final in finals if final.utterance.id in sent],
            [final for final in finals if final.utterance.id not in sent],
            max([acknowledged, *(final.resume_offset for final in finals)]),
        )


def _told(messages: Sequence[str]) -> tuple[set[str], int]:
    """What they tell of: the ids of finals, and where acknowledged audio ends."""
    parsed = messages_of(messages)
    ends = (m.data.byte_range[1] for m in parsed if isinstance(m, AudioChunkAckMessage) and m.data)
    finals = (m.data.id for m in parsed if isinstance(m, TranscriptMessage) and m.data.is_final)
    return set(finals), max(ends, default=0)
