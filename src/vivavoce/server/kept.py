"""What is left of a session when the server starts again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.protocol.messages import TranscriptMessage, parse_message
from vivavoce.protocol.stream import Final
from vivavoce.storage.records import StoredSession
from vivavoce.storage.stores import Storage


@dataclass(frozen=True, slots=True)
class Kept:
    """The finals that a session had stored when the server stopped: those sent already, and the others."""

    sent: Sequence[Final] = ()
    unsent: Sequence[Final] = ()

    @classmethod
    async def of(cls, stored: StoredSession, storage: Storage) -> Kept:
        """Raises StorageError."""
        sent: set[str] = set()
        async for part in storage.sessions.messages(stored.id):
            sent |= await asyncio.to_thread(_final_ids, part)
        finals = await storage.sessions.finals(stored.id)
        return cls(
            [final for final in finals if final.utterance.id in sent],
            [final for final in finals if final.utterance.id not in sent],
        )


def _final_ids(messages: Sequence[str]) -> set[str]:
    parsed = map(parse_message, messages)
    return {m.data.id for m in parsed if isinstance(m, TranscriptMessage) and m.data.is_final}
