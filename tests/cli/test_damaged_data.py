"""The operator's commands where a row is damaged: it is named, others are shown, and it can be removed."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.conftest import Run
from storage.samples import final, new_session
from storage.test_deliveries import delivery, posting
from vivavoce.storage.journal import Entry
from vivavoce.storage.stores import open_storage


def damage(data_dir: Path, statement: str) -> None:
    with closing(sqlite3.connect(data_dir / "vivavoce.db")) as database, database:
        assert database.execute(statement).rowcount == 1


@pytest.mark.parametrize("value", ["created_at = 'x'", "request = '{'", "status = 'x'", "region = X'ff'"])
def test_a_damaged_session_is_listed_as_such_cannot_be_replayed_and_is_deleted(
    run: Run, tmp_path: Path, value: str
) -> None:
    data = tmp_path / "data"
    damaged, healthy = new_session(), new_session()

    async def store() -> None:
        async with open_storage(data) as storage:
            for session in (damaged, healthy):
                await storage.sessions.create(session)
                await storage.sessions.add(Entry(session.id, ["{}"], final(0), session.created_at))

    asyncio.run(store())
    damage(data, f"UPDATE sessions SET {value} WHERE id = '{damaged.id}'")
    listed = run("sessions", "list", "--data-dir", data)
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in listed.stdout.splitlines()}
    assert {id_: row[0] for id_, row in rows.items()} == {damaged.id: "damaged", healthy.id: "processing"}
    column = value.partition(" ")[0]
    assert f"{column} in the table sessions, id {damaged.id}" in rows[damaged.id][-1]
    replayed = run("replay", damaged.id)
    assert (replayed.exit_code, isinstance(replayed.exception, SystemExit)) == (1, True)
    assert f"{column} in the table sessions" in " ".join(replayed.stderr.split())
    deleted = run("sessions", "delete", "-y", "--data-dir", data, damaged.id)
    assert deleted.exit_code == 0, deleted.output
    assert run("sessions", "list", "--data-dir", data).stdout.split("\t")[0] == healthy.id


def test_a_damaged_key_is_listed_as_such_and_revoked(run: Run, tmp_path: Path) -> None:
    for name in ("first", "second"):
        run("keys", "create", "--name", name)
    damage(tmp_path / "data", "UPDATE keys SET created_at = 'x', plan = 'y' WHERE name = 'first'")
    rows = {row.split("\t")[0]: row for row in run("keys", "list").stdout.splitlines()}
    [(damaged, told)] = [(id_, row) for id_, row in rows.items() if "damaged" in row]
    assert f"created_at in the table keys, id {damaged}" in told
    assert sum("in force" in row for row in rows.values()) == 1
    assert run("webhooks", "add", "https://example.org/", "--key-id", damaged).exit_code == 0
    assert run("keys", "revoke", "-y", damaged).exit_code == 0
    assert f"no key {damaged} in force" in run("keys", "revoke", "-y", damaged).stderr


def test_a_damaged_webhook_is_listed_as_such_and_removed(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("webhooks", "add", f"https://{name}.example/")
    damage(tmp_path / "data", "UPDATE webhooks SET created_at = 'x' WHERE url LIKE '%a.ex%'")
    rows = [row.split("\t") for row in run("webhooks", "list").stdout.splitlines()]
    [damaged] = [row[0] for row in rows if row[-1].startswith("damaged: ")]
    assert [row[-1] for row in rows if row[0] != damaged] == ["https://b.example/"]
    assert run("webhooks", "remove", "-y", damaged).exit_code == 0


def test_a_damaged_delivery_is_listed_as_such_beside_the_others(run: Run, tmp_path: Path) -> None:
    async def store() -> None:
        async with open_storage(tmp_path / "data") as storage:
            session, to = await posting(storage)
            both = [delivery("a", to), delivery("b", to)]
            await storage.sessions.add(Entry(session.id, deliveries=both))

    asyncio.run(store())
    damage(tmp_path / "data", "UPDATE deliveries SET created_at = 'x' WHERE id = 'msg_a'")
    rows = [row.split("\t") for row in run("deliveries", "list").stdout.splitlines()]
    assert [row[:2] for row in rows] == [["msg_a", "damaged"], ["msg_b", "pending"]]
    assert "created_at in the table deliveries" in rows[0][7]
    assert run("deliveries", "resend", "msg_a").exit_code == 0
