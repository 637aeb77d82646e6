"""One value of the database is damaged, whichever: what it belongs to is named, and all else goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from traceback import format_exception

import pytest
from pydantic import JsonValue
from structlog.testing import capture_logs

from storage.samples import NOON, final, minutes
from storage.test_deliveries import delivery, posting
from vivavoce.errors import StorageDamaged
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.storage import tables
from vivavoce.storage.journal import Entry
from vivavoce.storage.records import ApiKey, Damaged, KeptDelivery, SessionFilter, StoredSession, Webhook
from vivavoce.storage.stores import Storage, open_storage

VALUES = ("'x'", "'[1]'", "CAST(X'ff' AS TEXT)")
"""No date, no JSON, no number; JSON, but of another form; no text."""

FOUND = AddOnResult(
    "named_entity_recognition",
    "00_00000000",
    results=[{"entity_type": "LOCATION_CITY", "text": "Paris", "start": 0.25, "end": 0.5}],
)
WORDS = "my password is hunter2"


@dataclass(frozen=True, slots=True)
class Stored:
    """One of each, twice: what is to be damaged, whose rows are the first ones, and what is not."""

    damaged: str
    healthy: str
    key: str
    key_text: str
    other_key: str
    other_key_text: str


async def stored(storage: Storage) -> Stored:
    key, key_text = await storage.keys.create("first", "paid")
    other, other_text = await storage.keys.create("second", "paid")
    ids = []
    for key_id, name in ((key.id, "a"), (other.id, "b")):
        await storage.webhooks.add(key_id, f"https://{name}.example/")
        session, to = await posting(storage, f"{name}.example:443", key_id)
        began, first, second = session.created_at, delivery(f"{name}1", to), delivery(f"{name}2", to)
        await storage.sessions.add(Entry(session.id, ["{}"], final(0), began, [first, second]))
        await storage.sessions.add(Entry(session.id, result=FOUND))
        ids.append(session.id)
    return Stored(*ids, key.id, key_text, other.id, other_text)


def places() -> Iterator[tuple[str, str]]:
    """Tables and columns, but for those by which a row is found."""
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if not (column.primary_key or column.foreign_keys):
                yield table.name, column.name


async def named_or_read(reading: Awaitable[object]) -> None:
    """It is there, or said to be damaged: nothing else is raised."""
    with suppress(StorageDamaged):
        await reading


async def check(storage: Storage, of: Stored) -> None:
    sessions, deliveries = storage.sessions, storage.deliveries
    listed = await sessions.list_all(SessionFilter(), 10)
    assert {each.id for each in listed} == {of.damaged, of.healthy}
    assert StoredSession in {type(each) for each in listed if each.id == of.healthy}
    page = await sessions.list(of.other_key, SessionFilter(), offset=0, limit=10)
    assert [type(each) for each in page.items] == [StoredSession]
    assert of.healthy in [each.id for each in await storage.unfinished()]
    assert (await sessions.finals(of.healthy)) == [final(0)]
    assert (await sessions.add_ons(of.healthy)) == [FOUND]
    await sessions.queued_since(NOON - minutes(1))
    await sessions.open_tokens(10)
    await sessions.sizes([of.damaged, of.healthy])
    await named_or_read(sessions.get(of.damaged))
    await named_or_read(sessions.finals(of.damaged))
    await named_or_read(sessions.add_ons(of.damaged))
    await named_or_read(storage.deliveries.destinations(of.damaged))
    await named_or_read(sessions.usage_seconds(of.key, NOON))
    await named_or_read(storage.keys.authenticate(of.key_text))
    await named_or_read(storage.webhooks.callback_secret(of.key))
    assert await storage.keys.authenticate(of.other_key_text)
    keys = {each.id: type(each) for each in await storage.keys.list()}
    assert keys[of.other_key] is ApiKey
    assert set(keys) == {of.key, of.other_key}
    assert {type(each) for each in await storage.webhooks.list()} <= {Webhook, Damaged}
    assert len(await storage.webhooks.of(of.other_key)) == 1
    kept = [each async for each in deliveries.list()]
    assert sum(isinstance(each, KeptDelivery) and each.session_id == of.healthy for each in kept) == 2
    await deliveries.next_due()
    for _ in range(2):
        due, _ = await deliveries.due(NOON + minutes(60), most=2, busy=(), full=())
        assert of.healthy in {each.session_id for each in due}


def test_whichever_value_is_damaged_it_is_named_and_all_else_is_read(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_storage(tmp_path) as storage:
            of = await stored(storage)
            path = tmp_path / "vivavoce.db"
            with (
                closing(sqlite3.connect(path, isolation_level=None)) as database,
                closing(sqlite3.connect(":memory:")) as before,
            ):
                database.backup(before)
                for (table, column), value in product(places(), VALUES):
                    first = f"rowid = (SELECT min(rowid) FROM {table})"
                    database.execute(f'UPDATE {table} SET "{column}" = {value} WHERE {first}')
                    with capture_logs() as logs:
                        await check(storage, of)
                    assert of.healthy not in str(logs), (table, column, value)
                    before.backup(database)

    asyncio.run(body())


@pytest.mark.parametrize(
    ("assignment", "name", "utterance_id", "results"),
    [
        ("name = 'translatjon'", "translation", "", []),
        ("utterance_id = 'x'", "summarization", "", WORDS),
        ("utterance_id = ''", "sentiment_analysis", "00_00000000", []),
        ("exec_time = 9e999", "summarization", "", WORDS),
        *(
            (f"results = '{results}'", *of)
            for results, of in product(
                (f'{{"text": "{WORDS}"}}', f'["{WORDS}"]', f'"{WORDS}', "7"),
                (
                    ("translation", "00_00000000", None),
                    ("translation", "", None),
                    ("named_entity_recognition", "00_00000000", None),
                    ("sentiment_analysis", "00_00000000", None),
                    ("summarization", "", None),
                    ("chapterization", "", None),
                    ("post_transcript", "", None),
                ),
            )
        ),
        ("results = NULL", "summarization", "", WORDS),
        ("error = '{}'", "summarization", "", WORDS),
    ],
)
def test_what_no_add_on_says_is_named_without_its_words(
    tmp_path: Path, assignment: str, name: str, utterance_id: str, results: JsonValue
) -> None:
    async def body() -> None:
        async with open_storage(tmp_path) as storage:
            session, _ = await posting(storage, "a.example:443", None)
            await storage.sessions.add(
                Entry(session.id, result=AddOnResult(name, utterance_id, results=results))
            )
            with closing(sqlite3.connect(tmp_path / "vivavoce.db", isolation_level=None)) as database:
                database.execute(f"UPDATE add_ons SET {assignment}")
            with pytest.raises(StorageDamaged, match="in the table add_ons, seq 1, session_id") as raised:
                await storage.sessions.add_ons(session.id)
            column, _ = assignment.split(" = ", 1)
            assert column in str(raised.value)
            assert "hunter2" not in "".join(format_exception(raised.value))

    asyncio.run(body())
