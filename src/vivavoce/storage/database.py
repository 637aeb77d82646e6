"""The database: opened once, migrated to the newest schema, one writer and several readers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from vivavoce.errors import StorageError

_BUSY_TIMEOUT = 5_000  # milliseconds; another process (the key commands) may be writing
_WRITER_TIMEOUT = 600  # seconds; a final waits for its turn rather than getting lost
_READERS = 4
_LEFTOVERS = 1  # the user_version of a file in which copies of deleted rows may be left


class Database:
    """SQLite in WAL mode: readers never wait for the writer; deleted content is overwritten with zeros."""

    def __init__(self, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, path: Path, *, fsync: bool = False) -> Database:
        """Create or migrate the file at `path`, then open it.

        `fsync` makes each commit survive a loss of power; without it a commit survives the loss of the
        process only. Raises `StorageError`.
        """
        await asyncio.to_thread(migrate, path)
        reader = create_async_engine(
            f"sqlite+aiosqlite:///{path}", pool_size=_READERS, max_overflow=0, hide_parameters=True
        )
        writer = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            pool_size=1,
            max_overflow=0,
            pool_timeout=_WRITER_TIMEOUT,
            hide_parameters=True,
        )
        _configure(reader.sync_engine, "BEGIN", fsync)
        # A transaction that reads first and then writes could not wait for another process's lock.
        _configure(writer.sync_engine, "BEGIN IMMEDIATE", fsync)
        return cls(reader, writer)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database throughout. Raises `StorageError`."""
        async with _storage_errors(), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """The transaction of the one writer; committed when the block ends well. Raises `StorageError`."""
        async with _storage_errors(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def erase(self) -> AsyncIterator[AsyncConnection]:
        """As `write`; what is deleted in it is zeroed in the file and gone from the journal afterwards."""
        async with self.write() as connection:
            await connection.exec_driver_sql(f"PRAGMA user_version = {_LEFTOVERS}")
            yield connection
        async with self._autocommit() as sqlite:
            await _empty_journal(sqlite)

    async def sweep(self) -> None:
        """Rewrite the whole file if anything was erased since this was last done. Raises `StorageError`.

        Zeroing alone is not enough: SQLite copies rows when it splits and merges pages, and leaves the
        copies in the free space of pages that live on. Writers wait meanwhile, about 1 s per 100 MB.
        """
        async with self._autocommit() as sqlite:
            ((pending,),) = await sqlite.execute_fetchall("PRAGMA user_version")
            if pending == _LEFTOVERS:
                await sqlite.execute_fetchall("VACUUM")
                await sqlite.execute_fetchall("PRAGMA user_version = 0")
                await _empty_journal(sqlite)

    @asynccontextmanager
    async def _autocommit(self) -> AsyncIterator[aiosqlite.Connection]:
        async with _storage_errors(), self._writer.connect() as connection:
            sqlite = (await connection.get_raw_connection()).driver_connection
            assert isinstance(sqlite, aiosqlite.Connection)
            yield sqlite

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


def migrate(path: Path) -> None:
    """Create the database at `path` or bring it to the newest schema. Blocks. Raises `StorageError`."""
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)
    _configure(engine, "BEGIN IMMEDIATE", fsync=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(f"{path} was not written by this version of Vivavoce or an older one") from error
    except SQLAlchemyError as error:
        raise StorageError(f"cannot open the database {path}: {error}") from error
    finally:
        engine.dispose()


async def _empty_journal(sqlite: aiosqlite.Connection) -> None:
    ((busy, _, _),) = await sqlite.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    if busy:
        raise StorageError("another process reads the database: its journal still holds deleted rows")


def _configure(engine: Engine, begin: str, fsync: bool) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        dbapi_connection.isolation_level = (
            None  # transactions begin where SQLAlchemy says, not at the first write
        )
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if fsync else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


@asynccontextmanager
async def _storage_errors() -> AsyncIterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StorageError(f"the database could not do what was asked: {error}") from error
