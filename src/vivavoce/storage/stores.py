"""Everything that is kept in one data directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from vivavoce.errors import StorageError
from vivavoce.storage.audio_log import AudioLogs
from vivavoce.storage.database import Database
from vivavoce.storage.keys import KeyStore
from vivavoce.storage.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Storage:
    """The stores of one data directory."""

    audio: AudioLogs
    sessions: SessionStore
    keys: KeyStore
    database: Database

    async def delete_session(self, session_id: str) -> None:
        """Remove the audio, then the rows: while a row stands, deleting can be tried again."""
        self.audio.delete(session_id)
        await self.sessions.delete(session_id)

    async def sweep(self) -> None:
        """Remove last traces of deleted sessions. Writers wait for it: call it while no session is live."""
        await self.database.sweep()


@asynccontextmanager
async def open_storage(data_dir: Path, *, fsync: bool = False) -> AsyncIterator[Storage]:
    """Open the stores in `data_dir`, which is created for its owner alone. Raises `StorageError`."""
    audio = await asyncio.to_thread(_open_logs, data_dir, fsync)
    database = await Database.open(data_dir / "vivavoce.db", fsync=fsync)
    try:
        yield Storage(audio, SessionStore(database), KeyStore(database), database)
    finally:
        await database.close()


def _open_logs(data_dir: Path, fsync: bool) -> AudioLogs:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return AudioLogs(data_dir / "audio", fsync)
    except OSError as error:
        raise StorageError(f"cannot use the data directory {data_dir}: {error.strerror}") from error
