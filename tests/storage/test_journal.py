"""What running sessions store at the same time."""

from __future__ import annotations

import asyncio

import pytest

from storage.running import Run
from storage.samples import NOON, final, new_session
from vivavoce.errors import StorageError
from vivavoce.storage.journal import Entry
from vivavoce.storage.stores import Storage


async def sessions_of(storage: Storage, count: int) -> list[str]:
    sessions = [new_session() for _ in range(count)]
    for session in sessions:
        await storage.sessions.create(session)
    return [session.id for session in sessions]


async def together(storage: Storage, entries: list[Entry]) -> list[asyncio.Task[None]]:
    """Add the entries while the database is busy, so that they wait for it together; gives their tasks."""
    loop = asyncio.get_running_loop()
    async with storage.database.write():
        tasks = [loop.create_task(storage.sessions.add(entry)) for entry in entries]
        await asyncio.sleep(0)
    await asyncio.wait(tasks)
    return tasks


async def messages(storage: Storage, session_id: str) -> list[str]:
    return [message async for part in storage.sessions.messages(session_id) for message in part]


def test_everything_that_waits_together_is_stored(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        ids = await sessions_of(storage, 20)
        for task in await together(storage, [Entry(id_, [id_, "2"], final(0), NOON) for id_ in ids]):
            task.result()
        for id_ in ids:
            assert await messages(storage, id_) == [id_, "2"]
            assert await storage.sessions.finals(id_) == [final(0)]
            stored = await storage.sessions.get(id_)
            assert stored is not None
            assert (stored.status, stored.started_at) == ("processing", NOON)

    run(body)


def test_what_cannot_be_stored_keeps_nothing_else_from_it(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        ids = await sessions_of(storage, 3)
        entries = [Entry(ids[0], ["a"]), Entry("nobody", ["b"]), Entry(ids[1], ["c"]), Entry(ids[2], ["d"])]
        first, bad, *others = await together(storage, entries)
        with pytest.raises(StorageError):
            bad.result()
        for task in (first, *others):
            task.result()
        assert [await messages(storage, id_) for id_ in ids] == [["a"], ["c"], ["d"]]

    run(body)


def test_who_is_cancelled_keeps_nobody_else_from_storing(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        ids = await sessions_of(storage, 3)
        loop = asyncio.get_running_loop()
        async with storage.database.write():
            tasks = [loop.create_task(storage.sessions.add(Entry(id_, [id_]))) for id_ in ids]
            await asyncio.sleep(0)
            tasks[0].cancel()
        await asyncio.wait(tasks)
        for id_, task in list(zip(ids, tasks, strict=True))[1:]:
            task.result()
            assert await messages(storage, id_) == [id_]

    run(body)
