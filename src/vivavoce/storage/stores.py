"""Everything that is kept in one data directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from vivavoce.errors import StorageError
from vivavoce.storage.audio_log import AudioLogs
from vivavoce.storage.database import Database
from vivavoce.storage.deliveries import DeliveryStore
from vivavoce.storage.keys import KeyStore
from vivavoce.storage.records import StoredSession
from vivavoce.storage.sessions import SessionStore
from vivavoce.storage.webhooks import WebhookStore

_LOGS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores of one data directory."""

    audio: AudioLogs
    sessions: SessionStore
    keys: KeyStore
    webhooks: WebhookStore
    deliveries: DeliveryStore
    database: Database

    async def delete_session(self, session_id: str) -> None:
        """Remove the rows, then the audio: nobody can begin a session, and its log, once its row is gone.

        What is left of the audio if the process dies in between is removed by the next `sweep`.
        """
        await self.sessions.delete(session_id)
        await asyncio.to_thread(self.audio.delete, session_id)

    async def unfinished(self) -> Sequence[StoredSession]:
        """The sessions that had begun when the server last stopped. Raises `StorageError`."""
        # If it was killed right then, only the log tells of a session's beginning.
        queued = await self.sessions.queued()
        begun = await asyncio.to_thread(lambda: [each for each in queued if self.audio.size(each)])
        found = [await self.sessions.get(session_id) for session_id in begun]
        return [*await self.sessions.unfinished(), *filter(None, found)]

    async def sweep(self) -> None:
        """Remove last traces of deleted sessions. Writers wait for it: call it while no session is live."""
        if await self.database.has_leftovers():
            await self._delete_orphans()
            await self.database.sweep()

    async def _delete_orphans(self) -> None:
        # A row is written before its log is, so a log that was seen first and has no row is a deleted one's.
        logged = await asyncio.to_thread(self.audio.session_ids)
        for start in range(0, len(logged), _LOGS_AT_ONCE):
            for session_id in await self.sessions.missing(logged[start : start + _LOGS_AT_ONCE]):
                await asyncio.to_thread(self.audio.delete, session_id)


@asynccontextmanager
async def open_storage(data_dir: Path, *, fsync: bool = False) -> AsyncIterator[Storage]:
    """Open the stores in `data_dir`, which is created for its owner alone. Raises `StorageError`."""
    audio = await asyncio.to_thread(_open_logs, data_dir, fsync)
    database = await Database.open(data_dir / "vivavoce.db", fsync=fsync)
    try:
        yield Storage(
            audio,
            SessionStore(database),
            KeyStore(database),
            WebhookStore(database),
            DeliveryStore(database),
            database,
        )
    finally:
        await database.close()


def _open_logs(data_dir: Path, fsync: bool) -> AudioLogs:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return AudioLogs(data_dir / "audio", fsync)
    except OSError as error:
        raise StorageError(f"cannot use the data directory {data_dir}: {error.strerror}") from error
