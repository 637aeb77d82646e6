"""Deleting a session removes every byte of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.running import Run
from storage.samples import NOON, final, minutes, new_session
from vivavoce.errors import StorageError
from vivavoce.storage.journal import Entry
from vivavoce.storage.stores import Storage


def files_with(directory: Path, needle: bytes) -> list[str]:
    return [file.name for file in directory.rglob("*") if file.is_file() and needle in file.read_bytes()]


@pytest.mark.parametrize("bulk", [1, 60, 200])
def test_no_byte_of_a_deleted_session_stays_on_the_disk(run: Run[None], tmp_path: Path, bulk: int) -> None:
    needles = (b"zanzibar", b"QUAGMIRE", b"heliotrope", b"petrichor", b"susurrus")

    async def speak(storage: Storage, session_id: str, marked: bool) -> None:
        word, message, noise = (
            ("zanzibar", "heliotrope", "petrichor") if marked else ("hello", "there", "again")
        )
        for number in range(bulk):
            messages = [f'{{"{message}": "{"x" * (number * 37 % 900)}"}}', f'"{noise}"']
            await storage.sessions.add(
                Entry(session_id, messages, final(number, f" {word}" * (number % 40 + 1)))
            )
        await storage.sessions.add_metadata(session_id, {"warnings": ["susurrus"] if marked else ["fine"]})

    async def body(storage: Storage) -> None:
        doomed = new_session(custom_metadata={"who": "susurrus"}, created_at=NOON + minutes(1))
        kept = new_session()
        for session in (kept, doomed):
            await storage.sessions.create(session)
            log = storage.audio.open(session.id)
            log.append(b"QUAGMIRE" if session is doomed else b"neighbour")
            log.close()
            await speak(storage, session.id, marked=session is doomed)
        assert all(files_with(tmp_path, needle) for needle in needles)

        await storage.delete_session(doomed.id)
        await storage.sweep()

        assert {needle: files_with(tmp_path, needle) for needle in needles} == {
            needle: [] for needle in needles
        }
        assert files_with(tmp_path, doomed.id.encode()) == []
        assert await storage.sessions.get(doomed.id) is None
        assert await storage.sessions.finals(doomed.id) == []
        assert [part async for part in storage.sessions.messages(doomed.id)] == []
        assert len(await storage.sessions.finals(kept.id)) == bulk
        assert storage.audio.read(kept.id, 0, 100) == b"neighbour"

    run(body)


def test_audio_of_which_the_database_knows_nothing_is_told_of_and_stays(run: Run[None]) -> None:
    # An older copy of the database knows nothing of the latest recordings.
    kept, newer = new_session(), new_session()

    async def body(storage: Storage) -> None:
        await storage.sessions.create(kept)
        for session in (kept, newer):
            log = storage.audio.open(session.id)
            log.append(b"audio")
            log.close()
        await storage.sessions.create(doomed := new_session())
        await storage.delete_session(doomed.id)
        await storage.sweep()
        assert await storage.strays() == [newer.id]
        assert storage.audio.read(newer.id, 0, 100) == b"audio"

    run(body)


def test_a_deletion_makes_room_before_it_needs_some(run: Run[None], tmp_path: Path) -> None:
    async def body(storage: Storage) -> None:
        session = new_session()
        await storage.sessions.create(session)
        log = storage.audio.open(session.id)
        log.append(b"audio")
        log.close()
        with closing(sqlite3.connect(tmp_path / "vivavoce.db")) as other:
            other.execute(
                "CREATE TRIGGER full_disk BEFORE DELETE ON sessions BEGIN SELECT RAISE(FAIL, 'x'); END"
            )
            with pytest.raises(StorageError):
                await storage.delete_session(session.id)
            assert storage.audio.session_ids() == []
            other.execute("DROP TRIGGER full_disk")
        await storage.delete_session(session.id)
        assert await storage.sessions.get(session.id) is None

    run(body)


def test_what_is_left_to_sweep_is_remembered_over_a_restart(run: Run[None], tmp_path: Path) -> None:
    async def delete(storage: Storage) -> None:
        for number in range(40):
            session = new_session(created_at=NOON + minutes(number))
            await storage.sessions.create(session)
            await storage.sessions.add(Entry(session.id, ['"zanzibar' + "x" * (number * 50) + '"']))
            await storage.delete_session(session.id)

    async def sweep(storage: Storage) -> None:
        await storage.sweep()
        swept = (tmp_path / "vivavoce.db").stat().st_mtime_ns
        await storage.sweep()
        assert (tmp_path / "vivavoce.db").stat().st_mtime_ns == swept

    run(delete)
    run(sweep)
    assert files_with(tmp_path, b"zanzibar") == []


def test_a_reader_in_the_way_puts_the_sweep_off_and_does_not_undo_the_deletion(
    run: Run[None], tmp_path: Path
) -> None:
    async def read_meanwhile(storage: Storage) -> None:
        session = new_session(custom_metadata={"who": "zanzibar"})
        await storage.sessions.create(session)
        with closing(sqlite3.connect(tmp_path / "vivavoce.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
            await storage.delete_session(session.id)
            assert await storage.sessions.get(session.id) is None
            with pytest.raises(StorageError, match="being read"):
                await storage.sweep()

    async def sweep(storage: Storage) -> None:
        await storage.sweep()

    run(read_meanwhile)
    run(sweep)
    assert files_with(tmp_path, b"zanzibar") == []
