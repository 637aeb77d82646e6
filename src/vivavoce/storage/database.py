"""The database: opened once, migrated to the newest schema, one writer and several readers."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import aiosqlite
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Engine, Select, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncResult, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.storage.damage import text
from vivavoce.storage.failures import DAMAGED, database_error, file_error

_BUSY_TIMEOUT = 5_000  # milliseconds; another process (the key commands) may be writing
_READER_TIMEOUT = 250  # milliseconds
_WRITER_TIMEOUT = 600  # seconds; a final waits for its turn rather than getting lost
_READERS = 4
_OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {"max_overflow": 0, "hide_parameters": True}  # parameters are what was said: never in an error's text
)
_LEFTOVERS = 1  # the user_version of a file in which copies of deleted rows may be left


class Database:
    """SQLite in WAL mode: readers never wait for the writer; deleted content is overwritten with zeros."""

    def __init__(self, path: Path, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self._path = path
        self._file = path.stat().st_ino
        self._reader = reader
        self._writer = writer
        self._failing = False

    @classmethod
    async def open(cls, path: Path, *, fsync: bool = False, verify: bool = False) -> Database:
        """Create or migrate the file at `path`, then open it.

        `verify`: look through the whole file first if whoever wrote last could not close it. `fsync` makes
        each commit survive a loss of power; without it a commit survives the loss of the process only.
        Raises `StorageError`.
        """
        await asyncio.to_thread(migrate, path, verify=verify)
        reader = create_async_engine(_url(path, "aiosqlite"), pool_size=_READERS, **_OPTIONS)
        writer = create_async_engine(
            _url(path, "aiosqlite"), pool_size=1, pool_timeout=_WRITER_TIMEOUT, **_OPTIONS
        )
        _configure(reader.sync_engine, "BEGIN", fsync)
        _pass_over_damage(reader.sync_engine)
        # A transaction that reads first and then writes could not wait for another process's lock.
        _configure(writer.sync_engine, "BEGIN IMMEDIATE", fsync)
        _pass_over_damage(writer.sync_engine)
        return cls(path, reader, writer)

    @classmethod
    async def open_to_read(cls, path: Path) -> Database:
        """Open the file at `path`, which another process may be writing. Raises `StorageError`."""
        query = {"mode": "ro", "uri": "true"}
        if not _journal(path).exists():
            # Nobody writes it. Otherwise SQLite would make a journal, for which there may be no rights.
            query["immutable"] = "1"
        url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query=query)
        reader = create_async_engine(url, pool_size=1, **_OPTIONS)
        _pass_over_damage(reader.sync_engine)
        database = cls(path, reader, reader)
        async with database.read() as connection:
            written = await connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            if written.scalar_one() != _newest():
                await reader.dispose()
                raise StorageError(
                    f"{path} was written by another version of Vivavoce: start this one's server once"
                )
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database throughout. Raises `StorageError`."""
        async with self._storage_errors(), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """The transaction of the one writer; committed when the block ends well. Raises `StorageError`."""
        try:
            self._check_file()
            async with self._storage_errors(), self._writer.begin() as connection:
                yield connection
        except StorageUnavailable:
            self._failing = True
            raise
        self._failing = False

    async def check(self) -> None:
        """If the last attempt to write failed, try again. Raises `StorageError` if that fails, too."""
        if self._failing:
            async with self.write() as connection:
                found = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
                await connection.exec_driver_sql(f"PRAGMA user_version = {int(found)}")

    def _check_file(self) -> None:
        # SQLite would go on writing into a file that nobody can find again.
        try:
            there = self._path.stat().st_ino == self._file
        except FileNotFoundError:
            there = False
        except OSError as error:
            raise file_error(f"cannot use the database {self._path}", error) from error
        if not there:
            raise StorageUnavailable(
                f"the database {self._path} was removed or replaced while the server runs: put it back, or "
                "restart the server"
            )

    @asynccontextmanager
    async def erase(self) -> AsyncIterator[AsyncConnection]:
        """As `write`; what is deleted in it is zeroed in the file and gone from the journal afterwards."""
        async with self.write() as connection:
            await connection.exec_driver_sql(f"PRAGMA user_version = {_LEFTOVERS}")
            yield connection
        async with self._autocommit() as sqlite:
            await _empty_journal(sqlite)  # if a reader is in the way, the next sweep does it

    async def has_leftovers(self) -> bool:
        """Whether anything was erased since the last `sweep`. Raises `StorageError`."""
        async with self.read() as connection:
            pending = await connection.exec_driver_sql("PRAGMA user_version")
            return bool(pending.scalar_one() == _LEFTOVERS)

    async def sweep(self) -> None:
        """Rewrite the whole file. Raises `StorageError`.

        Zeroing alone is not enough: SQLite copies rows when it splits and merges pages, and leaves the
        copies in the free space of pages that live on. Writers wait meanwhile, about 1 s per 100 MB.
        """
        async with self._autocommit() as sqlite:
            await sqlite.execute_fetchall("VACUUM")
            if not await _empty_journal(sqlite):
                raise StorageError("the database is being read: its journal still holds deleted rows")
            await sqlite.execute_fetchall("PRAGMA user_version = 0")

    @asynccontextmanager
    async def _autocommit(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._storage_errors(), self._writer.connect() as connection:
            sqlite = (await connection.get_raw_connection()).driver_connection
            assert isinstance(sqlite, aiosqlite.Connection)
            yield sqlite

    @asynccontextmanager
    async def _storage_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise database_error(error, self._path) from error

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def streamed(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[AsyncResult[Any]]:
    """The rows as they come. Whatever ends the block, nothing stays open that would hold on to old data."""
    rows = await connection.stream(query)
    try:
        yield rows
    finally:
        await rows.close()


def migrate(path: Path, *, verify: bool = False) -> None:
    """Create the database at `path` or bring it to the newest schema. Blocks. Raises `StorageError`."""
    try:
        # SQLite would let others read it, and gives its journals the rights of the file. An existing file
        # is not opened: closing it would drop the locks of this process's connections.
        path.touch(0o600)
        unclean = verify and _has_journal(path)
        if not os.access(path, os.W_OK):
            # SQLite opens what it may only read, and says so at the first write.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise file_error(f"cannot open the database {path}", error) from error
    engine = create_engine(_url(path, "pysqlite"), hide_parameters=True)
    _configure(engine, "BEGIN IMMEDIATE", fsync=True)
    config = _config()
    try:
        with engine.begin() as connection:
            if unclean:
                _check_pages(connection, path)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StorageError(
            f"{path} was not written by this version of Vivavoce or an older one: install the newer one, or "
            "set VIVAVOCE_DATA_DIR to another directory"
        ) from error
    except SQLAlchemyError as error:
        raise database_error(error, path) from error
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config


def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _has_journal(path: Path) -> bool:
    """Whether whoever wrote last could not close the database: the process was killed, or power was lost."""
    journal = _journal(path)
    return journal.exists() and journal.stat().st_size > 0


def _check_pages(connection: Connection, path: Path) -> None:
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise StorageUnavailable(f"the database {path} is damaged ({' '.join(found.split())}); {DAMAGED}")


def _url(path: Path, driver: str) -> URL:
    return URL.create(f"sqlite+{driver}", database=str(path))


async def _empty_journal(sqlite: aiosqlite.Connection) -> bool:
    """Whether it is empty now. It is not while a reader takes longer than writers should be kept waiting."""
    await sqlite.execute_fetchall(f"PRAGMA busy_timeout = {_READER_TIMEOUT}")
    ((busy, _, _),) = await sqlite.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    await sqlite.execute_fetchall(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
    return not busy


def _pass_over_damage(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_text_factory(dbapi_connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        sqlite = dbapi_connection.driver_connection
        assert isinstance(sqlite, aiosqlite.Connection)
        sqlite.text_factory = text


def _configure(engine: Engine, begin: str, fsync: bool) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Transactions begin where SQLAlchemy says, not at the first write.
        dbapi_connection.isolation_level = None
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
