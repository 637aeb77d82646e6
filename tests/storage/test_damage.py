"""Files that are damaged, gone or may not be written: told in words that say what to do, and kept apart."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from storage.samples import FINISHED, final, new_session
from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import NewSession
from vivavoce.storage.stores import Storage, open_storage

PAGE = 4096


def on(directory: Path, body: Callable[[Storage], Awaitable[None]], *, verify: bool = False) -> None:
    async def opened() -> None:
        async with open_storage(directory, verify=verify) as storage:
            await body(storage)

    asyncio.run(opened())


async def nothing(_: Storage) -> None:
    return


def killed(directory: Path, copy: Path) -> list[str]:
    """A data directory as a process leaves it that is killed; gives the ids of its sessions."""
    ids: list[str] = []

    async def body(storage: Storage) -> None:
        for number in range(40):
            session = new_session()
            ids.append(session.id)
            await storage.sessions.create(session)
            await storage.sessions.add(Entry(session.id, ["x" * 900], final(number)))
        shutil.copytree(directory, copy)

    on(directory, body)
    return ids


def test_a_torn_journal_loses_its_end_and_no_more(tmp_path: Path) -> None:
    ids = killed(tmp_path / "data", tmp_path / "copy")
    journal = tmp_path / "copy" / "vivavoce.db-wal"
    os.truncate(journal, journal.stat().st_size - PAGE // 2)

    async def body(storage: Storage) -> None:
        assert await storage.sessions.get(ids[0])
        assert len(await storage.sessions.finals(ids[0])) == 1
        await storage.sessions.add(Entry(ids[0], ["more"], final(100)))

    on(tmp_path / "copy", body, verify=True)


def test_a_damaged_database_is_found_when_the_server_starts_after_it_was_killed(tmp_path: Path) -> None:
    killed(tmp_path / "data", tmp_path / "copy")
    shutil.copy(tmp_path / "data" / "vivavoce.db", tmp_path / "copy" / "vivavoce.db")
    with (tmp_path / "copy" / "vivavoce.db").open("r+b") as file:
        file.seek(5 * PAGE)
        file.write(os.urandom(10 * PAGE))
    (tmp_path / "copy" / "vivavoce.db-wal").write_bytes(b"x")
    with pytest.raises(StorageUnavailable, match=r"is damaged .*restore it from a backup"):
        on(tmp_path / "copy", nothing, verify=True)


def test_a_database_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    killed(tmp_path / "data", tmp_path / "copy")
    os.truncate(tmp_path / "data" / "vivavoce.db", 6 * PAGE + 100)
    with pytest.raises(StorageUnavailable, match=r"it is damaged .*restore it from a backup"):
        on(tmp_path / "data", nothing)


def test_a_damaged_value_keeps_no_other_session_from_being_found(tmp_path: Path) -> None:
    damaged, healthy = new_session(), new_session()

    async def begin(storage: Storage) -> None:
        for session in (damaged, healthy):
            await storage.sessions.create(session)
            await storage.sessions.add(Entry(session.id, began=session.created_at))

    on(tmp_path, begin)
    with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
        database.execute("UPDATE sessions SET request = '{\"half' WHERE id = ?", (damaged.id,))

    async def look(storage: Storage) -> None:
        assert [session.id for session in await storage.unfinished()] == [healthy.id]
        with pytest.raises(StorageError, match="is damaged"):
            await storage.sessions.get(damaged.id)

    on(tmp_path, look)


def test_nothing_is_written_into_a_database_that_was_moved_away_until_it_is_back(tmp_path: Path) -> None:
    database, elsewhere = tmp_path / "vivavoce.db", tmp_path / "elsewhere.db"

    async def body(storage: Storage) -> None:
        database.rename(elsewhere)
        with pytest.raises(StorageUnavailable, match="removed or replaced"):
            await storage.sessions.create(new_session())
        with pytest.raises(StorageUnavailable, match="removed or replaced"):
            await storage.check()
        elsewhere.rename(database)
        await storage.check()
        await storage.sessions.create(new_session())

    on(tmp_path, body)


def test_a_database_that_another_program_keeps_locked_is_told(tmp_path: Path) -> None:
    async def body(storage: Storage) -> None:
        # Not the five seconds for which the server waits.
        async with storage.database.write() as connection:
            await connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        session = new_session()
        await storage.sessions.create(session)
        with closing(sqlite3.connect(tmp_path / "vivavoce.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="another program has locked it"):
                await storage.sessions.add(Entry(session.id, ["x"]))
        await storage.sessions.add(Entry(session.id, ["x"]))

    on(tmp_path, body)


AS_OTHERS = """
import asyncio, sys
from pathlib import Path
from vivavoce.errors import StorageError
from vivavoce.storage.claim import claimed
from vivavoce.storage.stores import open_storage

async def use(directory):
    with claimed(directory):
        async with open_storage(directory) as storage:
            await storage.check()

try:
    asyncio.run(use(Path(sys.argv[1])))
except StorageError as error:
    print(error)
"""


@pytest.mark.parametrize("part", ["", "audio", "vivavoce.db"])
def test_what_may_not_be_written_is_named_with_what_to_do(tmp_path: Path, part: str) -> None:
    directory = tmp_path / "data"
    on(directory, nothing)
    (directory / "server.lock").unlink(missing_ok=True)
    (directory / part).chmod(0o500 if (directory / part).is_dir() else 0o400)
    # Nothing keeps root from writing but the loss of its privileges.
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    command += [sys.executable, "-c", AS_OTHERS, str(directory)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    (directory / part).chmod(0o700)
    assert said.stderr == ""
    assert str(directory / part) in said.stdout
    assert "writable for the server" in said.stdout


def test_a_damaged_session_keeps_no_other_from_having_its_recording_covered(tmp_path: Path) -> None:
    def asking(redaction: bool) -> NewSession:
        wanted = {"pii_redaction": redaction, "pii_redaction_config": {"bleep": True}}
        return new_session(request={"realtime_processing": wanted})

    left, unasked, noted, torn, unknown = (asking(number != 1) for number in range(5))

    async def ended(storage: Storage) -> None:
        for session in (left, unasked, noted, torn, unknown):
            await storage.sessions.create(session)
            await storage.sessions.finish(session.id, status="done", **FINISHED)
        await storage.sessions.add_metadata(noted.id, {"recording": "bleeped"})

    async def again(storage: Storage) -> None:
        # Of one of which nobody knows what was noted, it is done once more.
        assert set(await storage.sessions.with_sound_left()) == {left.id, unknown.id}
        with pytest.raises(StorageError):
            await storage.sessions.get(unknown.id)

    on(tmp_path, ended)
    with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as database, database:
        database.execute("UPDATE sessions SET request = '{torn' WHERE id = ?", (torn.id,))
        database.execute("UPDATE sessions SET post_session_metadata = '{' WHERE id = ?", (unknown.id,))
    on(tmp_path, again)
