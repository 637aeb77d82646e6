"""The migrations and the tables agree, and a strange database is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from storage.running import Run
from storage.samples import final, new_session
from vivavoce.errors import StorageError
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.storage import tables
from vivavoce.storage.database import migrate
from vivavoce.storage.journal import Entry
from vivavoce.storage.stores import Storage, open_storage


def test_the_migrations_arrive_at_the_tables(tmp_path: Path) -> None:
    migrate(tmp_path / "vivavoce.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'vivavoce.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    migrated = _schema(tmp_path / "vivavoce.db") - {"alembic_version"}
    created = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    tables.metadata.create_all(created)
    assert {sql for sql in migrated if "alembic_version" not in sql} == _schema(tmp_path / "created.db")
    engine.dispose()
    created.dispose()


def _schema(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {" ".join(sql.split()) for (sql,) in rows}


def _rights(directory: Path) -> dict[str, int]:
    """What others may do with each file and directory in it."""
    return {path.name: path.stat().st_mode & 0o077 for path in directory.rglob("*")}


def test_sessions_that_wait_are_found_without_a_look_at_all_others(tmp_path: Path) -> None:
    migrate(tmp_path / "vivavoce.db")
    query = "SELECT id FROM sessions WHERE status = 'queued' AND created_at > '2026-01-01'"
    with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
        [(*_, plan)] = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
    connection.close()
    assert "sessions_by_status" in plan


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "vivavoce.db")
    before = _schema(tmp_path / "vivavoce.db")
    migrate(tmp_path / "vivavoce.db")
    assert _schema(tmp_path / "vivavoce.db") == before


def test_a_database_of_the_version_before_add_ons_opens_with_all_that_it_holds(
    tmp_path: Path, run: Run[None]
) -> None:
    session = new_session()

    async def before(storage: Storage) -> None:
        await storage.sessions.create(session)
        await storage.sessions.add(Entry(session.id, ["{}"], final(0)))

    async def after(storage: Storage) -> None:
        assert await storage.sessions.finals(session.id) == [final(0)]
        assert await storage.sessions.add_ons(session.id) == []
        await storage.sessions.add(Entry(session.id, result=AddOnResult("summarization", results="Short.")))
        assert [each.results for each in await storage.sessions.add_ons(session.id)] == ["Short."]

    run(before)
    # As that version left it.
    with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
        connection.execute("DROP TABLE add_ons")
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
    connection.close()
    run(after)
    migrated = _schema(tmp_path / "vivavoce.db")
    migrate(tmp_path / "new.db")
    assert migrated == _schema(tmp_path / "new.db")


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    migrate(tmp_path / "vivavoce.db")
    with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StorageError, match="not written by this version"):
        migrate(tmp_path / "vivavoce.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, run: Run[None]) -> None:
    (tmp_path / "vivavoce.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)

    async def body(storage: Storage) -> None:
        raise AssertionError("opened")

    with pytest.raises(StorageError, match="it is damaged"):
        run(body)


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path, run: Run[None]) -> None:
    (tmp_path / "audio").write_bytes(b"a file where the directory should be")

    async def body(storage: Storage) -> None:
        raise AssertionError("opened")

    with pytest.raises(StorageError, match="cannot use the data directory"):
        run(body)


def test_no_file_is_readable_by_others_even_if_the_data_directory_is(tmp_path: Path, run: Run[None]) -> None:
    tmp_path.chmod(0o755)

    async def body(storage: Storage) -> None:
        session = new_session()
        await storage.sessions.create(session)
        storage.audio.open(session.id).close()
        rights = _rights(tmp_path)
        assert rights.keys() >= {"audio", "vivavoce.db", "vivavoce.db-wal", f"{session.id}.raw"}
        assert [name for name, others in rights.items() if others] == []

    run(body)


def test_the_data_directory_may_have_any_name(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_storage(tmp_path / "100% ours? #1: é") as storage:
            assert await storage.keys.list() == []

    asyncio.run(body())
    assert (tmp_path / "100% ours? #1: é" / "vivavoce.db").is_file()
