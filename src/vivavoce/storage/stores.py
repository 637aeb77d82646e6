"""Everything that is kept in one data directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from vivavoce.errors import StorageDamaged, StorageError
from vivavoce.storage.audio_log import AudioLogs, is_session_id
from vivavoce.storage.database import Database
from vivavoce.storage.deliveries import DeliveryStore
from vivavoce.storage.failures import file_error
from vivavoce.storage.keys import KeyStore
from vivavoce.storage.records import StoredSession
from vivavoce.storage.sessions import SessionStore
from vivavoce.storage.webhooks import WebhookStore

_log = structlog.get_logger(__name__)

_LOGS_AT_ONCE = 500
_DATABASE = "vivavoce.db"


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
        """Remove all of it. After a `StorageError` some of it may be gone; it may be tried again."""
        # The audio first: that makes the room on a full disk which it takes to remove rows. And last, since
        # until its row is gone somebody may begin the session.
        await asyncio.to_thread(self.audio.delete, session_id)
        await self.sessions.delete(session_id)
        await asyncio.to_thread(self.audio.delete, session_id)

    async def unfinished(self) -> Sequence[StoredSession]:
        """The sessions that had begun when the server last stopped. Raises `StorageError`."""
        # If it was killed right then, only the log tells of a session's beginning.
        queued = list(filter(is_session_id, await self.sessions.queued()))
        begun = await asyncio.to_thread(lambda: [each for each in queued if self.audio.size(each)])
        found = [await self._readable(each) for each in (*await self.sessions.unfinished(), *begun)]
        return list(filter(None, found))

    async def is_unfinished(self, session_id: str) -> bool:
        """Whether that session is one of them. Raises `StorageError`."""
        standing = await self.sessions.standing(session_id)
        if standing is None or standing.status != "queued":
            return standing is not None and standing.status == "processing"
        return bool(await asyncio.to_thread(self.audio.size, session_id))

    async def _readable(self, session_id: str) -> StoredSession | None:
        try:
            return await self.sessions.get(session_id)
        except StorageDamaged as error:
            # What is damaged in one session keeps no other from going on.
            _log.error("session_damaged", session=session_id, error=str(error))
            return None

    async def check(self) -> None:
        """Raises `StorageError` if nothing can be stored now."""
        await asyncio.to_thread(self.audio.check)
        await self.database.check()

    async def sweep(self) -> None:
        """Remove last traces of deleted sessions. Writers wait for it: call it while no session is live."""
        if await self.database.has_leftovers():
            await self.database.sweep()

    async def strays(self) -> Sequence[str]:
        """Audio logs of which the database knows nothing, as of an older copy. Raises `StorageError`."""
        logged = await asyncio.to_thread(self.audio.session_ids)
        found: list[str] = []
        for start in range(0, len(logged), _LOGS_AT_ONCE):
            found += await self.sessions.missing(logged[start : start + _LOGS_AT_ONCE])
        return found


def is_there(data_dir: Path) -> bool:
    """Whether anything was ever stored in `data_dir`. Raises `StorageError`."""
    try:
        return (data_dir / _DATABASE).is_file()
    except OSError as error:
        raise file_error(f"cannot use the data directory {data_dir}", error) from error


def check_there(data_dir: Path) -> None:
    """Raises `StorageError` unless something was stored in `data_dir`."""
    if not is_there(data_dir):
        raise StorageError(
            f"there is no Vivavoce data in {data_dir}: name the server's directory with --data-dir or "
            "VIVAVOCE_DATA_DIR, or start the server first"
        )


@asynccontextmanager
async def open_storage(
    data_dir: Path, *, fsync: bool = False, verify: bool = False
) -> AsyncIterator[Storage]:
    """Open the stores in `data_dir`, which is created for its owner alone. See `Database.open`.

    Raises `StorageError`.
    """
    audio = await asyncio.to_thread(_open_logs, data_dir, fsync)
    database = await Database.open(data_dir / _DATABASE, fsync=fsync, verify=verify)
    try:
        yield _stores(audio, database)
    finally:
        await database.close()
        audio.close()


@asynccontextmanager
async def read_storage(data_dir: Path) -> AsyncIterator[Storage]:
    """The stores in `data_dir`, which a server may be using, to be read. Raises `StorageError`."""
    await asyncio.to_thread(check_there, data_dir)
    database = await Database.open_to_read(data_dir / _DATABASE)
    try:
        yield _stores(AudioLogs(data_dir / "audio", to_read=True), database)
    finally:
        await database.close()


def _stores(audio: AudioLogs, database: Database) -> Storage:
    return Storage(
        audio,
        SessionStore(database),
        KeyStore(database),
        WebhookStore(database),
        DeliveryStore(database),
        database,
    )


def _open_logs(data_dir: Path, fsync: bool) -> AudioLogs:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return AudioLogs(data_dir / "audio", fsync)
    except OSError as error:
        raise file_error(f"cannot use the data directory {data_dir}", error) from error
